"""Tolerances and the checks at the border of the library."""
from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "RetractionError", "tolerance", "Field", "check_array", "check_constraint", "check_dtype",
           "check_finite", "check_integer", "check_sampling", "check_trailing_shape",
           "dtype_of_field", "is_finite"]

Array = npt.NDArray[Any]
Field = Literal["real", "complex", "any"]
FIELDS: dict[Field, tuple[str, str]] = {
    "real": ("fd", "float32 or float64"), "complex": ("FD", "complex64 or complex128"),
    "any": ("fdFD", "float32, float64 or their complex counterparts")}
"""Characters of the dtypes of a field, and their names."""
UNITS: dict[Field, type] = {"real": np.float32, "complex": np.complex64}
WIDENED: dict[Field, Field] = {"real": "real", "complex": "any"}
"""What may be asked for: the precision of complex numbers may be given by a real dtype."""


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


def check_array(name: str, value: object, field: Field = "any") -> Array:
    """Return `value` if it is an array of floating-point numbers of the field, in native byte order; else TypeError.

    Subclasses whose products mean something else (np.matrix, masked arrays) are refused, a NumPy scalar is taken.

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
    if not isinstance(value, np.ndarray) or isinstance(value, (np.matrix, np.ma.MaskedArray)):
        raise TypeError(f"{name} must be a NumPy array of floating-point numbers: got {type(value).__name__}")
    check_dtype(name, value.dtype, field)
    return value


def check_dtype(name: str, dtype: npt.DTypeLike, field: Field = "real") -> np.dtype[Any]:
    """Return a dtype as NumPy's object if the library computes in it; TypeError otherwise.

    Examples
    --------
    >>> from manifold_opt.arrays.checks import check_dtype
    >>> check_dtype("dtype", int)
    Traceback (most recent call last):
    ...
    TypeError: dtype must be float32 or float64: got int64
    """
    found, (kinds, requirement) = np.dtype(dtype), FIELDS[field]
    subject = f"{name} must be" if name == "dtype" else f"{name} must be of dtype"
    if found.char not in kinds:
        raise TypeError(f"{subject} {requirement}: got {found}")
    if not found.isnative:
        raise TypeError(f"{subject} {found.newbyteorder('=')} in the byte order of this machine: got {found.str}")
    return found


def dtype_of_field(dtype: npt.DTypeLike, field: Field = "real") -> np.dtype[Any]:
    """The dtype of numbers of a field: a real dtype stands for its complex counterpart where the field is complex.

    Examples
    --------
    >>> from manifold_opt.arrays.checks import dtype_of_field
    >>> dtype_of_field("float32", "complex"), dtype_of_field("float32", "real")
    (dtype('complex64'), dtype('float32'))
    """
    found = check_dtype("dtype", dtype, WIDENED[field])
    return check_dtype("dtype", np.result_type(found, UNITS[field]), field)


def check_sampling(rng: np.random.Generator, batch: tuple[int, ...], dtype: npt.DTypeLike,
                   field: Field = "real") -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return stack and dtype that a function which draws random numbers is asked for; else TypeError or ValueError.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.checks import check_sampling
    >>> check_sampling(np.random.default_rng(0), (np.int64(2), 3), "float32")
    ((2, 3), dtype('float32'))
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator: got {type(rng).__name__}")
    if not isinstance(batch, (tuple, list)):
        raise TypeError(f"batch must be a tuple of integers: got {type(batch).__name__}")
    return tuple(check_integer("length in batch", length, 0) for length in batch), dtype_of_field(dtype, field)


def check_integer(name: str, value: object, minimum: int | None = None) -> int:
    """Return an integer (Python's or NumPy's, no bool) of at least `minimum` as Python's; else TypeError or ValueError.

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
    """Return `value` if it holds neither NaN nor infinity; ValueError with their number and the first index otherwise.

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
    """Whether an array holds neither NaN nor infinity."""
    # the sum of squares is one fast pass; only where it overflows each entry is looked at
    return bool(np.isfinite(np.vdot(value, value)) or np.isfinite(value).all())


def check_trailing_shape(name: str, value: Array, shape: tuple[int, ...]) -> Array:
    """Return `value` if its last axes (those after the stack) have the given lengths; ValueError otherwise."""
    if value.ndim < len(shape) or value.shape[value.ndim - len(shape):] != shape:
        required = ", ".join(["...", *(str(length) for length in shape)])
        raise ValueError(f"{name} must have shape ({required}): got {value.shape}")
    return value


def check_constraint(name: str, requirement: str, defect: Array | float, bound: float) -> None:
    """Raise ValueError unless every measured defect, one for each member of a stack, is within the bound.

    Examples
    --------
    >>> from manifold_opt.arrays.checks import check_constraint
    >>> check_constraint("Y", "Y*Y = I", 3.1e-4, 2.2e-14)
    Traceback (most recent call last):
    ...
    ValueError: Y must satisfy Y*Y = I: defect 3.1e-04, tolerance 2.2e-14
    """
    worst = float(np.max(defect, initial=0.0))
    if not (worst <= bound and np.isfinite(worst)):
        raise ValueError(f"{name} must satisfy {requirement}: defect {worst:.1e}, tolerance {bound:.1e}")
