"""Fast matrix functions against their plain twins, on the same matrices."""
import numpy as np
import pytest

from manifold_opt.arrays import (fast_fraction, fraction, fraction_by_blocks, fraction_by_sweeps, phi1,
                                 phi1_phi2_series, tolerance)


def blocks(n, batch, dtype, size, seed=0):
    """Skew A and B*B for a velocity of about the given size."""
    rng = np.random.default_rng(seed)
    A, B = rng.standard_normal((2, *batch, n, n)) * size / n
    return (A - np.swapaxes(A, -1, -2)).astype(dtype), (np.swapaxes(B, -1, -2) @ B).astype(dtype)


def by_small_blocks(T):
    return fraction_by_blocks(T, size=3)


@pytest.mark.parametrize("twin", [fraction, fraction_by_sweeps, fraction_by_blocks, by_small_blocks, fast_fraction])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [(), (1,), (40,), (3, 5), (0,)])
@pytest.mark.parametrize("n", [1, 2, 7, 16, 70])
@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0, 20.0])
def test_fraction(twin, dtype, batch, n, size):
    A, C = blocks(n, batch, dtype, size)
    T = (0.25 * C - 0.5 * A).astype(dtype)
    given = T.copy()
    F = twin(T)
    np.testing.assert_array_equal(T, given)
    assert F.dtype == dtype and F.shape == T.shape
    exact = T.astype(np.float64)
    exact = np.linalg.solve(np.eye(n) + exact, exact)
    # the condition number of I + T is at most 1 + |T|
    scale = 1 + float(np.max(np.linalg.norm(T, axis=(-2, -1)), initial=0.0))
    np.testing.assert_allclose(F, exact, rtol=0, atol=tolerance(10 * scale, dtype, n) * min(1.0, size + 1e-30))


def test_sweeps_keep_the_stack_apart():
    A, C = blocks(5, (30,), np.float64, 2.0)
    T = 0.25 * C - 0.5 * A
    whole = fraction_by_sweeps(T)
    for i in (0, 13, 29):
        np.testing.assert_array_equal(fraction_by_sweeps(T[i:i + 1])[0], whole[i])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 3, 8])
@pytest.mark.parametrize("size", [0.0, 1e-6, 0.05, 0.7])
def test_series_is_phi1_of_the_block_matrix(dtype, n, size):
    A, C = blocks(n, (4,), dtype, 1.0)
    norm = np.sqrt(0.5 * np.sum(A.astype(float) ** 2, axis=(-2, -1)) + np.trace(C, axis1=-2, axis2=-1))[:, None, None]
    A, C = (A * (size / norm)).astype(dtype), (C * (size / norm) ** 2).astype(dtype)
    K = np.zeros((4, 2 * n, 2 * n))
    K[:, :n, :n], K[:, :n, n:], K[:, n:, :n] = A, -C, np.eye(n)
    G, L = phi1_phi2_series(A, C, size)
    assert G.dtype == L.dtype == dtype
    np.testing.assert_allclose(np.concatenate([G, L], axis=-2), phi1(K)[:, :, :n], rtol=0, atol=tolerance(4, dtype, n))
