"""A third group, its space, and a fourth kind of global tangent space, added from outside: all that holds, holds."""
import numpy as np
import pytest
from axioms import algebra_dimension, failures, group_axioms, vector_space_axioms
from outside import Flag, IndefiniteOrthogonalGroup, IndefiniteStiefel, SignatureAdjoint

from manifold_opt import BFGS, Adam, Grassmann, Momentum, Optimizer, OrthogonalGroup, Stiefel, minimize, verify
from manifold_opt.groups import Adjoint, MatrixGroup
from manifold_opt.spaces import HomogeneousSpace, MatrixSpace, PseudoRiemannianSpace
from manifold_opt.tangent import ReductiveTangentSpace, SymmetricTangentSpace

SPACES = [IndefiniteStiefel(7, 2), IndefiniteStiefel(6, 1), Flag(8, 2, 3), Flag(6, 1, 1, 2), Flag(4, 2, 2)]


@pytest.mark.parametrize("near", [None, 1e-4])
@pytest.mark.parametrize("batch", [(), (2, 3), (0,)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("group", [IndefiniteOrthogonalGroup(7), IndefiniteOrthogonalGroup(3, 1)], ids=str)
def test_axioms_of_the_group(group, dtype, batch, near):
    assert failures(group_axioms(group, np.random.default_rng(0), batch, dtype, near)) == []
    assert group.dimension == algebra_dimension(group)


@pytest.mark.parametrize("batch", [(), (3,), (0,)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_axioms_of_the_global_tangent_space(space, dtype, batch):
    assert failures(vector_space_axioms(space.tangent_space, np.random.default_rng(0), batch, dtype)) == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("space", SPACES, ids=str)
def test_identities(space, seed, dtype):
    report = verify.run(space, rng=seed, dtype=dtype, method=Adam())
    assert report, report
    assert len(report.records) > 80


def test_dimensions():
    """dim O(5, 2) - dim O(3, 2) = 21 - 10, and flags in R^8 of sizes 2, 3: 2 * 3 + 5 * 3."""
    assert [space.dimension for space in SPACES] == [11, 5, 21, 13, 4]


def test_a_flag_of_one_subspace_is_a_point_of_the_grassmannian():
    flag, grassmann, rng = Flag(7, 3), Grassmann(7, 3), np.random.default_rng(0)
    Y = flag.random_point(rng)
    dL, Delta = rng.normal(size=(7, 3)), flag.random_tangent(rng, Y)
    assert flag.dimension == grassmann.dimension
    np.testing.assert_allclose(flag.riemannian_gradient(Y, dL), grassmann.riemannian_gradient(Y, dL), atol=1e-14)
    np.testing.assert_allclose(flag.geodesic(Y, Delta), grassmann.geodesic(Y, Delta), atol=1e-14)


def test_flags_of_single_columns_forget_the_signs_only():
    """With sizes 1, ..., 1 nothing is vertical: the flag manifold is locally the Stiefel manifold."""
    flag, stiefel, rng = Flag(5, 1, 1, 1), Stiefel(5, 3), np.random.default_rng(0)
    Y, dL = flag.random_point(rng), rng.normal(size=(5, 3))
    assert flag.dimension == stiefel.dimension
    np.testing.assert_allclose(flag.riemannian_gradient(Y, dL), stiefel.riemannian_gradient(Y, dL), atol=1e-14)


@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("method", [Adam(3e-3), Momentum(3e-2), BFGS(0.3)], ids=str)
def test_optimizers_find_a_flag_of_eigenspaces(method, section):
    """Minus Tr(Y^T M Y D) with D constant on the blocks of the flag is least at the leading eigenspaces in order."""
    if isinstance(method, BFGS) and section == "reflector":
        pytest.skip("BFGS asks for the transported section")
    space = Flag(6, 1, 2)
    M, D = np.diag([6.0, 5.0, 4.0, 3.0, 2.0, 1.0]), np.array([2.0, 1.0, 1.0])
    Y = space.random_point(np.random.default_rng(3))
    optimizer = Optimizer(method, space, section=section)
    state = optimizer.init(Y)
    for _ in range(3000):
        Y, state = optimizer.step(Y, -2 * M @ Y * D, state)
    assert space.point_defect(Y) < 1e-14
    assert np.sum(Y * (M @ Y) * D) == pytest.approx(2 * 6 + 5 + 4, abs=1e-4)
    np.testing.assert_allclose(np.abs(Y[:, 0]), np.eye(6)[0], atol=0.02)


def test_minimize_on_the_indefinite_stiefel_manifold():
    """The point nearest to a given one of the space is that point."""
    space, rng = IndefiniteStiefel(7, 2), np.random.default_rng(0)
    target = space.random_point(rng)
    start = space.cayley(target, 0.3 * space.random_tangent(rng, target))
    result = minimize(lambda Y: (0.5 * np.sum((Y - target)**2), Y - target), start, space, jac=True)
    assert result.success and np.linalg.norm(result.x - target) < 1e-6
    assert space.point_defect(result.x) < 1e-13


def test_sections_of_the_new_group_are_in_it():
    space, rng = IndefiniteStiefel(9, 2), np.random.default_rng(0)
    Lambda = space.global_section(space.random_point(rng, (20,))).to_dense()
    assert np.max(space.group.defect(Lambda) / np.linalg.norm(Lambda, axis=(-2, -1))**2) < 1e-14


def test_an_adjoint_without_completion_is_none():
    """The completion of a third adjoint is never silently the orthogonal one."""
    class Incomplete(Adjoint):
        is_compact = True
        __call__ = frame = check_size = coordinates = from_coordinates = None

    with pytest.raises(TypeError, match="abstract method '?complete"):
        Incomplete()


@pytest.mark.parametrize("name", ["flat", "metric", "metric_operator", "horizontal_lift", "project_tangent",
                                  "riemannian_gradient"])
def test_another_metric_is_refused_where_the_gradient_would_be_wrong(name):
    with pytest.raises(TypeError, match=f"Euclidean must not define {name}: the metric of a MatrixSpace follows"):
        type("Euclidean", (MatrixSpace,), {name: lambda self, Y, Z: Z})


def test_a_quotient_whose_metric_needs_other_representatives_says_so():
    """Over a group that is not compact the vectors with Y*Delta = 0 are not orthogonal to the vertical ones."""
    class IndefiniteGrassmann(PseudoRiemannianSpace):
        def __init__(self, N, n):
            group = IndefiniteOrthogonalGroup(N)
            super().__init__(group, SymmetricTangentSpace(group.adjoint, N, n))

        random_point = IndefiniteStiefel.random_point

    space = IndefiniteGrassmann(7, 2)
    Y = space.random_point(np.random.default_rng(0))
    with pytest.raises(TypeError, match="IndefiniteGrassmann must define metric_representative"):
        space.metric(Y, Y, Y)


def test_group_and_tangent_space_must_fit():
    with pytest.raises(ValueError, match="tangent_space must be that of OrthogonalGroup"):
        class Wrong(MatrixSpace):
            random_point = None

        Wrong(OrthogonalGroup(7), ReductiveTangentSpace(SignatureAdjoint(2), 7, 2))


def test_inverse_cayley_of_a_flag_has_no_closed_form():
    space = Flag(5, 1, 2)
    Y, Q = space.random_point(np.random.default_rng(0), (2,))
    with pytest.raises(NotImplementedError, match="no closed form where Y.*Delta lies in FlagTangentSpace"):
        space.inverse_cayley(Y, Q)


def test_equality_of_adjoints_and_groups_counts_their_parameters():
    assert SignatureAdjoint(1) != SignatureAdjoint(2) == SignatureAdjoint(2)
    assert IndefiniteOrthogonalGroup(5, 1) != IndefiniteOrthogonalGroup(5, 2)


def test_equality_of_kinds_and_spaces_counts_their_parameters():
    assert Flag(6, 1, 2) == Flag(6, 1, 2) != Flag(6, 2, 1) and len({Flag(6, 1, 2), Flag(6, 1, 2)}) == 1
    assert Flag(6, 1, 2).tangent_space != Flag(6, 2, 1).tangent_space == Flag(6, 2, 1).tangent_space
    assert IndefiniteStiefel(7, 2) == IndefiniteStiefel(7, 2) != IndefiniteStiefel(7, 1)
    assert issubclass(IndefiniteOrthogonalGroup, MatrixGroup)


def test_what_a_space_does_not_define_is_not_covered():
    """A space on the base class alone needs no nearest point and no inverse retraction; `verify` says so."""
    class Bare(Flag):
        def nearest_point(self, M):
            return HomogeneousSpace.nearest_point(self, M)

    with pytest.raises(NotImplementedError, match="Bare does not define nearest_point"):
        Bare(5, 1, 2).nearest_point(np.eye(5, 3))
    report = verify.run(Bare(5, 1, 2), rng=0)
    assert report and "Bare does not define nearest_point" in {reason for _, _, reason in report.not_covered}
