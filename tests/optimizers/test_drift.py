"""Rounding over a long training: the defect with restoration, and of the bare algorithm.

The full 100,000 steps are marked slow: ``python -m pytest -m slow tests/optimizers/test_drift.py -s`` prints the table.
"""
import numpy as np
import pytest

from manifold_opt import Adam, Optimizer, Stiefel, SymplecticStiefel


def stiefel_problem(dtype):
    space = Stiefel(49, 7)
    M, C = np.diag(np.linspace(1, 5, 49)).astype(dtype), np.diag(np.arange(1.0, 8.0)).astype(dtype)
    return space, space.random_point(np.random.default_rng(0), dtype=dtype), lambda Y: 2 * M @ Y @ C


def symplectic_problem(dtype):
    space, rng = SymplecticStiefel(12, 4), np.random.default_rng(0)
    X = rng.normal(size=(12, 12))
    M = (X @ X.T / 12 + np.eye(12)).astype(dtype)
    return space, space.random_point(rng, dtype=dtype, condition=3.0), lambda Y: 2 * M @ Y


def largest_defect(problem, dtype, steps, restore):
    """In units of eps sqrt(N), over the whole training (the initial points are rounded already)."""
    space, Y, gradient = problem(dtype)
    optimizer = Optimizer(Adam(1e-3), space, restore=restore)
    state, worst = optimizer.init(Y), 0.0
    for step in range(steps):
        Y, state = optimizer.step(Y, gradient(Y), state)
        if step % 33 == 32:
            worst = max(worst, float(space.point_defect(Y.astype(float))))
    return worst / (np.finfo(dtype).eps * np.sqrt(space.shape[0]))


PARAMETERS = [pytest.param(problem, dtype, id=f"{name}-{np.dtype(dtype)}")
              for name, problem in (("St(7,49)", stiefel_problem), ("SpSt(4,12)", symplectic_problem))
              for dtype in (np.float32, np.float64)]


@pytest.mark.parametrize("problem, dtype", PARAMETERS)
def test_thousands_of_steps(problem, dtype):
    assert largest_defect(problem, dtype, 4000, restore=100) < 5
    assert largest_defect(problem, dtype, 4000, restore=None) < 20


@pytest.mark.slow
@pytest.mark.parametrize("problem, dtype", PARAMETERS)
def test_a_hundred_thousand_steps(problem, dtype, request):
    restored, bare = (largest_defect(problem, dtype, 100_000, restore) for restore in (100, None))
    print(f"{request.node.callspec.id}: defect {restored:.1f} eps sqrt(N) with restore=100, {bare:.1f} bare")
    assert restored < 10
    # the bare algorithm drifts like a random walk: 10 sqrt(steps) is the bound, some 40 is measured
    assert bare < 10 * np.sqrt(100_000)
