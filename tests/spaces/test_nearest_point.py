"""The nearest point: optimality conditions, closed forms, stacks, errors."""
import numpy as np
import pytest

from manifold_opt import Euclidean, Grassmann, Product, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.arrays.checks import tolerance
from manifold_opt.groups import symplectic_form

ORTHOGONAL = [Stiefel(7, 3), Stiefel(4, 4), Stiefel(5, 1), Grassmann(7, 3)]
SYMPLECTIC = [SymplecticStiefel(8, 4), SymplecticStiefel(4, 4), SymplecticGrassmann(8, 2)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("space", ORTHOGONAL, ids=repr)
def test_the_rest_is_positive_definite(space, dtype):
    M = np.random.default_rng(0).normal(size=(3, *space.shape)).astype(dtype)
    Y = space.nearest_point(M)
    P = np.swapaxes(Y, -1, -2) @ M
    scale = np.linalg.norm(M, axis=(-2, -1)).max()
    assert Y.dtype == M.dtype
    assert space.point_defect(Y).max() < tolerance(10, dtype, space.shape[0])
    assert np.abs(Y @ P - M).max() < scale * tolerance(20, dtype, space.shape[0])
    assert np.abs(P - np.swapaxes(P, -1, -2)).max() < scale * tolerance(20, dtype, space.shape[0])
    assert np.linalg.eigvalsh(P).min() > 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("noise", [1e-3, 0.1])
@pytest.mark.parametrize("condition", [1.0, 10.0, 100.0])
@pytest.mark.parametrize("space", SYMPLECTIC, ids=repr)
def test_the_rest_is_normal_with_a_small_multiplier(space, condition, noise, dtype):
    rng = np.random.default_rng(1)
    start = space.random_point(rng, (3,), condition=condition)
    M = (start + noise * rng.normal(size=start.shape)).astype(dtype)
    Y = space.nearest_point(M)
    assert Y.dtype == M.dtype
    size = np.linalg.norm(Y, ord=2, axis=(-2, -1)).max()
    assert space.point_defect(Y).max() < size**2 * tolerance(10, dtype, space.shape[0])
    # M - Y = JY Omega, the form of (Y^T)* S in the symplectic adjoint
    JY = symplectic_form(space.shape[0]) @ Y
    Omega = np.linalg.pinv(JY) @ (M - Y)
    assert np.abs(JY @ Omega - (M - Y)).max() < size * tolerance(100, dtype, space.shape[0])
    # rounding eps |Y| of M - Y, times the norm of the pseudoinverse, which is at most |Y*| = |Y|
    assert np.abs(Omega + np.swapaxes(Omega, -1, -2)).max() < size**2 * tolerance(100, dtype, space.shape[0])
    assert np.linalg.norm(Omega, ord=2, axis=(-2, -1)).max() < 1
    assert np.all(np.linalg.norm(M - Y, axis=(-2, -1)) <= np.linalg.norm(M - start, axis=(-2, -1)))


@pytest.mark.parametrize("space", [*ORTHOGONAL, *SYMPLECTIC, Euclidean(3, 2), Euclidean()], ids=repr)
def test_a_point_is_its_own(space):
    Y = space.random_point(np.random.default_rng(2), (2,))
    nearest = space.nearest_point(Y)
    assert not np.shares_memory(nearest, Y)
    assert np.abs(nearest - Y).max() <= np.abs(Y).max() ** 2 * tolerance(40, Y.dtype, Y.shape[1] if Y.ndim > 1 else 1)


@pytest.mark.parametrize("space", [*ORTHOGONAL, *SYMPLECTIC], ids=repr)
def test_members_of_a_stack_do_not_see_each_other(space):
    rng = np.random.default_rng(3)
    M = space.random_point(rng, (4,)) + 0.02 * rng.normal(size=(4, *space.shape))
    one_by_one = np.stack([space.nearest_point(one) for one in M])
    assert np.abs(space.nearest_point(M) - one_by_one).max() < tolerance(1000, M.dtype, space.shape[0])
    assert space.nearest_point(M[:0]).shape == (0, *space.shape)


def test_the_sphere_and_the_diagonal_in_closed_form():
    M = np.array([[3.0], [0.0], [4.0]])
    assert np.allclose(Stiefel(3, 1).nearest_point(M), M / 5, rtol=0, atol=1e-15)
    # diag(a, 1/a) nearest to diag(b, c): a stationary point of (a - b)^2 + (1/a - c)^2
    b, c = 1.4, 1.1
    Y = SymplecticStiefel(2, 2).nearest_point(np.diag([b, c]))
    a = Y[0, 0]
    assert abs((a - b) - (1 / a - c) / a**2) < tolerance(100, float, 2)
    assert np.allclose(Y, np.diag([a, 1 / a]), rtol=0, atol=1e-14)


@pytest.mark.parametrize("space", ORTHOGONAL, ids=repr)
def test_a_matrix_without_full_rank_has_none(space):
    M = np.random.default_rng(4).normal(size=(2, *space.shape))
    M[1, :, 0] = 0
    with pytest.raises(ValueError, match="M must have full column rank"):
        space.nearest_point(M)


@pytest.mark.parametrize("space", SYMPLECTIC, ids=repr)
def test_a_symplectic_point_that_is_not_certified_is_refused(space):
    for M in (np.zeros(space.shape), -space.adjoint(space.canonical_point()).T @ np.diag(
            [1.0] * (space.shape[1] // 2) + [-1.0] * (space.shape[1] // 2))):
        with pytest.raises(ValueError, match="M must be near the space"):
            space.nearest_point(M)


@pytest.mark.parametrize("space", [*ORTHOGONAL, *SYMPLECTIC], ids=repr)
def test_borders(space):
    with pytest.raises(ValueError, match="M must be finite"):
        space.nearest_point(np.full(space.shape, np.nan))
    with pytest.raises(ValueError, match="M must have"):
        space.nearest_point(np.eye(9))
    with pytest.raises(TypeError, match="M must be"):
        space.nearest_point(np.ones(space.shape, int))


def test_products():
    space = Product({"Q": Stiefel(5, 2), "b": Euclidean(3)})
    M = {"Q": np.arange(10.0).reshape(5, 2), "b": np.ones(3)}
    Y = space.nearest_point(M)
    assert np.array_equal(Y["Q"], space.factors["Q"].nearest_point(M["Q"])) and np.array_equal(Y["b"], M["b"])
    with pytest.raises(ValueError, match="M at 'Q': M must have full column rank"):
        space.nearest_point({"Q": np.zeros((5, 2)), "b": np.ones(3)})
