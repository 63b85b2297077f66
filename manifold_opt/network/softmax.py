r"""The softmax and its derivative, along any axis."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_finite

__all__ = ["softmax", "softmax_backward"]


def softmax(x: Array, axis: int = -1) -> Array:
    r"""Exponentials divided by their sum, :math:`P_i = e^{x_i} / \sum_k e^{x_k}`.

    The largest (real part of an) entry is subtracted first, which cancels in the quotient, so that nothing overflows.

    Parameters
    ----------
    x : numpy.ndarray
        Array of any shape; complex input is accepted so that complex steps can differentiate it.
    axis : int
        The axis of the sum.

    Returns
    -------
    numpy.ndarray
        Array of the shape and dtype of `x` that sums to one along `axis`.

    Raises
    ------
    TypeError, ValueError
        If `x` is no array of finite floating-point numbers, or has no such axis or no entry along it.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import softmax
    >>> softmax(np.array([1e4, 1e4, -1e4]))
    array([0.5, 0.5, 0. ])
    """
    check_array("x", x)
    if not -x.ndim <= axis < x.ndim or not x.shape[axis]:
        raise ValueError(f"x must have entries along axis {axis}: got shape {x.shape}")
    check_finite("x", x)
    E = np.exp(x - x.real.max(axis=axis, keepdims=True))
    P: Array = E / E.sum(axis=axis, keepdims=True)
    return P


def softmax_backward(P: Array, dP: Array, axis: int = -1) -> Array:
    r"""Gradient of the softmax, :math:`dx = P \circ (dP - \sum_k P_k\,dP_k)`.

    It follows from :math:`\partial P_k / \partial x_i = P_k(\delta_{ki} - P_i)`.

    Parameters
    ----------
    P : numpy.ndarray
        The value of :func:`softmax`.
    dP : numpy.ndarray
        Gradient of a scalar with respect to `P`, of the same shape.
    axis : int
        The axis of the sum.

    Returns
    -------
    numpy.ndarray
        Gradient with respect to the argument of the softmax.

    Raises
    ------
    TypeError, ValueError
        If an argument is no array of finite floating-point numbers, or the shapes differ.

    Examples
    --------
    A constant added to every entry changes nothing, so the gradient sums to zero.

    >>> import numpy as np
    >>> from manifold_opt.network import softmax, softmax_backward
    >>> x, dP = np.random.default_rng(0).normal(size=(2, 5))
    >>> bool(abs(softmax_backward(softmax(x), dP).sum()) < 1e-15)
    True
    """
    check_array("P", P)
    check_array("dP", dP)
    if dP.shape != P.shape:
        raise ValueError(f"dP must have the shape {P.shape} of P: got {dP.shape}")
    check_finite("P", P)
    check_finite("dP", dP)
    dx: Array = P * (dP - (P * dP).sum(axis=axis, keepdims=True))
    return dx
