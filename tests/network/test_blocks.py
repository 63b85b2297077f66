"""The stack of blocks."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifold_opt.network import Blocks, FeedForward, FusedAttention, MultiHeadAttention, Workspace, columns, rows


@pytest.mark.parametrize("kind", [MultiHeadAttention, FusedAttention])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.usefixtures("small_pieces")
def test_blocks_are_layers_in_turn(kind: Any, threads: int) -> None:
    rng = np.random.default_rng(0)
    attention, feed_forward = kind(6, 2), FeedForward(6)
    blocks = Blocks(attention, feed_forward)
    weights = [{name: rng.normal(size=shape) for name, shape in blocks.shapes.items()} for _ in range(3)]
    x, dy = rng.normal(size=(2, 4, 5, 6))
    Z, caches = columns(x, 2), []
    for params in weights:
        Z, first = attention.forward(params, Z)
        Z, second = feed_forward.forward(params, Z)
        caches.append((first, second))
    y, cache = blocks.forward(weights, x, Workspace(threads))
    assert np.allclose(y, rows(Z), rtol=1e-12, atol=1e-12)
    grads, dx = blocks.backward(weights, cache, dy, Workspace(threads))
    dZ = columns(dy, 2)
    for params, (first, second), grad in zip(weights[::-1], caches[::-1], grads[::-1]):
        dW, dZ = feed_forward.backward(params, second, dZ)
        dP, dZ = attention.backward(params, first, dZ)
        for name, expected in (dP | dW).items():
            assert np.allclose(grad[name], expected, rtol=1e-11, atol=1e-11)
    assert np.allclose(dx, rows(dZ), rtol=1e-11, atol=1e-11)


def test_order_of_tokens() -> None:
    rng = np.random.default_rng(0)
    blocks = Blocks(FusedAttention(6, 3), FeedForward(6))
    weights = [{name: rng.normal(size=shape) for name, shape in blocks.shapes.items()} for _ in range(4)]
    x, order = rng.normal(size=(4, 5, 6)), rng.permutation(5)
    y, y_permuted = (blocks.forward(weights, z, Workspace())[0] for z in (x, x[:, order]))
    assert np.allclose(y_permuted, y[:, order], rtol=0, atol=1e-11 * abs(y).max())
