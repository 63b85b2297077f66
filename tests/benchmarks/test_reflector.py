"""Time of one Adam step with the implicit section, linear in N: run with ``pytest --benchmark-only`` on this file."""
import numpy as np
import pytest

from manifold_opt import Adam, Optimizer, Stiefel

COLUMNS = 8


@pytest.mark.parametrize("N", [10_000, 100_000, 1_000_000])
def test_one_step(benchmark, N):
    rng, space = np.random.default_rng(0), Stiefel(N, COLUMNS)
    Y = space.random_point(rng, dtype=np.float32)
    dL = rng.standard_normal((N, COLUMNS)).astype(np.float32)
    optimizer = Optimizer(Adam(1e-3), space, section="reflector")
    state = optimizer.init(Y)
    Y_new, _ = benchmark(lambda: optimizer.step(Y, dL, state))
    benchmark.extra_info["nanoseconds per row"] = 1e9 * benchmark.stats["median"] / N
    assert Y_new.shape == (N, COLUMNS)
