r"""From the last token to the probabilities of the classes."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array, check_integer
from manifold_opt.network.sizes import check_dtype
from manifold_opt.network.softmax import softmax

__all__ = ["Classification", "one_hot"]


def one_hot(labels: Array, classes: int = 10, dtype: np.dtype[np.floating] | type = np.float32) -> Array:
    """Class numbers as unit vectors.

    Parameters
    ----------
    labels : numpy.ndarray
        Integers from 0 to classes - 1, of shape (batch,).
    classes : int
        Number of classes.
    dtype : dtype
        Type of the entries.

    Returns
    -------
    numpy.ndarray
        Array of shape (batch, classes) with one 1 in every row.

    Raises
    ------
    TypeError
        If `labels` is no array of integers, `classes` no integer, or `dtype` neither float32 nor float64.
    ValueError
        If `labels` has not one axis, or a label is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import one_hot
    >>> one_hot(np.array([2, 0]), classes=3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    classes = check_integer("classes", classes, 1)
    if not isinstance(labels, np.ndarray) or isinstance(labels, np.ma.MaskedArray) or labels.dtype.kind not in "iu":
        got = labels.dtype if type(labels) is np.ndarray else type(labels).__name__
        raise TypeError(f"labels must be a NumPy array of integers: got {got}")
    if labels.ndim != 1:
        raise ValueError(f"labels must have shape (batch,): got {labels.shape}")
    dtype = check_dtype("dtype", dtype).type
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"labels must lie in 0..{classes - 1}: got {labels.min()}..{labels.max()}")
    return np.eye(classes, dtype=dtype)[labels]


@final
class Classification:
    r"""Softmax of a linear map of the last token.

    With the last tokens of the batch as rows of X and the weight :math:`C \in R^{classes \times N}`,

    .. math:: Z = X C^T, \quad y = \mathrm{softmax}(Z) \text{ along rows.}

    Backward from the gradient dZ with respect to the logits, :math:`dC = dZ^T X` and :math:`dX = dZ\,C`; for the step
    from dy to dZ see :func:`manifold_opt.network.softmax_backward`.

    Parameters
    ----------
    width, classes : int
        Length N of a token, and number of classes.

    References
    ----------
    Paper: v4, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import Classification
    >>> y, logits = Classification(width=3, classes=4).forward(np.zeros((4, 3)), np.ones((2, 3)))
    >>> y[0]
    array([0.25, 0.25, 0.25, 0.25])
    """

    def __init__(self, width: int, classes: int) -> None:
        self.width, self.classes = check_integer("width", width, 1), check_integer("classes", classes, 1)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (classes, width) of the weight."""
        return self.classes, self.width

    def forward(self, C: Array, X: Array) -> tuple[Array, Array]:
        """Probabilities and logits, both (batch, classes), of the tokens X (batch, width)."""
        logits = X @ C.T
        return softmax(logits), logits

    def backward(self, C: Array, X: Array, dlogits: Array) -> tuple[Array, Array]:
        """Gradients dC (classes, width) and dX (batch, width) from that of the logits (batch, classes)."""
        return dlogits.T @ X, dlogits @ C
