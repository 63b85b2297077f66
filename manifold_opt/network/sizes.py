"""Sizes and switches of a network: positive integers and truth values, from Python or from NumPy."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import check_integer

__all__ = ["check_heads", "check_switch"]


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
