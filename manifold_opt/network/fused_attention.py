r"""Multi-head attention in few passes over memory."""
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.network.layer import Layer
from manifold_opt.network.layout import sum_of_products, transposed
from manifold_opt.network.sizes import check_heads, check_switch
from manifold_opt.network.workspace import Buffers

__all__ = ["FusedAttention"]

UNSHIFTED = 0.5
"""Scores below this fraction of the range of exp are not shifted: no exponential, and no quotient of two, overflows."""


class FusedCache(NamedTuple):
    """Input Z, stacked weights W, their product QKV with Z, exponentials E, V E with the sums of E below it, and Y."""

    Z: Array
    W: Array
    QKV: Array
    E: Array
    VE: Array
    Y: Array


@final
class FusedAttention(Layer):
    r"""The same map as :class:`manifold_opt.network.MultiHeadAttention`, arranged for speed.

    Three things differ. The weights of all heads are stacked to one matrix W, with :math:`1/\sqrt N` in the rows of
    the queries, so that one product with Z gives every Q, K and V. The softmax is never divided out: its denominators
    divide the product instead, which is smaller. And V carries a row of ones, which makes the denominators one more
    row of a product that is computed anyway. Per head,

    .. math::
        E = \exp(K^T Q), \quad
        \begin{bmatrix} V \\ \mathbf{1} \end{bmatrix} E = \begin{bmatrix} \tilde Y \\ s \end{bmatrix}, \quad
        Y = \tilde Y / s .

    Backward, with :math:`G = dY / s` (each column divided by its denominator) and :math:`c = \mathrm{colsum}(G \circ
    Y)`, the gradient of the softmax, :math:`P \circ (dP - \mathbf{1}\,\mathrm{colsum}(P \circ dP))`, becomes a product:

    .. math::
        dV = G E^T, \quad
        dS = E \circ \Bigl(\begin{bmatrix} V \\ \mathbf{1} \end{bmatrix}^T \begin{bmatrix} G \\ -c \end{bmatrix}\Bigr),
        \quad dQ = K\,dS, \quad dK = Q\,dS^T, \quad dW = D Z^T, \quad dZ = W^T D \; [+ dY],

    where D stacks dQ, dK and dV as W stacks the weights. This holds because :math:`\mathrm{colsum}(P \circ dP) =
    \mathrm{colsum}(Y \circ dY)` for :math:`Y = V P` and :math:`dP = V^T dY`.

    The columns of the scores are shifted by their maxima, as in every safe softmax, but only where the scores are so
    large that exponentials or their quotients could leave the range of the dtype; otherwise the shift, which cancels,
    is not worth two passes.

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
    The deferred denominators are those of Dao et al., FlashAttention, arXiv:2205.14135, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import FusedAttention, MultiHeadAttention
    >>> rng = np.random.default_rng(0)
    >>> plain, fused = MultiHeadAttention(6, 2), FusedAttention(6, 2)
    >>> params = {name: rng.normal(size=shape) for name, shape in plain.shapes.items()}
    >>> Z = rng.normal(size=(3, 6, 2, 5))
    >>> np.allclose(plain.forward(params, Z)[0], fused.forward(params, Z)[0], rtol=1e-14, atol=1e-14)
    True
    """

    def __init__(self, width: int, heads: int, skip: bool = False) -> None:
        self.width, self.heads, self.skip = *check_heads(width, heads), check_switch("skip", skip)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The weights of queries, keys and values have shape (heads, width, width/heads)."""
        return dict.fromkeys(("query", "key", "value"), (self.heads, self.width, self.width // self.heads))

    def forward(self, params: Mapping[str, Array], Z: Array,
                buffers: Buffers | None = None) -> tuple[Array, FusedCache]:
        """Output of the shape of Z, and the cache; both lie in the buffers."""
        buffers = Buffers() if buffers is None else buffers
        groups, N, samples, tokens = Z.shape
        n, columns = N // self.heads, samples * tokens
        W = self._stack_weights(params)
        dtype = np.result_type(W, Z)

        QKV = np.matmul(W, Z.reshape(groups, N, columns),
                        out=buffers.array("QKV", (groups, len(W), columns), dtype))
        Q, K, V = self._views(QKV, samples)
        V[..., n, :] = 1
        E = np.matmul(K.swapaxes(-1, -2), Q,
                      out=buffers.array("E", (groups, self.heads, samples, tokens, tokens), dtype))
        _exponential(E)
        VE = buffers.array("VE", (groups, self.heads, n + 1, columns), dtype)
        np.matmul(V, E, out=self._by_sample(VE, samples))
        Y = np.divide(VE[:, :, :n], VE[:, :, n:], out=buffers.array("Y", (groups, self.heads, n, columns), dtype))
        cache = FusedCache(Z, W, QKV, E, VE, Y)
        Y = Y.reshape(Z.shape)
        if self.skip:
            Y = np.add(Y, Z, out=buffers.array("Y + Z", Z.shape, dtype))
        return Y, cache

    def backward(self, params: Mapping[str, Array], cache: FusedCache, dY: Array,
                 buffers: Buffers | None = None) -> tuple[dict[str, Array], Array]:
        """Gradients of the weights, and that of Z, which lies in the buffers."""
        buffers = Buffers() if buffers is None else buffers
        Z, W, QKV, E, VE, Y = cache
        groups, N, samples, tokens = Z.shape
        n, columns = N // self.heads, samples * tokens

        G = buffers.array("G", VE.shape, VE.dtype)
        dY_heads = dY.reshape(Y.shape)
        np.divide(dY_heads, VE[:, :, n:], out=G[:, :, :n])
        YdY = np.multiply(Y, dY_heads, out=buffers.array("Y dY", Y.shape, VE.dtype))
        np.divide(YdY.sum(axis=2), -VE[:, :, n], out=G[:, :, n])
        G = self._by_sample(G, samples)

        D = buffers.array("D", QKV.shape, QKV.dtype)
        Q, K, V = self._views(QKV, samples)
        dQ, dK, dV = self._views(D, samples)
        np.matmul(G, transposed(E, buffers, "E^T"), out=dV)
        dS = np.matmul(V.swapaxes(-1, -2), G, out=buffers.array("dS", E.shape, E.dtype))
        dS *= E
        np.matmul(K, dS, out=dQ)
        np.matmul(Q, transposed(dS, buffers, "E^T"), out=dK)

        dW = sum_of_products(D, Z.reshape(groups, N, columns), buffers)
        dZ = np.matmul(W.T, D, out=buffers.array("dZ", (groups, N, columns), D.dtype)).reshape(Z.shape)
        if self.skip:
            dZ += dY
        return self._split_weights(dW), dZ

    def _stack_weights(self, params: Mapping[str, Array]) -> Array:
        """W of N + N + heads(n + 1) rows; the rows that become the ones below V are zero."""
        N, n = self.width, self.width // self.heads
        scale = np.sqrt(N).astype(params["query"].real.dtype)
        W = np.zeros((2 * N + self.heads * (n + 1), N), np.result_type(*params.values()))
        W[:N] = (params["query"] / scale).swapaxes(1, 2).reshape(N, N)
        W[N:2 * N] = params["key"].swapaxes(1, 2).reshape(N, N)
        W[2 * N:].reshape(self.heads, n + 1, N)[:, :n] = params["value"].swapaxes(1, 2)
        return W

    def _split_weights(self, dW: Array) -> dict[str, Array]:
        """The gradients of the weights from that of W: the transpose of stacking."""
        N, n = self.width, self.width // self.heads
        query = dW[:N].reshape(self.heads, n, N) / np.sqrt(N).astype(dW.real.dtype)
        key = dW[N:2 * N].reshape(self.heads, n, N)
        value = dW[2 * N:].reshape(self.heads, n + 1, N)[:, :n]
        return {"query": query.swapaxes(1, 2), "key": key.swapaxes(1, 2), "value": value.swapaxes(1, 2)}

    def _views(self, QKV: Array, samples: int) -> tuple[Array, Array, Array]:
        """Q, K, V with axes (groups, heads, samples, rows, tokens) as views of the stacked rows."""
        N = self.width
        parts = QKV[:, :N], QKV[:, N:2 * N], QKV[:, 2 * N:]
        Q, K, V = (self._by_sample(part.reshape(len(QKV), self.heads, -1, QKV.shape[2]), samples) for part in parts)
        return Q, K, V

    def _by_sample(self, M: Array, samples: int) -> Array:
        """View of (groups, heads, rows, samples * tokens) with axes (groups, heads, samples, rows, tokens)."""
        return M.reshape(*M.shape[:3], samples, -1).swapaxes(2, 3)


def _exponential(S: Array) -> None:
    """Exponentials in place, of scores that are shifted by the maxima of their columns if any of them is large."""
    if not max(S.real.max(), -S.real.min()) < UNSHIFTED * np.log(np.finfo(S.dtype).max):
        S -= S.real.max(axis=-2, keepdims=True)
    np.exp(S, out=S)
