"""The stack of blocks, each an attention and a feed-forward layer, run over the pieces of a batch."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.network.layer import Layer
from manifold_opt.network.layout import columns, group_size, rows
from manifold_opt.network.workspace import Workspace

__all__ = ["Blocks", "BlocksCache"]


@final
@dataclass(frozen=True)
class BlocksCache:
    """For each piece of the batch its number of samples and the caches of attention and feed-forward by block; and the
    workspace that they lie in, with the number of the pass."""

    sizes: list[int]
    pieces: list[list[tuple[Any, Any]]]
    workspace: Workspace
    turn: int


@final
class Blocks:
    r"""Attention, then feed-forward, L times.

    .. math:: A = \mathrm{attention}_l(Z), \quad Z \leftarrow A + \tanh(W_l A + b_l\mathbf{1}^T),
        \quad l = 1, \dots, L .

    The weights come as a list with one dict for each block. A batch is cut into the pieces of the workspace, which its
    threads share; the gradients of the pieces are added in order.

    Parameters
    ----------
    attention, feed_forward : Layer
        The two layers, which every block applies with its own weights.

    References
    ----------
    Paper: v4, section 5.

    Examples
    --------
    Without a positional encoding, blocks commute with permutations of the tokens.

    >>> import numpy as np
    >>> from manifold_opt.network import Blocks, FeedForward, MultiHeadAttention, Workspace
    >>> rng = np.random.default_rng(0)
    >>> blocks = Blocks(MultiHeadAttention(6, 2), FeedForward(6))
    >>> weights = [{name: rng.normal(size=shape) for name, shape in blocks.shapes.items()} for _ in range(3)]
    >>> x, order = rng.normal(size=(4, 5, 6)), rng.permutation(5)
    >>> y, _ = blocks.forward(weights, x, Workspace())
    >>> y_permuted, _ = blocks.forward(weights, x[:, order], Workspace())
    >>> np.allclose(y_permuted, y[:, order])
    True
    """

    def __init__(self, attention: Layer, feed_forward: Layer) -> None:
        self.attention, self.feed_forward = attention, feed_forward

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the weights of one block by name."""
        return self.attention.shapes | self.feed_forward.shapes

    def forward(self, weights: Sequence[Mapping[str, Array]], x: Array,
                workspace: Workspace) -> tuple[Array, BlocksCache]:
        """Output of the shape (batch, tokens, width) of x, and the cache, which lies in the workspace."""
        parts = np.array_split(x, workspace.split(*x.shape[:2]))

        def run(piece: int, part: Array) -> tuple[Array, list[tuple[Any, Any]]]:
            Z, caches = columns(part, group_size(*part.shape[:2])), []
            for block, params in enumerate(weights):
                buffers = workspace.buffers(piece, block)
                Z, attention = self.attention.forward(params, Z, buffers)
                Z, feed_forward = self.feed_forward.forward(params, Z, buffers)
                caches.append((attention, feed_forward))
            return rows(Z), caches

        turn = workspace.begin()
        outputs, caches = zip(*workspace.map(run, range(len(parts)), parts))
        sizes = [len(part) for part in parts]
        return np.concatenate(outputs), BlocksCache(sizes, list(caches), workspace, turn)

    def backward(self, weights: Sequence[Mapping[str, Array]], cache: BlocksCache, dy: Array,
                 workspace: Workspace) -> tuple[list[dict[str, Array]], Array]:
        """Gradients of the weights by block, and that of x, from the gradient dy (batch, tokens, width)."""
        if cache.turn != cache.workspace.turn:
            raise ValueError("cache must be that of the last forward pass with its workspace: a later one has "
                             "overwritten it")
        parts = np.split(dy, np.cumsum(cache.sizes)[:-1])

        def run(piece: int, part: Array) -> tuple[list[dict[str, Array]], Array]:
            buffers, grads = workspace.buffers(piece), []
            dZ = columns(part, group_size(*part.shape[:2]))
            for params, (attention, feed_forward) in zip(weights[::-1], cache.pieces[piece][::-1]):
                dW, dZ = self.feed_forward.backward(params, feed_forward, dZ, buffers)
                dP, dZ = self.attention.backward(params, attention, dZ, buffers)
                grads.append(dP | dW)
            return grads[::-1], rows(dZ)

        grads, dx = zip(*workspace.map(run, range(len(parts)), parts))
        return [_sum(of_block) for of_block in zip(*grads)], np.concatenate(dx)


def _sum(grads: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """The gradients of the pieces of a batch, added."""
    return {name: reduce(np.add, [grad[name] for grad in grads]) for name in grads[0]}
