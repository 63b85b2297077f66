"""A statement with its numbers: residual, bound and verdict are printed, and what does not hold is an error."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_array, tolerance

__all__ = ["confirm", "confirm_differs"]

WIDTH = 46
"""The column at which the numbers begin."""


def confirm(statement: str, actual: npt.ArrayLike, expected: npt.ArrayLike = 0.0, *, C: float = 10.0,
            size: int | None = None, scale: npt.ArrayLike | None = None, allowed: float | None = None) -> None:
    r"""Print how far two quantities are apart, how far they may be, and the verdict; AssertionError if it is too far.

    The residual is :math:`\|actual - expected\|/scale` in the Frobenius norm. The bound is that of
    :func:`~manifold_opt.arrays.tolerance`, :math:`C\cdot\mathrm{eps}\cdot\sqrt{size}`, with the eps of the coarser of
    the two arrays. NaN never holds.

    Parameters
    ----------
    statement : str
        What is confirmed, as a formula or in words.
    actual : array_like
        A number or an array of any shape: real or complex, of single or double precision. Integers count as exact.
    expected : array_like
        An array of the same shape, or one number for all entries.
    C : float
        Calibrated constant: 10 for identities of a point, 20 for retractions, 10 sqrt(k) after k steps.
    size : int or None
        The number below the root, as a rule the ambient dimension N; None takes the longest axis of `actual`.
    scale : array_like or None
        What the residual is relative to: a positive number, or an array whose norm is meant; None takes the norm of
        `expected`, or 1 if that is larger.
    allowed : float or None
        The bound itself, where not rounding but something else sets it; 0 asks for equality.

    Raises
    ------
    AssertionError
        If the residual exceeds the bound or is NaN; the message is the line, with the verdict "does not hold".
    TypeError
        If an array is not of numbers of single or double precision.
    ValueError
        If the shapes differ, an array is empty, or `scale` or `allowed` are not sensible numbers.

    See Also
    --------
    confirm_differs : The counterpart, for what must not be equal.
    manifold_opt.verify.run : All identities of the paper on a space.

    Notes
    -----
    It is the tool with which chapters and notebooks confirm the identities of the paper (arXiv:2305.16901v4).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.verify import confirm
    >>> confirm("the dimension of St(1, 3)", Stiefel(3, 1).dimension, 2)
    the dimension of St(1, 3) .................... residual       0 =      0 eps, allowed     10 eps: holds

    What comes from rounding differs from machine to machine. An ellipsis leaves the residual open and fixes the rest:

    >>> Y = Stiefel(6, 2).random_point(np.random.default_rng(0))
    >>> confirm("Y^T Y = I", Y.T @ Y, np.eye(2), size=6)                         # doctest: +ELLIPSIS
    Y^T Y = I ... eps, allowed   24.5 eps: holds

    In single precision the same statement is measured in units of its larger eps:

    >>> Y = Y.astype("float32")
    >>> confirm("Y^T Y = I", Y.T @ Y, np.eye(2), size=6)                         # doctest: +ELLIPSIS
    Y^T Y = I ... eps of float32, allowed   24.5 eps: holds

    What does not hold is an error:

    >>> confirm("Y Y^T = I", Y @ Y.T, np.eye(6), size=6)                         # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    AssertionError: Y Y^T = I ... residual 8.2e-01 = ... allowed   24.5 eps: does not hold
    """
    one, other = checked(actual, expected)
    residual = norm(one, other) / checked_scale(scale, other)
    if allowed is None:
        dtype = coarser(one, other)
        eps = float(np.finfo(dtype).eps)
        bound = tolerance(C, dtype, max(one.shape, default=1) if size is None else size)
        unit = "eps" if eps == np.finfo(np.float64).eps else "eps of float32"
        numbers = (f"residual {short(residual):>7} = {plain(residual / eps):>6} {unit}, "
                   f"allowed {plain(bound / eps):>6} eps")
    else:
        bound = checked_bound("allowed", allowed)
        numbers = f"residual {short(residual):>7}, allowed {short(bound):>7}"
    verdict(statement, numbers, "holds", "does not hold", residual <= bound)


def confirm_differs(statement: str, actual: npt.ArrayLike, other: npt.ArrayLike = 0.0, *,
                    scale: npt.ArrayLike | None = None, least: float = 1e-3) -> None:
    r"""Print how far two quantities are apart that must not be equal; AssertionError if they are closer than `least`.

    Parameters
    ----------
    statement : str
        What is confirmed.
    actual, other : array_like
        As for :func:`confirm`.
    scale : array_like or None
        What the difference is relative to, as for :func:`confirm`.
    least : float
        The difference that must at least be there: far above rounding.

    Raises
    ------
    AssertionError
        If the difference is smaller, or NaN.
    TypeError, ValueError
        As for :func:`confirm`; `least` must be positive.

    See Also
    --------
    confirm : What must be equal.

    Notes
    -----
    Some statements of the paper (arXiv:2305.16901v4) say that two things are not the same: two sections of one point,
    a lift and its vertical part.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.verify import confirm_differs
    >>> Y = Stiefel(6, 2).canonical_point()
    >>> confirm_differs("Y and -Y are two points", Y, -Y, scale=1)
    Y and -Y are two points ...................... difference 2.8e+00, at least 1.0e-03: differs
    """
    one, another = checked(actual, other)
    difference, bound = norm(one, another) / checked_scale(scale, another), checked_bound("least", least)
    if bound == 0:
        raise ValueError("least must be positive: got 0")
    verdict(statement, f"difference {short(difference):>7}, at least {short(bound):>7}", "differs", "does not differ",
            difference >= bound)


def verdict(statement: str, numbers: str, yes: str, no: str, passed: bool) -> None:
    """Print the line of a statement that passed; AssertionError with the line of one that did not."""
    head = f"{statement} {'.' * max(3, WIDTH - 1 - len(statement))} {numbers}"
    if not passed:
        raise AssertionError(f"{head}: {no}")
    print(f"{head}: {yes}")


def checked(actual: npt.ArrayLike, expected: npt.ArrayLike) -> tuple[Array, Array]:
    """Both quantities as arrays of numbers, the second of one shape with the first or a number."""
    arrays = []
    for name, value in (("actual", actual), ("expected", expected)):
        array = np.asarray(value)
        # integers are exact: they take part with the precision of the other array
        arrays.append(array if array.dtype.kind in "biu" else check_array(name, array))
    one, other = arrays
    if other.shape not in (one.shape, ()):
        raise ValueError(f"expected must have the shape {one.shape} of actual, or be a number: got {other.shape}")
    if one.size == 0:
        raise ValueError(f"actual must not be empty: got shape {one.shape}")
    return one, other


def checked_scale(scale: npt.ArrayLike | None, expected: Array) -> float:
    """The number that the residual is relative to."""
    if scale is None:
        # where this is not finite the residual is not either, and nothing holds
        return max(1.0, norm(expected))
    value = norm(np.asarray(scale))
    if not 0 < value < np.inf:
        raise ValueError(f"scale must be positive and finite: got {value}")
    return value


def checked_bound(name: str, value: float) -> float:
    """A bound that is no negative number, infinity or NaN."""
    if not 0 <= value < np.inf:
        raise ValueError(f"{name} must be a finite number, not negative: got {value}")
    return float(value)


def coarser(one: Array, other: Array) -> type:
    """float32 if one of two arrays is in single precision, else float64."""
    single = any(array.dtype.char in "fF" for array in (one, other))
    return np.float32 if single else np.float64


def norm(one: Array, other: Array | float = 0.0) -> float:
    """The Frobenius norm of a difference in double precision, without overflow; NaN where infinities meet."""
    wide = np.complex128 if np.iscomplexobj(one) or np.iscomplexobj(other) else np.float64
    with np.errstate(invalid="ignore", over="ignore"):
        difference = np.subtract(one, other, dtype=wide).ravel()
        largest = float(np.max(np.abs(difference)))
        return largest * float(np.linalg.norm(difference / largest)) if 0 < largest < np.inf else largest


def short(value: float) -> str:
    """A number with two digits; 0 is 0."""
    return "0" if value == 0 else f"{value:.1e}"


def plain(value: float) -> str:
    """A multiple of eps with up to three digits, with an exponent from 100,000 on."""
    return f"{value:.3g}" if value < 1e3 else f"{value:.0f}" if value < 1e5 else f"{value:.1e}"
