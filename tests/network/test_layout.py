"""Tokens as rows, tokens as columns."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt.network import Buffers, columns, group_size, rows
from manifold_opt.network.layout import GROUP_COLUMNS, sum_of_products, transposed


@given(groups=st.integers(1, 4), samples=st.integers(1, 4), tokens=st.integers(1, 5), width=st.integers(1, 6))
def test_inverse(groups: int, samples: int, tokens: int, width: int) -> None:
    x = np.random.default_rng(0).normal(size=(groups * samples, tokens, width))
    Z = columns(x, samples)
    assert Z.shape == (groups, width, samples, tokens) and Z.flags.c_contiguous
    assert np.array_equal(rows(Z), x)
    assert not np.shares_memory(Z, x) and not np.shares_memory(rows(Z), Z)
    for g, s, t in np.ndindex(groups, samples, tokens):
        assert np.array_equal(Z[g, :, s, t], x[g * samples + s, t])


@given(batch=st.integers(1, 600), tokens=st.integers(1, 200))
def test_group_size(batch: int, tokens: int) -> None:
    size = group_size(batch, tokens)
    assert batch % size == 0 and (size == 1 or size * tokens <= GROUP_COLUMNS)
    assert all(batch % larger or larger * tokens > GROUP_COLUMNS for larger in range(size + 1, batch + 1))


def test_sum_of_products() -> None:
    D, X = np.random.default_rng(0).normal(size=(3, 4, 6)), np.random.default_rng(1).normal(size=(3, 5, 6))
    assert np.allclose(sum_of_products(D, X, Buffers()), np.einsum("gmc,gnc->mn", D, X), rtol=1e-14, atol=1e-14)


def test_transposed() -> None:
    M, buffers = np.random.default_rng(0).normal(size=(2, 3, 4, 5)), Buffers()
    copy = transposed(M, buffers, "M^T")
    assert copy.flags.c_contiguous and not np.shares_memory(copy, M)
    assert np.array_equal(copy, np.swapaxes(M, 2, 3))
    assert transposed(2 * M, buffers, "M^T") is copy


def test_refuses() -> None:
    x = np.zeros((6, 4, 3))
    with pytest.raises(ValueError, match="samples must divide the batch of 6: got 4"):
        columns(x, 4)
    with pytest.raises(TypeError, match="samples must be an integer: got float"):
        columns(x, 2.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"x must have 3 axes: got shape \(4, 3\)"):
        columns(x[0], 1)
    with pytest.raises(ValueError, match=r"Z must have 4 axes: got shape \(6, 4, 3\)"):
        rows(x)
    with pytest.raises(ValueError, match="tokens must be at least 1: got 0"):
        group_size(4, 0)
    assert group_size(np.int64(256), np.int64(16)) == 4
