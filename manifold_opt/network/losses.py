r"""The two loss functions."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_finite
from manifold_opt.network.parameters import check_like
from manifold_opt.network.softmax import softmax, softmax_backward

__all__ = ["Loss", "RelativeLoss", "CrossEntropy", "loss_function"]


class Loss(ABC):
    """A loss of the predicted probabilities y against the targets t, both of shape (batch, classes).

    Values come as NumPy scalars, complex for complex input, so that complex steps can differentiate them. Both losses
    raise TypeError or ValueError unless y and t are finite arrays of one shape and one precision.
    """

    @abstractmethod
    def value(self, y: Array, t: Array) -> Any:
        """The loss of the whole batch."""

    @abstractmethod
    def gradient(self, y: Array, t: Array) -> Array:
        """Its gradient with respect to y, of shape (batch, classes)."""

    @abstractmethod
    def of_logits(self, logits: Array, t: Array) -> tuple[Any, Array]:
        """Loss of the softmax of the logits, and its gradient with respect to the logits."""


@final
class RelativeLoss(Loss):
    r"""The paper's loss, the relative error in the Frobenius norm of the whole batch,

    .. math:: \ell = \frac{\|y - t\|}{\|t\|}, \quad dy = \frac{y - t}{\|y - t\|\,\|t\|} .

    At y = t the gradient is set to zero, which is a subgradient.

    References
    ----------
    Paper: v4, section 5.

    Examples
    --------
    A network that answers the same class for every image of ten equally frequent ones has a loss of :math:`\sqrt{1.8}`.

    >>> import numpy as np
    >>> from manifold_opt.network import RelativeLoss, one_hot
    >>> t = one_hot(np.arange(10), dtype=np.float64)
    >>> y = one_hot(np.zeros(10, int), dtype=np.float64)
    >>> bool(np.isclose(RelativeLoss().value(y, t), np.sqrt(1.8)))
    True
    """

    def value(self, y: Array, t: Array) -> Any:
        """The relative error."""
        check_like("t", t, _check_output("y", y))
        return _norm(y - t) / _target_norm(t)

    def gradient(self, y: Array, t: Array) -> Array:
        """Its gradient with respect to y."""
        check_like("t", t, _check_output("y", y))
        distance = _norm(y - t)
        return np.zeros_like(y) if distance == 0 else (y - t) / (distance * _target_norm(t))

    def of_logits(self, logits: Array, t: Array) -> tuple[Any, Array]:
        """Loss, and its gradient taken through the softmax."""
        check_like("t", t, _check_output("logits", logits))
        y = softmax(logits)
        return self.value(y, t), softmax_backward(y, self.gradient(y, t))


@final
class CrossEntropy(Loss):
    r"""The mean cross-entropy over the b samples of the batch,

    .. math:: \ell = -\tfrac1b \sum t \circ \log y, \quad dy = -\tfrac1b\, t / y .

    From logits Z it is computed without the detour over y, so that nothing under- or overflows however large they are:

    .. math:: \log y = Z - m - \log \sum e^{Z - m}, \quad dZ = \tfrac1b (y \circ \textstyle\sum t - t),

    with m the largest logit and the sums over the classes. Where only y is at hand, entries below the smallest normal
    number are raised to it.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import CrossEntropy
    >>> value, gradient = CrossEntropy().of_logits(np.array([[1e4, 0.0]]), np.array([[0.0, 1.0]]))
    >>> float(value), gradient
    (10000.0, array([[ 1., -1.]]))
    """

    def value(self, y: Array, t: Array) -> Any:
        """The mean cross-entropy."""
        check_like("t", t, _check_output("y", y))
        return -(t * np.log(_at_least_tiny(y))).sum(axis=-1).mean()

    def gradient(self, y: Array, t: Array) -> Array:
        """Its gradient with respect to y."""
        check_like("t", t, _check_output("y", y))
        dy: Array = -t / (len(y) * _at_least_tiny(y))
        return dy

    def of_logits(self, logits: Array, t: Array) -> tuple[Any, Array]:
        """Loss and gradient, exact for logits of any size."""
        check_like("t", t, _check_output("logits", logits))
        shifted = logits - logits.real.max(axis=-1, keepdims=True)
        log_y = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        gradient: Array = (np.exp(log_y) * t.sum(axis=-1, keepdims=True) - t) / len(t)
        return -(t * log_y).sum(axis=-1).mean(), gradient


def loss_function(loss: str | Loss) -> Loss:
    """The loss of the given name, or the loss itself.

    Parameters
    ----------
    loss : {"relative", "cross_entropy"} or Loss
        What to look up.

    Returns
    -------
    Loss

    Raises
    ------
    TypeError
        If `loss` is neither a name nor a loss.
    ValueError
        If there is no loss of this name; the message lists the valid ones.

    Examples
    --------
    >>> from manifold_opt.network import loss_function
    >>> loss_function("hinge")
    Traceback (most recent call last):
    ...
    ValueError: loss must be one of 'relative', 'cross_entropy': got 'hinge'
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise TypeError(f"loss must be a name or a Loss: got {type(loss).__name__}")
    if loss not in _LOSSES:
        raise ValueError(f"loss must be one of {', '.join(map(repr, _LOSSES))}: got {loss!r}")
    return _LOSSES[loss]


_LOSSES: dict[str, Loss] = {"relative": RelativeLoss(), "cross_entropy": CrossEntropy()}


def _check_output(name: str, y: Array) -> Array:
    """What the network has put out, or ValueError or TypeError unless it is a finite array (batch, classes)."""
    check_array(name, y)
    if y.ndim != 2 or 0 in y.shape:
        raise ValueError(f"{name} must have shape (batch, classes), none of them zero: got {y.shape}")
    return check_finite(name, y)


def _norm(M: Array) -> Any:
    """Frobenius norm as the root of a sum of squares, which complex steps can differentiate (a modulus is not)."""
    return np.sqrt((M * M).sum())


def _target_norm(t: Array) -> Any:
    """Norm of the target, or ValueError if it is zero."""
    if not t.any():
        raise ValueError("t must not be zero: got norm 0")
    return _norm(t)


def _at_least_tiny(y: Array) -> Array:
    tiny = np.finfo(y.dtype).tiny
    return np.where(y.real < tiny, tiny, y)
