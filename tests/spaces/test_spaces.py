"""Behavior of every space: shapes, dtypes, stacks, limits, and what wrong input is told."""
import numpy as np
import pytest
from geometry_cases import MATRIX_SPACES, SPACES, STACKS, Case, cases

from manifold_opt import Euclidean, Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.arrays import tolerance

POINT_FUNCTIONS = ["geodesic", "cayley", "project_tangent", "riemannian_gradient"]
NUMBERS = ["point_defect", "tangent_defect", "metric"]


def bound(case: Case, C: float) -> float:
    """Tolerance that grows with the size of the points (symplectic ones are not of norm one)."""
    N = max(case.space.shape, default=1)
    return tolerance(C * max(1.0, float(np.max(np.abs(case.Y), initial=0.0)) ** 4), case.dtype, N)


def results(case: Case, Y, Delta, dL):
    """Every operation of a space that returns an array."""
    space, step = case.space, case.dtype(0.05)
    yield "geodesic", space.geodesic(Y, step * Delta)
    yield "cayley", space.cayley(Y, step * Delta)
    yield "project_tangent", space.project_tangent(Y, dL)
    yield "riemannian_gradient", space.riemannian_gradient(Y, dL)
    yield "inverse_cayley", space.inverse_cayley(Y, space.cayley(Y, step * Delta))
    yield "lift", space.horizontal_lift(Y, Delta)
    yield "metric", space.metric(Y, Delta, Delta)
    yield "point_defect", space.point_defect(Y)
    yield "tangent_defect", space.tangent_defect(Y, Delta)


@pytest.mark.parametrize("case", cases(seeds=[0]), ids=str)
def test_shape_and_dtype_are_kept(case):
    for name, result in results(case, case.Y, case.Delta, case.dL):
        assert result.dtype == case.dtype, name
        if name == "lift":
            assert result.shape[:len(case.batch)] == case.batch
        elif name in NUMBERS:
            assert result.shape == case.batch, name
        else:
            assert result.shape == case.Y.shape == (*case.batch, *case.space.shape), name


@pytest.mark.parametrize("case", cases(stacks=[(3,), (2, 1)]), ids=str)
def test_stack_equals_its_members(case):
    whole = dict(results(case, case.Y, case.Delta, case.dL))
    for index in np.ndindex(case.batch):
        for name, single in results(case, case.Y[index], case.Delta[index], case.dL[index]):
            scale = max(1.0, float(np.max(np.abs(single), initial=0.0)))
            np.testing.assert_allclose(whole[name][index], single, rtol=0, atol=bound(case, 40) * scale, err_msg=name)


@pytest.mark.parametrize("case", cases(seeds=[0]), ids=str)
def test_zero_tangent_leaves_the_point_exactly(case):
    for retraction in (case.space.geodesic, case.space.cayley):
        np.testing.assert_array_equal(retraction(case.Y, np.zeros_like(case.Y)), case.Y)


@pytest.mark.parametrize("case", cases(), ids=str)
def test_random_points_and_tangents_pass_the_checks(case):
    assert case.space.check_point(case.Y) is case.Y
    assert case.space.check_tangent(case.Y, case.Delta) is case.Delta


@pytest.mark.parametrize("case", cases(seeds=[0], dtypes=[np.float64]), ids=str)
def test_nothing_is_changed_in_place(case):
    kept = [array.copy() for array in (case.Y, case.Delta, case.dL)]
    list(results(case, case.Y, case.Delta, case.dL))
    for array, copy in zip((case.Y, case.Delta, case.dL), kept):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_tangents_fill_the_tangent_space(space):
    rng = np.random.default_rng(0)
    Y = space.random_point(rng)
    tangents = space.random_tangent(rng, np.broadcast_to(Y, (space.dimension + 3, *Y.shape)).copy())
    rank = np.linalg.matrix_rank(tangents.reshape(len(tangents), -1), tol=1e-8) if Y.size else 0
    assert rank == space.dimension


