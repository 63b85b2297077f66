"""Runs at rates that nobody would choose: the constraint holds all the same, without restoration."""
import numpy as np
import pytest

from manifold_opt import Adam, Gradient, Grassmann, Momentum, Optimizer, Stiefel, minimize
from manifold_opt.arrays import tolerance

SPACES = [Stiefel(49, 7), Stiefel(8, 3), Stiefel(3, 3), Grassmann(3, 2), Grassmann(12, 4)]


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("method", [Adam(1e-3), Adam(0.1), Adam(2.0), Adam(10.0), Gradient(2.0),
                                    Momentum(5.0, 0.9)], ids=str)
@pytest.mark.parametrize("retraction", ["cayley", "geodesic"])
@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_walks_stay_on_the_manifold(space, method, retraction, section, dtype):
    rng, steps = np.random.default_rng(0), 100
    optimizer = Optimizer(method, space, retraction, section, restore=None)
    Y = space.random_point(rng, (2,), dtype)
    state = optimizer.init(Y)
    for k in range(1, steps + 1):
        gradient = rng.standard_normal(Y.shape).astype(dtype)
        Y, state = optimizer.step(Y, gradient, state)
        if k in (1, 10, steps):
            dense = state.sections[""].to_dense().astype(float)
            bound = 50 * tolerance(1, dtype, k * space.shape[0])
            assert np.max(space.point_defect(Y.astype(float))) <= bound
            assert np.max(space.group.defect(dense)) <= bound


@pytest.mark.parametrize("rate", [0.03, 0.1, 1.0])
def test_principal_components_at_a_rate_that_is_too_large(rate):
    """Features with standard deviations 1 to 20: the trace cannot exceed the three largest eigenvalues."""
    X = np.random.default_rng(0).normal(size=(20, 200)) * np.arange(1, 21)[:, None]
    C, space = X @ X.T / 200, Stiefel(20, 3)
    result = minimize(lambda Y: (-float(np.sum(Y * (C @ Y))), -2 * C @ Y), space.random_point(np.random.default_rng(1)),
                      space, jac=True, method=Gradient(rate), max_iter=500)
    assert result.point_defect <= tolerance(10, float, 500 * 20)
    assert -result.fun <= np.linalg.eigvalsh(C)[-3:].sum() * (1 + 1e-12)
    assert not result.success
