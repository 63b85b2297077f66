"""Groups: elements, inverses, algebra, exponential, Cayley transform, sampling, errors."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt import OrthogonalGroup, SymplecticGroup, TranslationGroup
from manifold_opt.arrays import tolerance
from manifold_opt.groups.symplectic import random_symplectic

GROUPS = [OrthogonalGroup(1), OrthogonalGroup(2), OrthogonalGroup(9), SymplecticGroup(2), SymplecticGroup(8),
          TranslationGroup((2, 3)), TranslationGroup(())]
MATRIX_GROUPS = [group for group in GROUPS if not isinstance(group, TranslationGroup)]
PARAMETERS = [pytest.param(group, dtype, batch, id=f"{group}-{np.dtype(dtype)}-{batch}") for group in GROUPS
              for dtype in (np.float32, np.float64) for batch in ((), (2,), (2, 3), (0,))]


def product(group, M, K):
    return M + K if isinstance(group, TranslationGroup) else M @ K


@pytest.mark.parametrize("group, dtype, batch", PARAMETERS)
def test_inverse_identity_and_dtype(group, dtype, batch):
    M = group.random(np.random.default_rng(0), batch, dtype)
    identity, inverse = group.identity(dtype), group.inverse(M)
    assert M.shape == (*batch, *identity.shape) and M.dtype == inverse.dtype == identity.dtype == dtype
    scale = 1.0 if not M.size else max(1.0, float(np.max(np.abs(M))) ** 2)
    bound = tolerance(20 * scale, dtype, max(identity.shape, default=1))
    np.testing.assert_allclose(product(group, inverse, M), np.broadcast_to(identity, M.shape), atol=bound)
    assert group.defect(M).shape == batch and np.all(group.defect(M) <= 10 * bound)


@pytest.mark.parametrize("group, dtype, batch", PARAMETERS)
def test_projection_on_the_algebra_is_idempotent_and_exponentiates(group, dtype, batch):
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((*batch, *group.identity().shape)).astype(dtype)
    X = group.project_algebra(Z)
    np.testing.assert_array_equal(group.project_algebra(X), X)
    assert group.algebra_defect(X).shape == batch and not group.algebra_defect(X).any()
    for transform in (group.exp, group.cayley):
        M = transform(dtype(0.3) * X)
        assert M.dtype == dtype and M.shape == X.shape
        assert np.all(group.defect(M) <= tolerance(100, dtype, max(X.shape, default=1)))


@pytest.mark.parametrize("group", MATRIX_GROUPS, ids=str)
def test_exponential_of_zero_is_the_identity_exactly(group):
    np.testing.assert_array_equal(group.exp(np.zeros((group.N, group.N))), group.identity())
    np.testing.assert_array_equal(group.cayley(np.zeros((group.N, group.N))), group.identity())


@pytest.mark.parametrize("group", MATRIX_GROUPS, ids=str)
def test_stack_equals_single(group):
    rng = np.random.default_rng(1)
    X = group.project_algebra(rng.normal(size=(4, group.N, group.N))) * np.array([0, 0.01, 1, 3])[:, None, None]
    np.testing.assert_allclose(group.exp(X), [group.exp(x) for x in X], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(group.cayley(X), [group.cayley(x) for x in X], rtol=1e-12, atol=1e-13)


def test_translations_are_the_abelian_case():
    group = TranslationGroup((2,))
    x = np.array([1.0, 2.0])
    for same in (group.exp, group.cayley, group.project_algebra):
        np.testing.assert_array_equal(same(x), x)
    assert group.defect(x) == group.algebra_defect(x) == 0.0


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


@pytest.mark.parametrize("group", GROUPS, ids=str)
def test_wrong_shapes_and_types(group):
    for method in (group.inverse, group.defect, group.project_algebra, group.algebra_defect, group.exp, group.cayley):
        if group != TranslationGroup(()):
            with pytest.raises(ValueError, match="must have shape"):
                method(np.zeros((3, 5)))
        with pytest.raises(TypeError, match="must be a NumPy array"):
            method([[1.0]])


def test_exponential_overflow_and_singular_cayley():
    group = SymplecticGroup(2)
    with pytest.raises(OverflowError, match="overflows float64"):
        group.exp(np.diag([1000.0, -1000.0]))
    with pytest.raises(np.linalg.LinAlgError):
        group.cayley(np.diag([2.0, -2.0]))


def test_equality_and_names():
    assert OrthogonalGroup(3) == OrthogonalGroup(3) != SymplecticGroup(4)
    assert len({OrthogonalGroup(3), OrthogonalGroup(3), TranslationGroup((3,)), TranslationGroup((3,))}) == 2
    assert repr(SymplecticGroup(4)) == "SymplecticGroup(4)" and repr(TranslationGroup((2,))) == "TranslationGroup((2,))"
