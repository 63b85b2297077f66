"""What a retraction is: from a velocity in the global tangent space to an element of the group."""
from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array, RetractionError, tolerance
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.sections.group_step import GroupStep
from manifold_opt.tangent import HorizontalElement

__all__ = ["Retraction", "RetractionError", "check_moved"]


class Retraction(ABC):
    r"""A map :math:`W \mapsto \mathcal R(W)` from the global tangent space to the group.

    It sees the velocity only, never a point or a section, so that the step :math:`\Lambda \leftarrow
    \Lambda\,\mathcal R(W)` is linear in the section.
    Paper: v4, section 4, "retractions".

    Examples
    --------
    Both retractions leave a section as it is if the velocity is zero, exactly:

    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections import Cayley, Geodesic
    >>> section = Stiefel(5, 2).global_section(np.eye(5, 2))
    >>> zero = section.lift(np.zeros((5, 2)))
    >>> [np.array_equal(section.move(zero, retraction).point, np.eye(5, 2)) for retraction in (Cayley(), Geodesic())]
    [True, True]
    """

    @abstractmethod
    def step(self, W: HorizontalElement) -> GroupStep:
        r"""The group element :math:`\mathcal R(W)`.

        Parameters
        ----------
        W : HorizontalElement
            Velocity, with blocks A (..., n, n) and B (..., N - n, n).

        Returns
        -------
        GroupStep

        Raises
        ------
        RetractionError
            If the retraction is undefined or overflows at W.
        """

    def derivative(self, X: HorizontalElement, t: float) -> HorizontalElement:
        r"""The element Z with :math:`\frac{d}{dt}\Lambda\mathcal R(tX)E = \Lambda\mathcal R(tX)ZE`, for line searches.

        Raises
        ------
        TypeError
            If the retraction does not know it.
        """
        raise TypeError(f"retraction must know its derivative where a line search needs it, as 'geodesic' and 'cayley' "
                        f"do: got {type(self).__name__}")

    @final
    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@lru_cache
def _largest_defect(dtype: np.dtype[Any], N: int) -> float:
    """The bound of the defect relative to |Y|^2; tall points of float32 sum up more rounding than sqrt(eps)."""
    return max(float(np.sqrt(np.finfo(dtype).eps)), tolerance(100, dtype, N))


def check_moved(Y: Array, adjoint: Adjoint, W: HorizontalElement) -> Array:
    r"""Return the point Y after a step W if it is one: RetractionError where the defect of :math:`Y^*Y = I` exceeds
    :math:`\sqrt{eps}\,|Y|^2`.

    Where the group is compact the step is a rotation, and only the norm of the whole stack is looked at.
    """
    bound = _largest_defect(Y.dtype, Y.shape[-2])
    if adjoint.is_compact:
        columns = Y.size / max(Y.shape[-2], 1)
        worst = abs(float(np.vdot(Y, Y).real) - columns) / max(columns, 1.0)
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            scale = np.maximum(np.linalg.norm(Y, axis=(-2, -1)) ** 2, 1.0)
            defect = np.linalg.norm(adjoint(Y) @ Y - np.eye(Y.shape[-1], dtype=Y.dtype), axis=(-2, -1)) / scale
        worst = float(np.max(defect, initial=0.0))
    # written so that NaN is an error
    if not worst <= bound:
        length = np.max(W.norm(), initial=0.0)
        raise RetractionError(f"the point after a step of norm {length:.1e} must satisfy Y*Y = I: defect "
                              f"{worst:.1e} |Y|^2, at most {bound:.1e} |Y|^2; take a smaller step")
    return Y
