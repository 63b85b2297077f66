r"""The residual feed-forward layer."""
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, final

import numpy as np

from manifold_opt.arrays.checks import Array, check_integer
from manifold_opt.network.layer import Layer
from manifold_opt.network.layout import sum_of_products
from manifold_opt.network.workspace import Buffers

__all__ = ["FeedForward"]


class FeedForwardCache(NamedTuple):
    """Input Z and activations A = tanh(W Z + b)."""

    Z: Array
    A: Array


@final
class FeedForward(Layer):
    r"""One residual layer that acts on every token alike.

    .. math:: A = \tanh(W Z + b\mathbf{1}^T), \quad Y = Z + A .

    Backward, since :math:`\tanh' = 1 - \tanh^2`,

    .. math:: dU = dY \circ (1 - A \circ A), \quad dW = dU Z^T, \quad db = dU \mathbf{1}, \quad dZ = dY + W^T dU .

    Parameters
    ----------
    width : int
        Number of rows N of Z.

    References
    ----------
    Paper: v4, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import FeedForward
    >>> layer = FeedForward(width=3)
    >>> Z = np.ones((1, 3, 1, 2))
    >>> Y, cache = layer.forward({"weight": np.zeros((3, 3)), "bias": np.zeros(3)}, Z)
    >>> np.array_equal(Y, Z)
    True
    """

    def __init__(self, width: int) -> None:
        self.width = check_integer("width", width, 1)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The weight is (width, width), the bias (width,)."""
        return {"weight": (self.width, self.width), "bias": (self.width,)}

    def forward(self, params: Mapping[str, Array], Z: Array,
                buffers: Buffers | None = None) -> tuple[Array, FeedForwardCache]:
        """Output of the shape of Z, and the cache; both lie in the buffers."""
        buffers = Buffers() if buffers is None else buffers
        W, b = params["weight"], params["bias"]
        X = _columns(Z)
        A = np.matmul(W, X, out=buffers.array("A", X.shape, np.result_type(W, b, Z)))
        A += b[:, None]
        np.tanh(A, out=A)
        Y = np.add(X, A, out=buffers.array("X + A", A.shape, A.dtype))
        return Y.reshape(Z.shape), FeedForwardCache(Z, A)

    def backward(self, params: Mapping[str, Array], cache: FeedForwardCache, dY: Array,
                 buffers: Buffers | None = None) -> tuple[dict[str, Array], Array]:
        """Gradients of weight and bias, and that of Z, which lies in the buffers."""
        buffers = Buffers() if buffers is None else buffers
        X, A, W = _columns(cache.Z), cache.A, params["weight"]
        dU = np.multiply(A, A, out=buffers.array("dU", A.shape, A.dtype))
        np.subtract(1, dU, out=dU)
        dU *= _columns(dY)
        dX = np.matmul(W.T, dU, out=buffers.array("dX", A.shape, A.dtype))
        dX += _columns(dY)
        return {"weight": sum_of_products(dU, X, buffers), "bias": dU.sum(axis=(0, 2))}, dX.reshape(dY.shape)


def _columns(Z: Array) -> Array:
    """View (groups, width, columns) of (groups, width, samples, tokens)."""
    return Z.reshape(*Z.shape[:2], -1)
