"""Orthogonal factors where they are known exactly: columns of a Hadamard matrix times an integer matrix."""
from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import hadamard

from manifold_opt import ComplexStiefel, Stiefel
from manifold_opt.arrays import orthogonal_factor


def known_factors(N, n, dtype, count=40):
    """Pairs (QH, Q) that hold exactly: entries of Q are powers of two, H is positive definite, of small condition."""
    rng, phases = np.random.default_rng([N, n]), np.array([1, -1, 1j, -1j] if np.dtype(dtype).kind == "c" else [1, -1])
    for _ in range(count):
        Q = hadamard(N)[:, :n] / np.sqrt(N) * rng.choice(phases, size=n)
        A = rng.integers(-3, 4, (n, n))
        yield (Q @ (A + A.T + 8 * n * np.eye(n))).astype(dtype), Q.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("N, n", [(4, 1), (4, 3), (4, 4), (16, 5), (16, 16), (64, 7)])
def test_the_factor_is_right_to_the_last_digits(N, n, dtype):
    """Entries have magnitude 1/sqrt(N); the decomposition alone is off by up to three times the bound."""
    bound = 4 * np.finfo(dtype).eps * (1 + np.sqrt(n)) / np.sqrt(N)
    space = (ComplexStiefel if np.dtype(dtype).kind == "c" else Stiefel)(N, n)
    for M, Q in known_factors(N, n, dtype):
        assert np.abs(orthogonal_factor(M) - Q).max() <= bound
        assert np.abs(orthogonal_factor(M.conj().T) - Q.conj().T).max() <= bound
        assert np.abs(space.nearest_point(M) - Q).max() <= bound


def test_members_of_a_stack_are_as_alone():
    M = np.stack([M for M, _ in known_factors(16, 5, np.float64, 6)])
    M[2] = 0
    M[4, :, 1] = M[4, :, 0]
    np.testing.assert_allclose(orthogonal_factor(M), [orthogonal_factor(X) for X in M], rtol=0, atol=1e-15)
    assert not orthogonal_factor(M)[2].any()


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_the_factor_does_not_depend_on_the_scale(scale):
    for M, Q in known_factors(4, 3, np.float64, 5):
        assert np.abs(orthogonal_factor(scale * M) - Q).max() <= 2e-15


@pytest.mark.parametrize("shape", [(4, 0), (0, 3), (0, 4, 2), (2, 0, 0)])
def test_factors_without_entries(shape):
    assert orthogonal_factor(np.zeros(shape)).shape == shape
