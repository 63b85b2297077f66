"""Adam in the space of the matrices, which are made orthonormal again after every step."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.rivals.projections import PROJECTIONS
from manifold_opt.experiments.rivals.rule import ArrayMoments, Rule, adam_direction, adam_moments, is_free
from manifold_opt.optimizers.schedule import Rate, check_rate, rate_at
from manifold_opt.spaces import HomogeneousSpace

__all__ = ["ProjectedAdam"]


@final
@dataclass(frozen=True)
class ProjectedAdam(Rule):
    r"""The textbook's Adam with the Euclidean gradient, then :math:`Y \leftarrow \mathrm{proj}(Y)` of constrained
    weights.

    The abstract of the paper (v4) sets itself apart from such projections. The moments know nothing of them.

    Parameters
    ----------
    learning_rate : float or callable
        The rate, a number or a function of the step t = 1, 2, ...
    projection : {"polar", "qr"}
        The polar factor, which is the nearest point, or the factor Q with a positive diagonal of R.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.experiments.rivals import ProjectedAdam
    >>> rule, space, Y = ProjectedAdam(0.1), Stiefel(2, 1), np.array([[1.0], [0.0]])
    >>> Y, _ = rule.update(space, Y, np.array([[0.0], [-1.0]]), rule.init(space, Y), 1)
    >>> (Y / Y[0]).round(6)
    array([[1. ],
           [0.1]])
    """

    learning_rate: Rate = 1e-3
    projection: str = "polar"

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        if not isinstance(self.projection, str) or self.projection not in PROJECTIONS:
            raise ValueError(f"projection must be one of {', '.join(PROJECTIONS)}: got {self.projection!r}")

    def init(self, space: HomogeneousSpace, Y: Array) -> ArrayMoments:
        """Both moments are zero."""
        return adam_moments(Y)

    def update(self, space: HomogeneousSpace, Y: Array, dL: Array, moments: ArrayMoments,
               t: int) -> tuple[Array, ArrayMoments]:
        """Adam's step, then the projection."""
        direction, moments = adam_direction(dL, moments, t)
        Y = Y - rate_at("learning_rate", self.learning_rate, t) * direction
        return (Y if is_free(space) else PROJECTIONS[self.projection](Y)), moments
