"""The second moment is no tangent vector: transported as one it has negative entries, and Adam takes roots of them."""
import numpy as np
import pytest

from manifold_opt import Adam, Optimizer, Stiefel


@pytest.mark.parametrize("seed", range(3))
def test_a_second_moment_that_is_transported_gives_nan_at_step_two(seed):
    """Moments in the embedding, both carried to the new point by projection onto its tangent space."""
    space, rng = Stiefel(6, 2), np.random.default_rng(seed)
    M = np.diag(np.arange(1.0, 7.0))
    Y = space.random_point(rng)
    m = v = np.zeros_like(Y)
    steps = []
    for t in (1, 2):
        G = space.riemannian_gradient(Y, -2 * M @ Y)
        m, v = 0.9 * m + 0.1 * G, 0.99 * v + 0.01 * G * G
        with np.errstate(invalid="ignore"):
            step = -0.1 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.99**t)) + 3e-7)
        steps.append(step)
        Y_new = space.nearest_point(Y + step) if np.isfinite(step).all() else Y
        m, v, Y = space.project_tangent(Y_new, m), space.project_tangent(Y_new, v), Y_new
    assert np.isfinite(steps[0]).all() and np.isnan(steps[1]).any()


def test_the_one_that_stays_with_the_basis_does_not():
    space, M = Stiefel(6, 2), np.diag(np.arange(1.0, 7.0))
    optimizer = Optimizer(Adam(0.1), space)
    Y = space.random_point(np.random.default_rng(0))
    state = optimizer.init(Y)
    for _ in range(50):
        Y, state = optimizer.step(Y, -2 * M @ Y, state)
        B2 = state.moments[""]["B2"]
        assert B2.A.min() >= 0 and B2.B.min() >= 0
