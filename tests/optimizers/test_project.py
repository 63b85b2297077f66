"""A start from weights that are on no manifold."""
import numpy as np
import pytest

from manifold_opt import Adam, Euclidean, Optimizer, Stiefel

SPACES = {"Q": Stiefel(6, 2), "b": Euclidean(3)}


def weights(rng):
    return {"Q": rng.normal(size=(4, 6, 2)), "b": rng.normal(size=3)}


def test_what_is_moved_and_how_far():
    given, optimizer = weights(np.random.default_rng(0)), Optimizer(Adam(), SPACES)
    points, distances = optimizer.project(given)
    assert distances["Q"].shape == (4,) and distances["b"] == 0
    # the distance from the polar factor in closed form
    sigma = np.linalg.svd(given["Q"], compute_uv=False)
    assert np.allclose(distances["Q"], np.linalg.norm(sigma - 1, axis=-1), rtol=1e-13, atol=0)
    assert not np.shares_memory(points["b"], given["b"])


def test_init_starts_there():
    given, optimizer = weights(np.random.default_rng(1)), Optimizer(Adam(), SPACES)
    with pytest.raises(ValueError, match="parameter 'Q' must satisfy"):
        optimizer.init(given)
    state = optimizer.init(given, project=True)
    points, params = optimizer.project(given)[0], optimizer.params(state)
    assert all(np.array_equal(params[name], points[name]) for name in SPACES)
    params, state = optimizer.step(params, given, state)
    assert state.t == 1


def test_the_error_names_the_parameter():
    optimizer = Optimizer(Adam(), SPACES)
    for wrong, message in ((np.zeros((6, 2)), "must have a nearest point: M must have full column rank"),
                           (np.full((6, 2), np.nan), "must be finite"), (np.ones((2, 6)), "must have shape")):
        with pytest.raises(ValueError, match=f"parameter 'Q' {message}"):
            optimizer.project({"Q": wrong, "b": np.ones(3)})
