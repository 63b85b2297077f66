"""BFGS: the update, its safeguards, and convergence on every space."""
import numpy as np
import pytest
from geometry_cases import cases
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt import BFGS, Adam, Euclidean, Grassmann, Optimizer, Stiefel, SymplecticStiefel
from manifold_opt.optimizers.bfgs import descent_direction, update_inverse_hessian

SIZES, SEEDS = st.integers(1, 6), st.integers(0, 2**32 - 1)


@given(SIZES, SEEDS)
def test_update_is_the_textbook_product_form(d, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(d, d))
    H, s = X @ X.T + np.eye(d), rng.normal(size=d)
    y = s + 0.3 * rng.normal(size=d)
    if y @ s <= 1e-3 * np.linalg.norm(y) * np.linalg.norm(s):
        return
    rho, identity = 1 / (y @ s), np.eye(d)
    expected = (identity - rho * np.outer(s, y)) @ H @ (identity - rho * np.outer(y, s)) + rho * np.outer(s, s)
    result, updates = update_inverse_hessian(H, np.array(3), s, y)
    scale = np.max(np.abs(expected)) * rho * np.linalg.norm(y) * np.linalg.norm(s)
    np.testing.assert_allclose(result, expected, atol=1e-12 * scale)
    np.testing.assert_array_equal(result, result.T)
    assert updates == 4


def test_first_update_scales_the_identity():
    s, y = np.array([1.0, 0.0]), np.array([4.0, 0.0])
    H, _ = update_inverse_hessian(np.eye(2), np.array(0), s, y)
    np.testing.assert_allclose(H, 0.25 * np.eye(2))


@given(SIZES, SEEDS)
def test_negative_curvature_leaves_the_inverse_hessian(d, seed):
    s = np.random.default_rng(seed).normal(size=d)
    for y in (-s, 0 * s):
        H, updates = update_inverse_hessian(np.eye(d), np.array(0), s, y)
        np.testing.assert_array_equal(H, np.eye(d))
        assert updates == 0


@given(SIZES, SEEDS)
def test_direction_always_descends(d, seed):
    rng = np.random.default_rng(seed)
    H, g = rng.normal(size=(d, d)), rng.normal(size=d)
    p, kept = descent_direction(H, g)
    assert p @ g < 0
    if g @ H @ g > 0:
        np.testing.assert_array_equal(kept, H)
    else:
        np.testing.assert_array_equal(kept, np.eye(d))


def test_members_of_a_stack_have_their_own_safeguards():
    H = np.stack([np.eye(2), -np.eye(2)])
    p, kept = descent_direction(H, np.ones((2, 2)))
    np.testing.assert_array_equal(p, -np.ones((2, 2)))
    np.testing.assert_array_equal(kept, [np.eye(2), np.eye(2)])
    s = np.array([[1.0, 0.0], [1.0, 0.0]])
    _, updates = update_inverse_hessian(H, np.zeros(2, int), s, np.array([[2.0, 0.0], [-2.0, 0.0]]))
    np.testing.assert_array_equal(updates, [1, 0])


@pytest.mark.parametrize("case", cases(stacks=[(), (3,)]), ids=str)
def test_differential_represents_the_derivative_in_the_global_tangent_space(case):
    section, dL = case.space.global_section(case.Y), case.dL
    axes = tuple(range(len(case.batch), case.Y.ndim))
    expected = np.sum(dL * case.Delta, axis=axes)
    size = np.sqrt(np.sum(dL**2, axis=axes) * np.sum(case.Delta**2, axis=axes))
    result = section.lift_differential(dL).inner(section.lift(case.Delta))
    scale = max(1.0, float(np.max(np.abs(case.Y), initial=0.0)) ** 4)
    np.testing.assert_allclose(result, expected, rtol=0,
                               atol=float(40 * scale * np.finfo(case.dtype).eps * np.max(size, initial=1.0)))


@pytest.mark.parametrize("space, size", [(Stiefel(7, 3), 15), (Grassmann(7, 3), 12), (SymplecticStiefel(6, 2), 11),
                                         (Euclidean(2, 3), 6)], ids=str)
def test_inverse_hessian_acts_on_the_independent_coordinates(space, size):
    assert space.dimension == size
    Y = space.random_point(np.random.default_rng(0), (2,))
    moments = Optimizer(BFGS(), space).init(Y).moments[""]
    assert moments["H"].shape == (2, size, size)


def test_converges_faster_than_linearly_without_a_line_search():
    """The smallest eigenvector: the error after 30 steps is at rounding, a gradient method is far."""
    space, M = Stiefel(10, 1), np.diag(np.arange(1.0, 11.0))
    Y = space.random_point(np.random.default_rng(0))
    optimizer = Optimizer(BFGS(max_norm=0.5), space)
    state = optimizer.init(Y)
    for _ in range(60):
        Y, state = optimizer.step(Y, 2 * M @ Y, state)
    assert float((Y.T @ M @ Y)[0, 0]) - 1 < 1e-14 and state.moments[""]["updates"] > 5


@pytest.mark.parametrize("max_norm", [1e-3, 0.1])
def test_velocities_are_no_longer_than_max_norm(max_norm):
    space, rng = Stiefel(6, 2), np.random.default_rng(0)
    section = space.global_section(space.random_point(rng, (2,)))
    method = BFGS(max_norm=max_norm)
    G = method.global_gradient(section, rng.normal(size=(2, 6, 2)))
    W, _ = method.update(G, method.init(G), 1)
    np.testing.assert_allclose(W.norm(), max_norm)


def test_zero_gradient_gives_no_step():
    space = Stiefel(6, 2)
    Y = space.random_point(np.random.default_rng(0))
    optimizer = Optimizer(BFGS(), space)
    Y_new, _ = optimizer.step(Y, np.zeros_like(Y), optimizer.init(Y))
    np.testing.assert_array_equal(Y_new, Y)


def test_other_methods_take_the_gradient():
    space, rng = SymplecticStiefel(6, 2), np.random.default_rng(0)
    section, dL = space.global_section(space.random_point(rng)), rng.normal(size=(6, 2))
    np.testing.assert_array_equal(Adam().global_gradient(section, dL).B, section.lift_gradient(dL).B)
    assert not np.allclose(BFGS().global_gradient(section, dL).B, section.lift_gradient(dL).B)
