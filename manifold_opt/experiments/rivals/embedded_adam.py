"""Adam whose moments are those of the Riemannian gradient as a matrix, entry by entry, without a transport."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.rivals.projections import polar_factor
from manifold_opt.experiments.rivals.rule import ArrayMoments, Rule, adam_direction, adam_moments, is_free
from manifold_opt.optimizers.schedule import Rate, check_rate, rate_at
from manifold_opt.spaces import HomogeneousSpace

__all__ = ["EmbeddedAdam"]


@final
@dataclass(frozen=True)
class EmbeddedAdam(Rule):
    r"""Moments of the Riemannian gradient in the embedding, then the polar retraction along the tangent part.

    .. math:: G = \mathrm{grad}\,L(Y), \quad
        \Delta = -\eta\,P_Y\Bigl(\frac{\hat m}{\sqrt{\hat v} + \delta}\Bigr), \quad
        Y \leftarrow (Y + \Delta)\bigl((Y + \Delta)^T(Y + \Delta)\bigr)^{-1/2} .

    The moments of earlier steps belong to other tangent spaces and are used as they are; the division leaves the
    tangent space, so its result is projected onto it. This is what is left without a global tangent space (paper, v4,
    section 4).

    Parameters
    ----------
    learning_rate : float or callable
        The rate, a number or a function of the step t = 1, 2, ...

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.experiments.rivals import EmbeddedAdam
    >>> rule, space, Y = EmbeddedAdam(0.1), Stiefel(3, 2), np.eye(3, 2)
    >>> Y, _ = rule.update(space, Y, -Y, rule.init(space, Y), 1)          # the gradient is normal: nothing moves
    >>> np.array_equal(Y, np.eye(3, 2))
    True
    """

    learning_rate: Rate = 1e-3

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)

    def init(self, space: HomogeneousSpace, Y: Array) -> ArrayMoments:
        """Both moments are zero."""
        return adam_moments(Y)

    def update(self, space: HomogeneousSpace, Y: Array, dL: Array, moments: ArrayMoments,
               t: int) -> tuple[Array, ArrayMoments]:
        """Moments of the Riemannian gradient, direction, tangent part, retraction."""
        rate = rate_at("learning_rate", self.learning_rate, t)
        if is_free(space):
            direction, moments = adam_direction(dL, moments, t)
            return Y - rate * direction, moments
        direction, moments = adam_direction(space.riemannian_gradient(Y, dL), moments, t)
        return polar_factor(Y - rate * space.project_tangent(Y, direction)), moments
