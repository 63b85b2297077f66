"""The borders of a step: what it takes, and the largest defect with which it hands out a point."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array, check_array, check_finite, is_finite, tolerance
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.sections import GlobalSection, RetractionError
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import HorizontalElement

__all__ = ["GradientError", "check_gradient", "check_moments", "check_moved", "check_section", "check_velocity",
           "defect_bound", "keep", "named"]

SECTION_INTERVAL = 10
"""Every so many steps the section of a compact group is looked at, not only its point: it costs one product of N x N by
N x 2. A group that is not compact multiplies errors, and is looked at in every step.
"""


class GradientError(ValueError):
    """A gradient whose square, or whatever else a method makes of it, overflows."""


LARGEST = {char: float(np.finfo(char).max) for char in "fdFD"}


def named(noun: str, path: str) -> str:
    """How messages call a leaf; a single array has no path."""
    return f"{noun} {path!r}" if path else noun


def defect_bound(space: HomogeneousSpace, Y: Array, t: int) -> float:
    r"""The largest defect that a point may have after t steps, :math:`100\,\mathrm{eps}\sqrt{N(1 + t)}`, times
    :math:`\|Y\|^2` where that is larger (symplectic spaces): ten times what rounding leaves of a random walk.
    """
    axes = tuple(range(-len(space.shape), 0))
    size = max(1.0, float(np.max(np.linalg.norm(Y, axis=axes), initial=0.0)) ** 2 / space.shape[-1])
    return tolerance(100.0 * size * float(np.sqrt(1.0 + t)), Y.dtype, space.shape[0])


def check_gradient(path: str, dL: Any, point: Array) -> Array:
    """Return the gradient if it is a finite array in shape and dtype of the point; the error names the parameter."""
    name = named("gradient of", path) if path else "gradient"
    dL = check_array(name, dL)
    if dL.shape != point.shape or dL.dtype != point.dtype:
        raise ValueError(f"{name} must have shape {point.shape} and dtype {point.dtype}: got {dL.shape}, {dL.dtype}")
    return check_finite(name, dL)


def check_moments(path: str, space: HomogeneousSpace, dL: Array, moments: dict[str, Any]) -> None:
    """GradientError if a moment overflowed: Adam would divide by infinity, and not move, in silence."""
    adjoint, size, largest = getattr(space, "adjoint", None), float(np.vdot(dL, dL).real), LARGEST[dL.dtype.char]
    if size < (largest / 16 if adjoint is None or adjoint.is_compact else largest**0.5):
        # the norm of the lift is at most 2 |dL|, or that times the square of the norm of an ordinary point: all its
        # squares are finite, and with them their averages
        return
    for name, array in _arrays(moments):
        if not np.isfinite(array).all():
            raise GradientError(f"{named('gradient of', path) if path else 'gradient'} must be small enough that the "
                                f"moment {name} is finite in {dL.dtype}: got entries up to "
                                f"{float(np.max(np.abs(dL), initial=0.0)):.1e}")


def keep(moments: dict[str, Any], dL: Array) -> dict[str, Any]:
    """The moments, with copies of those that share memory with the gradient, which is the caller's."""
    if not any(np.may_share_memory(array, dL) for _, array in _arrays(moments)):
        return moments
    return {name: moment.map(np.copy) if isinstance(moment, HorizontalElement) else np.copy(moment)
            for name, moment in moments.items()}


def _arrays(moments: dict[str, Any]) -> Iterator[tuple[str, Array]]:
    """The arrays of the moments, each with the name of its moment."""
    for name, moment in moments.items():
        if isinstance(moment, HorizontalElement):
            yield name, moment.A
            yield name, moment.B
        else:
            yield name, np.asarray(moment)


