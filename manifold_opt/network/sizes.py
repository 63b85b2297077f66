"""What a network is made of: sizes, switches, types of numbers, from Python or from NumPy."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import check_integer

__all__ = ["check_dtype", "check_heads", "check_switch"]


def check_switch(name: str, value: object) -> bool:
    """The value as a Python truth value; TypeError unless it is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False: got {type(value).__name__}")
    return bool(value)


def check_heads(width: object, heads: object) -> tuple[int, int]:
    """Width and number of heads; TypeError or ValueError unless the heads divide the width."""
    N, h = check_integer("width", width, 1), check_integer("heads", heads, 1)
    if N % h:
        raise ValueError(f"heads must divide width: got {h} heads and width {N}, remainder {N % h}")
    return N, h


def check_dtype(name: str, dtype: object) -> np.dtype[Any]:
    """The dtype, or TypeError unless it is float32 or float64."""
    try:
        real: np.dtype[Any] | None = np.dtype(dtype)  # type: ignore[call-overload]
    except TypeError:
        real = None
    if dtype is None or real is None or real.char not in "fd" or not real.isnative:
        raise TypeError(f"{name} must be float32 or float64: got {dtype if real is None else real}")
    return real
