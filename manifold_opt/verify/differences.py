"""Derivatives of curves by extrapolated central differences, with steps that balance the two errors."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array

__all__ = ["velocity", "acceleration"]


def velocity(curve: Callable[[float], Array], dtype: npt.DTypeLike, t: float = 0.0) -> Array:
    r"""The derivative of a curve, with an error of the order of :math:`\mathrm{eps}^{4/5}`."""
    real: Any = np.dtype(dtype).type
    h = _step(dtype, 5)
    wide = (curve(t + h) - curve(t - h)) / real(2 * h)
    narrow = (curve(t + h / 2) - curve(t - h / 2)) / real(h)
    return np.asarray((4 * narrow - wide) / 3)


def acceleration(curve: Callable[[float], Array], dtype: npt.DTypeLike, t: float = 0.0) -> Array:
    r"""The second derivative of a curve, with an error of the order of :math:`\mathrm{eps}^{2/3}`."""
    real: Any = np.dtype(dtype).type
    h, middle = _step(dtype, 6), curve(t)
    wide = (curve(t + h) - 2 * middle + curve(t - h)) / real(h * h)
    narrow = (curve(t + h / 2) - 2 * middle + curve(t - h / 2)) / real(h * h / 4)
    return np.asarray((4 * narrow - wide) / 3)


def _step(dtype: npt.DTypeLike, root: int) -> float:
    """The power of two next to eps^(1/root)."""
    return float(2.0 ** np.round(np.log2(np.finfo(dtype).eps) / root))
