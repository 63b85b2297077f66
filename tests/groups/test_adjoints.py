"""Adjoints: frames, sizes and the algebra."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt.groups import SymplecticAdjoint, TransposeAdjoint, symplectic_form

SIZES = st.integers(1, 5)


@given(SIZES, SIZES, st.integers(0, 2**32 - 1))
def test_symplectic_adjoint_is_the_product_with_forms(p, q, seed):
    M = np.random.default_rng(seed).normal(size=(3, 2 * p, 2 * q))
    dense = symplectic_form(2 * q).T @ np.swapaxes(M, -1, -2) @ symplectic_form(2 * p)
    np.testing.assert_array_equal(SymplecticAdjoint()(M), dense)


@pytest.mark.parametrize("adjoint", [TransposeAdjoint(), SymplecticAdjoint()])
@given(SIZES, SIZES, SIZES, st.integers(0, 2**32 - 1))
def test_involutive_and_reverses_products(adjoint, p, q, r, seed):
    rng = np.random.default_rng(seed)
    M, K = rng.normal(size=(2 * p, 2 * q)), rng.normal(size=(2 * q, 2 * r))
    np.testing.assert_array_equal(adjoint(adjoint(M)), M)
    np.testing.assert_allclose(adjoint(M @ K), adjoint(K) @ adjoint(M), atol=1e-13)


@pytest.mark.parametrize("adjoint", [TransposeAdjoint(), SymplecticAdjoint()])
@given(st.integers(1, 6), st.integers(0, 6))
def test_frame_and_complement_share_out_the_columns(adjoint, n, rest):
    n, N = 2 * n, 2 * (n + rest)
    frame, complement = adjoint.frame(N, n), adjoint.complement(N, n)
    assert len(frame) == n
    np.testing.assert_array_equal(np.sort(np.concatenate([frame, complement])), np.arange(N))


def test_symplectic_frame_is_interleaved():
    np.testing.assert_array_equal(SymplecticAdjoint().frame(6, 2), [0, 3])
    np.testing.assert_array_equal(SymplecticAdjoint().complement(6, 2), [1, 2, 4, 5])


@pytest.mark.parametrize("size", [-1, -2])
def test_negative_sizes(size):
    for adjoint in (TransposeAdjoint(), SymplecticAdjoint()):
        with pytest.raises(ValueError, match=f"width .*: got {size}"):
            adjoint.check_size("width", size)


def test_odd_symplectic_sizes():
    with pytest.raises(ValueError, match="size must be even .*: got 3"):
        symplectic_form(3)


def test_equal_by_type():
    assert TransposeAdjoint() == TransposeAdjoint() != SymplecticAdjoint()
    assert hash(TransposeAdjoint()) == hash(TransposeAdjoint())
