"""Adam with decoupled weight decay."""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

from manifold_opt.arrays.checks import Array
from manifold_opt.optimizers.adam import Adam
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import Rate, check_number, rate_at
from manifold_opt.sections import GlobalSection
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.tangent import GlobalTangentSpace, HorizontalElement

__all__ = ["AdamW"]


@final
@dataclass(frozen=True)
class AdamW(Method):
    r"""Adam with decoupled weight decay: :math:`W = W_{Adam} - \eta\lambda D`, where D is the lift of the Riemannian
    gradient of :math:`\frac12\|Y\|^2`.

    The decay does not pass through the moments. What it does depends on the space:

    - on a vector space D is the point itself, and the method is the textbook's;
    - on Stiefel and Grassmann manifolds :math:`\|Y\|^2 = n` is constant, so that D = 0 and the decay does nothing:
      an :class:`~manifold_opt.Optimizer` that has no other parameters warns of it;
    - on the symplectic spaces the norm is unbounded and governs the condition number: the smallest norm,
      :math:`\|Y\|^2 = 2n`, is that of the points with orthonormal columns.

    Source: I. Loshchilov and F. Hutter, arXiv:1711.05101, algorithm 2. Paper: v4, section 4, the framework.

    Parameters
    ----------
    learning_rate, rho1, rho2, delta : float
        As those of :class:`Adam`.
    weight_decay : float
        The number :math:`\lambda \ge 0`; each step takes the share :math:`\eta\lambda` of the weights away.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number or out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean, Optimizer
    >>> from manifold_opt.optimizers import AdamW
    >>> optimizer = Optimizer(AdamW(learning_rate=0.1, weight_decay=0.5), Euclidean(2))
    >>> x = np.array([4.0, -2.0])
    >>> optimizer.step(x, np.zeros(2), optimizer.init(x))[0]
    array([ 3.8, -1.9])
    """

    learning_rate: Rate = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7
    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        self._adam  # noqa: B018  (its own checks)
        check_number("weight_decay", self.weight_decay)

    @cached_property
    def _adam(self) -> Adam:
        return Adam(self.learning_rate, self.rho1, self.rho2, self.delta)

    def init(self, like: HorizontalElement) -> Moments:
        """Both moments are zero."""
        return self._adam.init(like)

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """Adam's part of the velocity; :meth:`step` adds the decay."""
        return self._adam.update(G, moments, t)

    def update_in_place(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The same with the new moments in the arrays of the old ones."""
        return self._adam.update_in_place(G, moments, t)

    def step(self, section: GlobalSection, dL: Array, moments: Moments, t: int, *,
             in_place: bool = False) -> tuple[HorizontalElement, Moments]:
        """Adam's velocity and the decay, which is exactly zero where the norm of points is constant."""
        W, moments = super().step(section, dL, moments, t, in_place=in_place)
        if self.weight_decay and not has_constant_norm(section.tangent_space):
            W = W - section.lift_gradient(section.point) * (
                rate_at("learning_rate", self.learning_rate, t) * self.weight_decay)
        return W, moments


def has_constant_norm(space: HomogeneousSpace | GlobalTangentSpace) -> bool:
    """Whether all points of a space have the same norm: those of a compact group."""
    adjoint = getattr(space, "adjoint", None)
    return adjoint is not None and bool(adjoint.is_compact)
