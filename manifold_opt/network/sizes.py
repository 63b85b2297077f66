"""Sizes and switches of a network: positive integers and truth values, from Python or from NumPy."""
from __future__ import annotations

import operator

import numpy as np

__all__ = ["check_heads", "check_size", "check_switch"]


def check_size(name: str, value: object, least: int = 1) -> int:
    """The value as a Python integer; TypeError or ValueError unless it is an integer of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer: got {type(value).__name__}")
    if (size := operator.index(value)) < least:
        raise ValueError(f"{name} must be at least {least}: got {size}")
    return size


def check_switch(name: str, value: object) -> bool:
    """The value as a Python truth value; TypeError unless it is one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False: got {type(value).__name__}")
    return bool(value)


def check_heads(width: object, heads: object) -> tuple[int, int]:
    """Width and number of heads; TypeError or ValueError unless the heads divide the width."""
    N, h = check_size("width", width), check_size("heads", heads)
    if N % h:
        raise ValueError(f"heads must divide width: got {h} heads and width {N}, remainder {N % h}")
    return N, h
