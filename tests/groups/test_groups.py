"""Groups: stacks, long elements of the algebra, sampling, errors. The axioms have a file of their own."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt import OrthogonalGroup, SymplecticGroup, TranslationGroup
from manifold_opt.arrays import tolerance
from manifold_opt.groups.symplectic import random_symplectic
from manifold_opt.sections import RetractionError

GROUPS = [OrthogonalGroup(1), OrthogonalGroup(2), OrthogonalGroup(9), SymplecticGroup(2), SymplecticGroup(8),
          TranslationGroup((2, 3)), TranslationGroup(())]
MATRIX_GROUPS = GROUPS[:5]


@pytest.mark.parametrize("group", MATRIX_GROUPS, ids=str)
def test_stack_equals_single(group):
    rng = np.random.default_rng(1)
    X = group.project_algebra(rng.normal(size=(4, group.N, group.N))) * np.array([0, 0.01, 1, 3])[:, None, None]
    np.testing.assert_allclose(group.exp(X), [group.exp(x) for x in X], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(group.cayley(X), [group.cayley(x) for x in X], rtol=1e-12, atol=1e-13)


@given(st.integers(1, 6), st.floats(1.0, 1e3), st.integers(0, 2**32 - 1))
def test_random_symplectic_hits_its_condition_number(half, condition, seed):
    rng = np.random.default_rng(seed)
    for n in {1, half}:
        Y = random_symplectic(rng, (2 * half, 2 * n), condition)
        assert np.linalg.cond(Y) == pytest.approx(condition, rel=1e-6)


def test_random_symplectic_spans_are_not_invariant_under_the_form():
    Y = random_symplectic(np.random.default_rng(0), (8, 4), 10.0)
    group = SymplecticGroup(8)
    J_span = np.concatenate([Y, group.adjoint(Y).T], axis=1)
    assert np.linalg.matrix_rank(J_span) == 8


@pytest.mark.parametrize("determinant", [-1, 1])
def test_haar_orthogonal_matrices_have_both_determinants(determinant):
    M = OrthogonalGroup(3).random(np.random.default_rng(0), (4000,))
    assert np.mean(np.sign(np.linalg.det(M)) == determinant) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("condition", [0.5, np.inf, np.nan])
def test_impossible_condition_numbers(condition):
    with pytest.raises(ValueError, match="condition must be finite and at least 1"):
        SymplecticGroup(4).random(np.random.default_rng(0), condition=condition)


@pytest.mark.parametrize("group, N, error, message", [
    (OrthogonalGroup, 0, ValueError, "N must be at least 1: got 0"), (OrthogonalGroup, 2.0, TypeError, "got float"),
    (OrthogonalGroup, True, TypeError, "got bool"), (SymplecticGroup, 3, ValueError, "must be even .*: got 3"),
    (SymplecticGroup, -2, ValueError, "at least 1: got -2")])
def test_wrong_sizes(group, N, error, message):
    with pytest.raises(error, match=message):
        group(N)


@pytest.mark.parametrize("group", [OrthogonalGroup(np.int64(3)), SymplecticGroup(np.int32(4)),
                                   TranslationGroup((np.int64(2), np.uint8(3)))], ids=str)
def test_numpy_integers_are_sizes(group):
    M = group.random(np.random.default_rng(0), (np.int64(2),))
    assert M.shape == (2, *group.identity().shape) and "np" not in repr(group)


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_wrong_shapes_and_types(group):
    for method in (group.inverse, group.defect, group.project_algebra, group.algebra_defect, group.exp, group.cayley,
                   lambda M: group.product(M, group.identity()), lambda M: group.product(group.identity(), M),
                   lambda M: group.act(M, group.identity())):
        if group != TranslationGroup(()):
            with pytest.raises(ValueError, match="must have shape"):
                method(np.zeros((3, 5)))
        with pytest.raises(TypeError, match="must be a NumPy array"):
            method([[1.0]])
        with pytest.raises(TypeError, match="must be of dtype float32 or float64: got complex128"):
            method(group.identity().astype(complex))
    if group.identity().ndim == 2:
        with pytest.raises(ValueError, match="Y must have shape"):
            group.act(group.identity(), np.zeros((7, 1)))


@pytest.mark.parametrize("arguments, message", [
    ((0,), "rng must be a numpy.random.Generator: got int"),
    ((np.random.default_rng(0), 3), "batch must be a tuple of integers: got int"),
    ((np.random.default_rng(0), (2.0,)), "length in batch must be an integer: got float"),
    ((np.random.default_rng(0), (), int), "dtype must be float32 or float64: got int64"),
    ((np.random.default_rng(0), (), ">f8"), "dtype must be float64 in the byte order of this machine: got >f8"),
    ((np.random.default_rng(0), (), complex), "dtype must be float32 or float64: got complex128")])
@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_sampling_names_what_it_cannot_take(group, arguments, message):
    with pytest.raises(TypeError, match=message):
        group.random(*arguments)
    with pytest.raises(ValueError, match="length in batch must be at least 0: got -1"):
        group.random(np.random.default_rng(0), (-1,))


@pytest.mark.parametrize("dtype", [int, np.float16, complex])
@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_the_identity_is_of_floating_point_numbers(group, dtype):
    with pytest.raises(TypeError, match="dtype must be float32 or float64"):
        group.identity(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("norm", [1e-3, 1.0, 10.0, 1e3, 1e6, 1e12])
@pytest.mark.parametrize("N", [1, 2, 3, 8, 31])
def test_cayley_is_a_rotation_at_every_length(N, norm, dtype):
    """With a zero eigenvalue (N odd) I - X/2 is as ill-conditioned as X is long."""
    group = OrthogonalGroup(N)
    X = group.project_algebra(np.random.default_rng(0).normal(size=(5, N, N)))
    X = (norm * X / max(1.0, np.max(np.linalg.norm(X, axis=(-2, -1))))).astype(dtype)
    assert np.max(group.defect(group.cayley(X))) <= tolerance(20, dtype, N)


@pytest.mark.parametrize("norm", [1.0, 7.0, 9.0, 1e3])
def test_cayley_both_ways(norm):
    """Beyond a length the Schur form takes over from the solve: the definition holds on either side."""
    group, rng = OrthogonalGroup(6), np.random.default_rng(0)
    X = group.project_algebra(rng.normal(size=(6, 6)))
    X *= norm / np.linalg.norm(X)
    residual = (np.eye(6) - 0.5 * X) @ group.cayley(X) - (np.eye(6) + 0.5 * X)
    assert np.linalg.norm(residual) <= tolerance(20 * norm, float, 6)


def test_exponential_overflow_and_singular_cayley():
    group = SymplecticGroup(2)
    with pytest.raises(OverflowError, match="overflows float64"):
        group.exp(np.diag([1000.0, -1000.0]))
    for two in (2.0, 2.0 * (1 + 1e-15)):
        with pytest.raises(RetractionError, match="2 is an eigenvalue .*: condition .*; take a smaller step"):
            group.cayley(np.diag([two, -two]))
    np.testing.assert_allclose(group.cayley(np.diag([1.0, -1.0])), np.diag([3.0, 1 / 3]), rtol=1e-15)


@pytest.mark.parametrize("group", MATRIX_GROUPS, ids=str)
def test_transforms_take_elements_of_the_algebra(group):
    for transform in (group.exp, group.cayley):
        with pytest.raises(ValueError, match=r"X must satisfy X\* = -X: defect"):
            transform(np.eye(group.N))
        with pytest.raises(ValueError, match="X must be finite"):
            transform(np.full((group.N, group.N), np.nan))


def test_equality_and_names():
    assert OrthogonalGroup(3) == OrthogonalGroup(3) != SymplecticGroup(4)
    assert len({OrthogonalGroup(3), OrthogonalGroup(3), TranslationGroup((3,)), TranslationGroup((3,))}) == 2
    assert repr(SymplecticGroup(4)) == "SymplecticGroup(4)" and repr(TranslationGroup((2,))) == "TranslationGroup((2,))"
