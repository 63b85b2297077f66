r"""Multi-head attention, formula by formula."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.network.layer import Layer
from manifold_opt.network.sizes import check_heads, check_switch
from manifold_opt.network.softmax import softmax, softmax_backward
from manifold_opt.network.workspace import Buffers

__all__ = ["MultiHeadAttention"]


class AttentionCache(NamedTuple):
    """Input Z, per head Q, K, V and the probabilities P."""

    Z: Array
    Q: Array
    K: Array
    V: Array
    P: Array


@final
class MultiHeadAttention(Layer):
    r"""Attention of h heads without output projection, as in the paper's example.

    With the tokens of a sample as columns of :math:`Z \in R^{N \times T}`, every head has weights
    :math:`P^Q, P^K, P^V \in R^{N \times n}`, :math:`n = N/h`, and computes

    .. math:: Q = (P^Q)^T Z, \quad K = (P^K)^T Z, \quad V = (P^V)^T Z, \quad
        P = \mathrm{softmax}(K^T Q / \sqrt N), \quad Y = V P,

    where the softmax acts on columns: the column of a query sums to one over the keys. The outputs of the heads are
    stacked to a matrix of N rows; with the skip connection Z is added to it. Backward, per head,

    .. math::
        dV = dY P^T, \quad dP = V^T dY, \quad dS = P \circ (dP - \mathbf{1}\,\mathrm{colsum}(P \circ dP)) / \sqrt N,
        \quad dQ = K\,dS, \quad dK = Q\,dS^T,

        dP^Q = Z\,dQ^T, \quad dP^K = Z\,dK^T, \quad dP^V = Z\,dV^T, \quad
        dZ = \sum_{heads} (P^Q dQ + P^K dK + P^V dV) \; [+ dY].

    This is the plain form; :class:`manifold_opt.network.FusedAttention` computes the same with fewer passes.

    Parameters
    ----------
    width, heads : int
        N and h.
    skip : bool
        Whether Z is added to the output.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer, or the heads do not divide the width.

    References
    ----------
    Paper: v4, section 5; Vaswani et al., arXiv:1706.03762, section 3.2.

    Examples
    --------
    The columns of P sum to one, so equal values pass through unchanged, whatever the weights of queries and keys are.

    >>> import numpy as np
    >>> from manifold_opt.network import MultiHeadAttention
    >>> rng = np.random.default_rng(0)
    >>> layer = MultiHeadAttention(width=6, heads=2)
    >>> params = {name: rng.normal(size=shape) for name, shape in layer.shapes.items()}
    >>> Z = np.repeat(rng.normal(size=(1, 6, 1, 1)), 4, axis=3)
    >>> Y, cache = layer.forward(params, Z)
    >>> np.allclose(Y[0, :3, 0], params["value"][0].T @ Z[0, :, 0])
    True
    """

    def __init__(self, width: int, heads: int, skip: bool = False) -> None:
        self.width, self.heads, self.skip = *check_heads(width, heads), check_switch("skip", skip)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The weights of queries, keys and values have shape (heads, width, width/heads)."""
        return dict.fromkeys(("query", "key", "value"), (self.heads, self.width, self.width // self.heads))

    def forward(self, params: Mapping[str, Array], Z: Array,
                buffers: Buffers | None = None) -> tuple[Array, AttentionCache]:
        """Output of the shape of Z, and the cache; the buffers are not used."""
        X = _every_head(Z)
        Q, K, V = (_t(params[name])[:, None] @ X for name in ("query", "key", "value"))
        P = softmax(_t(K) @ Q / self._root(Z), axis=-2)
        Y = self._stack_heads(V @ P)
        return (Y + Z if self.skip else Y), AttentionCache(Z, Q, K, V, P)

    def backward(self, params: Mapping[str, Array], cache: AttentionCache, dY: Array,
                 buffers: Buffers | None = None) -> tuple[dict[str, Array], Array]:
        """Gradients of the weights and of Z; the buffers are not used."""
        Z, Q, K, V, P = cache
        dY_heads = self._split_heads(dY)
        dV = dY_heads @ _t(P)
        dP = _t(V) @ dY_heads
        dS = softmax_backward(P, dP, axis=-2) / self._root(P)
        D = {"query": K @ dS, "key": Q @ _t(dS), "value": dV}
        dW = {name: (_every_head(Z) @ _t(D[name])).sum(axis=(0, 2)) for name in D}
        dZ = sum((params[name][:, None] @ D[name]).sum(axis=1) for name in D).swapaxes(1, 2)
        return dW, (dZ + dY if self.skip else dZ)

    def _root(self, M: Array) -> Any:
        """The square root of N in the precision of M."""
        return np.sqrt(self.width).astype(M.real.dtype)

    def _split_heads(self, Y: Array) -> Array:
        """(groups, width, samples, tokens) to (groups, heads, samples, width/heads, tokens)."""
        groups, _, samples, tokens = Y.shape
        return Y.reshape(groups, self.heads, -1, samples, tokens).swapaxes(2, 3)

    def _stack_heads(self, Y: Array) -> Array:
        """The inverse of splitting the heads."""
        groups, _, samples, _, tokens = Y.shape
        return Y.swapaxes(2, 3).reshape(groups, self.width, samples, tokens)


def _every_head(Z: Array) -> Array:
    """(groups, width, samples, tokens) to (groups, 1, samples, width, tokens): every head sees the whole of Z."""
    return Z.swapaxes(1, 2)[:, None]


def _t(M: Array) -> Array:
    """The transposed matrices of a stack."""
    return M.swapaxes(-1, -2)
