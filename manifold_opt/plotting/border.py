"""The checks at the border of the pictures."""
from __future__ import annotations

from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["check_axes", "check_numbers"]


def check_axes(axes: Any, kind: str = "plain") -> Any:
    """Return axes if they are of matplotlib, and three-dimensional for the kind "space"; TypeError otherwise."""
    if not hasattr(axes, "plot") or not hasattr(axes, "get_legend_handles_labels"):
        raise TypeError(f"axes must be axes of matplotlib: got {type(axes).__name__}")
    if kind == "space" and not hasattr(axes, "elev"):
        raise TypeError("axes must be of the kind 'space', plotting.new_figure(kinds='space'): got plane ones")
    return axes


def check_numbers(name: str, value: Any, shape: str = "", *, ndim: tuple[int, ...] = (), finite: bool = False) -> Array:
    """The value as an array of floats; TypeError or ValueError naming it if it is none, or not of the shape."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers {shape}".rstrip() + f": {error}") from error
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers: got {array.dtype}")
    if ndim and array.ndim not in ndim:
        raise ValueError(f"{name} must have shape {shape}: got {array.shape}")
    if finite and not np.isfinite(array).all():
        wrong = int(np.count_nonzero(~np.isfinite(array)))
        raise ValueError(f"{name} must be finite: got {wrong} entries that are not")
    return array.astype(float)
