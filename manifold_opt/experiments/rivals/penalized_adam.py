"""Free Adam that a penalty draws towards the constraint."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.experiments.rivals.rule import ArrayMoments, Rule, adam_direction, adam_moments, is_free, transposed
from manifold_opt.optimizers.schedule import Rate, check_number, check_rate, rate_at
from manifold_opt.spaces import HomogeneousSpace

__all__ = ["PenalizedAdam", "penalty", "penalty_gradient"]


@final
@dataclass(frozen=True)
class PenalizedAdam(Rule):
    r"""The textbook's Adam for the loss with :math:`\frac\lambda4\|Y^TY - I\|^2` of every constrained weight.

    The gradient of the penalty, :math:`\lambda Y(Y^TY - I)`, is added to that of the loss. Weights come near the
    constraint and do not fulfil it; lambda is one more number to choose.

    Parameters
    ----------
    learning_rate : float or callable
        The rate, a number or a function of the step t = 1, 2, ...
    weight : float
        The number lambda, not negative.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.experiments.rivals.penalized_adam import penalty_gradient
    >>> Y = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 2)))[0]
    >>> np.allclose(penalty_gradient(2 * Y), 2 * 3 * Y)
    True
    """

    learning_rate: Rate = 1e-3
    weight: float = 1.0

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        check_number("weight", self.weight)

    def init(self, space: HomogeneousSpace, Y: Array) -> ArrayMoments:
        """Both moments are zero."""
        return adam_moments(Y)

    def update(self, space: HomogeneousSpace, Y: Array, dL: Array, moments: ArrayMoments,
               t: int) -> tuple[Array, ArrayMoments]:
        """Adam's step with the gradient of loss and penalty."""
        G = dL if is_free(space) else dL + self.weight * penalty_gradient(Y)
        direction, moments = adam_direction(G, moments, t)
        return Y - rate_at("learning_rate", self.learning_rate, t) * direction, moments


def penalty(Y: Array) -> Array:
    r"""The penalty :math:`\frac14\|Y^TY - I\|^2` of each matrix of a stack."""
    D = transposed(Y) @ Y - np.eye(Y.shape[-1], dtype=Y.dtype)
    return np.asarray((D * D).sum(axis=(-2, -1)) / 4)


def penalty_gradient(Y: Array) -> Array:
    r"""Its gradient :math:`Y(Y^TY - I)`."""
    return np.asarray(Y @ (transposed(Y) @ Y - np.eye(Y.shape[-1], dtype=Y.dtype)))