def check_moved(path: str, space: HomogeneousSpace, section: GlobalSection, W: HorizontalElement, t: int) -> None:
    r"""RetractionError naming parameter, defect and length of the step, if the point after step t is off the space.

    The whole defect takes :math:`2Nn^2` operations for a point and :math:`2N^3` for a section. So the relation
    :math:`(YU)^*(YU) = U^*U` is looked at in each step for one fixed column U in general position (two columns for a
    skew form), and only where it fails the whole defect is computed. The section is looked at in the same way, every
    ten steps on the compact groups; in between a wrong section shows in the next point.
    """
    adjoint = getattr(space, "adjoint", None)
    if adjoint is None:
        if not np.isfinite(np.vdot(section.point, section.point)) and not np.isfinite(section.point).all():
            raise _off(path, "overflows " + str(section.point.dtype), W)
        return
    Y, (N, n) = section.point, space.shape
    if not _is_inconspicuous(Y.__matmul__, n, N, Y.dtype, adjoint):
        bound = defect_bound(space, Y, t)
        defect = float(np.max(space.point_defect(Y), initial=0.0))
        if not np.isfinite(defect):
            raise _off(path, f"overflows {Y.dtype}", W)
        if not defect <= bound:
            raise _off(path, f"leaves the space: defect {defect:.1e}, tolerance {bound:.1e}", W)
    due = t % SECTION_INTERVAL == 0 or not adjoint.is_compact
    if due and not _is_inconspicuous(section.act, N, N, Y.dtype, adjoint):
        check_section(path, space, section, t, W)


def check_velocity(path: str, W: HorizontalElement) -> None:
    """RetractionError unless a velocity is finite: gradients are, so that the section or the moments are not."""
    if not (is_finite(W.A) and is_finite(W.B)):
        raise RetractionError(f"{named('parameter', path)}: the velocity must be finite: the lift of the gradient "
                              f"overflows {W.dtype}, or section or moments of the state are not finite")


def check_section(path: str, space: HomogeneousSpace, section: GlobalSection, t: int,
                  W: HorizontalElement | None = None) -> None:
    """RetractionError (after a step W) or, with four times the tolerance, ValueError if the group element of a section
    is off the group.
    """
    Lambda = section.to_dense()
    defect = float(np.max(space.group.defect(Lambda), initial=0.0))
    size = max(1.0, float(np.max(np.linalg.norm(Lambda, axis=(-2, -1)), initial=0.0)) ** 2 / Lambda.shape[-1])
    bound = tolerance((100.0 if W is not None else 400.0) * size * float(np.sqrt(1.0 + t)), Lambda.dtype,
                      Lambda.shape[-1])
    if not defect <= bound:
        text = f"the group: defect of the section {defect:.1e}, tolerance {bound:.1e}"
        if W is not None:
            raise _off(path, "leaves " + text, W)
        raise ValueError(f"section of {named('parameter', path)} must lie in {text}")


def _off(path: str, what: str, W: HorizontalElement) -> RetractionError:
    length = float(np.max(W.norm(), initial=0.0))
    return RetractionError(f"{named('parameter', path)}: the step of length {length:.1e} {what}; take a smaller step")


def _is_inconspicuous(act: Callable[[Array], Array], n: int, N: int, dtype: Any, adjoint: Adjoint) -> bool:
    """Whether P = act(U) = YU satisfies P*P = U*U to rounding; NaN does not."""
    U, product, bound = _columns(n, N, dtype, adjoint)
    P = act(U)
    departure = adjoint(P) @ P
    departure -= product
    return bool(np.abs(departure).max(initial=0.0) <= bound)


@lru_cache(maxsize=64)
def _columns(n: int, N: int, dtype: Any, adjoint: Adjoint) -> tuple[Array, Array, float]:
    """A column U of n entries and norm one in general position, or two for a skew form, the product U*U, and how far
    (YU)*(YU) may be from it: a defect of norm d shows there as about d/n.
    """
    angle = np.sqrt(2.0) * np.arange(1, n + 1)
    U = np.stack([np.cos(angle), np.sin(angle)][:1 if adjoint.is_compact else 2], axis=-1)
    U = np.asarray(U / np.linalg.norm(U, axis=0), dtype)
    return U, adjoint(U) @ U, max(tolerance(25.0, dtype, N) / n, tolerance(16.0, dtype, 1))
