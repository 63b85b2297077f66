"""Tolerances and the checks at the border of the library."""
from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "RetractionError", "tolerance", "check_array", "check_finite", "is_finite", "check_integer",
           "check_trailing_shape", "check_constraint"]

Array = npt.NDArray[Any]


class RetractionError(ValueError):
    """A retraction is undefined or overflows at the given velocity; a smaller step helps.

    Examples
    --------
    >>> from manifold_opt.sections import RetractionError
    >>> issubclass(RetractionError, ValueError)
    True
    """


def tolerance(C: float, dtype: npt.DTypeLike, N: int) -> float:
    r"""The one tolerance of the library, :math:`C \cdot \mathrm{eps}(\mathrm{dtype}) \cdot \sqrt{N}`.

    Parameters
    ----------
    C : float
        Calibrated constant of the quantity that is checked: point from a QR decomposition 10, section 20, lift and
        metric identities 10, exponential 20 max(1, norm), Cayley 20, drift after k steps 10 sqrt(k).
    dtype : dtype
        Real or complex floating-point type.
    N : int
        Ambient dimension.

    Returns
    -------
    float

    Examples
    --------
    >>> from manifold_opt.arrays.checks import tolerance
    >>> tolerance(10, "float64", 100) == 100 * 2.0**-52
    True
    """
    return C * float(np.finfo(dtype).eps) * float(np.sqrt(max(N, 1)))


def check_array(name: str, value: object) -> Array:
    """Return `value` as an array of floating-point (or complex) type.

    Parameters
    ----------
    name : str
        How the error message calls the value.
    value : array_like
        What the caller gave.

    Returns
    -------
    numpy.ndarray
        The same object, unless it is a NumPy scalar.

    Raises
    ------
    TypeError
        If `value` is no array of float32, float64, complex64 or complex128 numbers.

    Examples
    --------
    >>> from manifold_opt.arrays.checks import check_array
    >>> check_array("Y", [[1, 0]])
    Traceback (most recent call last):
    ...
    TypeError: Y must be a NumPy array of floating-point numbers: got list
    """
    if isinstance(value, np.generic):
        # what NumPy makes of an array without axes
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array of floating-point numbers: got {type(value).__name__}")
    if value.dtype.char not in "fdFD":
        raise TypeError(f"{name} must be of dtype float32, float64 or their complex counterparts: got {value.dtype}")
    return value


def check_integer(name: str, value: object, minimum: int | None = None) -> int:
    """Return an integer (of Python or NumPy) as an integer of Python.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    value : int
        What the caller gave; True and False are no integers here.
    minimum : int, optional
        The least value.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If `value` is no integer.
    ValueError
        If it is less than the least value.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.checks import check_integer
    >>> check_integer("N", np.int64(3), 1)
    3
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer: got {type(value).__name__}")
    if minimum is not None and value < minimum:
        raise ValueError(f"{name} must be at least {minimum}: got {value}")
    return int(value)


def check_finite(name: str, value: Array) -> Array:
    """Return `value` if it holds neither NaN nor infinity.

    Parameters
    ----------
    name : str
        How the error message calls the value.
    value : numpy.ndarray
        Array of any shape.

    Returns
    -------
    numpy.ndarray
        The same object.

    Raises
    ------
    ValueError
        If an entry is not finite; the message counts them and names the first.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.checks import check_finite
    >>> check_finite("gradient", np.array([0.0, np.nan]))
    Traceback (most recent call last):
    ...
    ValueError: gradient must be finite: got 1 NaN or infinite entry, the first at index (1,)
    """
    if not is_finite(value):
        bad = np.argwhere(~np.isfinite(value))
        count = f"{len(bad)} NaN or infinite {'entry' if len(bad) == 1 else 'entries'}"
        first = tuple(int(i) for i in bad[0])
        raise ValueError(f"{name} must be finite: got {count}, the first at index {first}")
    return value


def is_finite(value: Array) -> bool:
    """Whether an array holds neither NaN nor infinity.

    Parameters
    ----------
    value : numpy.ndarray
        Array of any shape.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.checks import is_finite
    >>> is_finite(np.array([1e300, 2.0])), is_finite(np.array([np.inf, 2.0]))
    (True, False)
    """
    # the sum of squares is one fast pass; only where it overflows each entry is looked at
    return bool(np.isfinite(np.vdot(value, value)) or np.isfinite(value).all())


def check_trailing_shape(name: str, value: Array, shape: tuple[int, ...]) -> Array:
    """Return `value` if its last axes have the given lengths (the axes before them are the stack).

    Parameters
    ----------
    name : str
        How the error message calls the value.
    value : numpy.ndarray
        Array of shape (..., *shape).
    shape : tuple of int
        Required trailing shape.

    Returns
    -------
    numpy.ndarray
        The same object.

    Raises
    ------
    ValueError
        If the shape does not end as required.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.checks import check_trailing_shape
    >>> check_trailing_shape("Y", np.zeros((5, 3, 2)), (3, 2)).shape
    (5, 3, 2)
    """
    if value.ndim < len(shape) or value.shape[value.ndim - len(shape):] != shape:
        required = ", ".join(["...", *(str(length) for length in shape)])
        raise ValueError(f"{name} must have shape ({required}): got {value.shape}")
    return value


def check_constraint(name: str, requirement: str, defect: Array | float, bound: float) -> None:
    """Raise unless every measured defect stays within its bound.

    Parameters
    ----------
    name : str
        How the error message calls the value.
    requirement : str
        The equation that must hold, as text.
    defect : float or numpy.ndarray
        Measured defects, one for each member of the stack.
    bound : float
        Tolerance, from :func:`tolerance`.

    Raises
    ------
    ValueError
        With requirement, largest defect and tolerance.

    Examples
    --------
    >>> from manifold_opt.arrays.checks import check_constraint
    >>> check_constraint("Y", "Y*Y = I", 3.1e-4, 2.2e-14)
    Traceback (most recent call last):
    ...
    ValueError: Y must satisfy Y*Y = I: defect 3.1e-04, tolerance 2.2e-14
    """
    worst = float(np.max(defect, initial=0.0))
    if not worst <= bound:
        raise ValueError(f"{name} must satisfy {requirement}: defect {worst:.1e}, tolerance {bound:.1e}")