@pytest.mark.parametrize("space", MATRIX_SPACES, ids=str)
def test_canonical_point_is_on_the_space_exactly(space):
    for dtype in (np.float32, np.float64):
        E = space.canonical_point(dtype)
        assert E.shape == space.shape and E.dtype == dtype and space.point_defect(E) == 0


@pytest.mark.parametrize("case", cases(spaces=MATRIX_SPACES, seeds=[0], stacks=[(3,)]), ids=str)
@pytest.mark.parametrize("norm", [1e-12, 1e-6])
def test_near_the_identity_the_retractions_add_the_tangent(case, norm):
    # a space of one point has nothing but the rounding errors of zero tangents
    length = np.maximum(np.linalg.norm(case.Delta, axis=(-2, -1), keepdims=True), case.dtype(1e-3))
    Delta = case.Delta * (case.dtype(norm) / length)
    for retraction in (case.space.geodesic, case.space.cayley):
        # second order in the tangent, with the size of the point as factor
        second_order = 100 * norm**2 * max(1.0, float(np.max(np.abs(case.Y))) ** 4)
        np.testing.assert_allclose(retraction(case.Y, Delta), case.Y + Delta, rtol=0,
                                   atol=bound(case, 20) + second_order)


@pytest.mark.parametrize("space", [Stiefel(8, 3), Stiefel(6, 1), Stiefel(5, 5), Grassmann(8, 3)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("norm", [1.0, 30.0, 361.0, 767.0])
def test_long_steps_stay_on_the_manifold(space, dtype, norm):
    rng = np.random.default_rng(3)
    Y = space.random_point(rng, (10,))
    section = space.global_section(Y)
    W = section.lift(space.random_tangent(rng, Y))
    Delta = section.push(W) * (norm / W.norm())[:, None, None]
    Y, Delta = Y.astype(dtype), Delta.astype(dtype)
    for retraction in (space.geodesic, space.cayley):
        assert np.max(space.point_defect(retraction(Y, space.project_tangent(Y, Delta)))) <= tolerance(20, dtype, 8)


# ---- the spaces among themselves

@pytest.mark.parametrize("N", [1, 2, 5])
def test_groups_are_spaces_with_as_many_columns_as_rows(N):
    space, rng = Stiefel(N, N), np.random.default_rng(0)
    Y = space.random_point(rng)
    Delta = space.random_tangent(rng, Y)
    Omega = space.horizontal_lift(Y, Delta)
    np.testing.assert_allclose(space.geodesic(Y, Delta), space.group.exp(Omega) @ Y, atol=tolerance(40, float, N))
    assert space.dimension == N * (N - 1) // 2
    assert np.sign(np.linalg.det(space.geodesic(Y, Delta))) == np.sign(np.linalg.det(Y))


@pytest.mark.parametrize("N2", [2, 6])
def test_symplectic_group_is_a_space(N2):
    space, rng = SymplecticStiefel(N2, N2), np.random.default_rng(0)
    Y = space.random_point(rng, condition=3.0)
    Delta = 0.1 * space.random_tangent(rng, Y)
    X = space.pseudo_horizontal_lift(Y, Delta)
    np.testing.assert_allclose(space.geodesic(Y, Delta), space.group.exp(X) @ Y, atol=1e-12)
    np.testing.assert_allclose(space.cayley(Y, Delta), space.group.cayley(X) @ Y, atol=1e-12)
    assert space.dimension == N2 * (N2 + 1) // 2 and space.group.defect(space.cayley(Y, Delta)) < 1e-13


def test_grassmann_of_everything_is_one_point():
    for space in (Grassmann(4, 4), SymplecticGrassmann(4, 4)):
        assert space.dimension == 0
        Y = space.random_point(np.random.default_rng(0))
        np.testing.assert_allclose(space.random_tangent(np.random.default_rng(1), Y), 0, atol=1e-13)


def test_distance_of_vectors():
    assert Euclidean(2).distance(np.zeros(2), np.array([3.0, 4.0])) == 5.0


@pytest.mark.parametrize("spaces", [(Stiefel, 5, 2), (Grassmann, 5, 2), (SymplecticStiefel, 6, 2), (Euclidean, 3, 4)])
def test_equality_hash_and_repr(spaces):
    kind, *sizes = spaces
    space = kind(*sizes)
    assert space == kind(*sizes) and len({space, kind(*sizes)}) == 1 and space != Stiefel(9, 1)
    assert eval(repr(space), {kind.__name__: kind}) == space


# ---- wrong input

@pytest.mark.parametrize("make, error, message", [
    (lambda: Stiefel(3, 4), ValueError, "n must be between 1 and N = 3: got 4"),
    (lambda: Stiefel(3, 0), ValueError, "n must be between 1 and N = 3: got 0"),
    (lambda: Grassmann(0, 1), ValueError, "N must be at least 1: got 0"),
    (lambda: Stiefel(3, 1.0), TypeError, "n must be an integer: got float"),
    (lambda: Stiefel("3", 1), TypeError, "N must be an integer: got str"),
    (lambda: SymplecticStiefel(7, 2), ValueError, "must be even .*: got 7"),
    (lambda: SymplecticStiefel(8, 3), ValueError, "n2 must be even .*: got 3"),
    (lambda: SymplecticGrassmann(8, 10), ValueError, "n2 must be between 1 and N2 = 8: got 10"),
    (lambda: Euclidean(-1), ValueError, "length must be at least 0: got -1"),
    (lambda: Euclidean(2.5), TypeError, "length must be an integer: got float")])
def test_impossible_spaces(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("space", MATRIX_SPACES, ids=str)
def test_points_off_the_space(space):
    Y = space.random_point(np.random.default_rng(0), (2,))
    off = Y.copy()
    off[1] *= 1.001
    for method in (space.check_point, space.global_section, lambda Y: space.geodesic(Y, 0 * Y),
                   lambda Y: space.cayley(Y, 0 * Y), lambda Y: space.inverse_cayley(Y, Y)):
        with pytest.raises(ValueError, match=r"Y must satisfy Y\*Y = I: defect \d\.\de-03, tolerance \d\.\de-1\d"):
            method(off)
    with pytest.raises(ValueError, match="Q must satisfy"):
        space.inverse_cayley(Y, off)


@pytest.mark.parametrize("space", [space for space in MATRIX_SPACES if space.dimension > 0], ids=str)
def test_vectors_that_are_not_tangent(space):
    Y = space.random_point(np.random.default_rng(0))
    for retraction in (space.geodesic, space.cayley):
        with pytest.raises(ValueError, match=r"Delta must satisfy Y\*Delta .*= 0: defect \d\.\de\+0\d, tolerance"):
            retraction(Y, Y)


@pytest.mark.parametrize("space", [space for space in SPACES if space != Euclidean()], ids=str)
def test_wrong_shapes_and_types(space):
    Y = space.random_point(np.random.default_rng(0))
    wrong = np.zeros((2, 11))
    for name in ("point_defect", "check_point", "global_section"):
        with pytest.raises(ValueError, match=r"must have shape \(\.\.\., "):
            getattr(space, name)(wrong)
        with pytest.raises(TypeError, match="must be a NumPy array of floating-point numbers: got list"):
            getattr(space, name)([[1.0]])
    for name in ("project_tangent", "riemannian_gradient", "horizontal_lift", "tangent_defect"):
        with pytest.raises(ValueError, match=r"must have shape \(\.\.\., "):
            getattr(space, name)(Y, wrong)
    with pytest.raises(TypeError, match="must be of dtype"):
        space.check_point(Y.astype(int))


def test_a_representative_must_be_symplectic_and_not_merely_orthonormal():
    Y = Stiefel(8, 4).random_point(np.random.default_rng(0))
    for space in (SymplecticGrassmann(8, 4), SymplecticStiefel(8, 4)):
        with pytest.raises(ValueError, match=r"Y must satisfy Y\*Y = I: defect"):
            space.global_section(Y)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_unknown_section_kinds(space):
    with pytest.raises(ValueError, match="kind must be one of transported, reflector: got 'qr'"):
        space.global_section(space.random_point(np.random.default_rng(0)), kind="qr")


def test_stacks_of_the_list_cover_the_edge_cases():
    assert () in STACKS and (0,) in STACKS
