"""What a rival does to one array: a rule without sections, moments and all in the space of the matrices themselves."""
from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.spaces import Euclidean, HomogeneousSpace

__all__ = ["Rule", "adam_direction", "adam_moments", "is_free", "transposed"]

ArrayMoments = dict[str, Array]
"""What a rule remembers of one array, by name."""

RHO1, RHO2, DELTA = 0.9, 0.99, 3e-7
"""The constants of :class:`manifold_opt.Adam`, which all rivals of the name share."""


class Rule(ABC):
    """A rule that turns an array, its gradient and what it remembers into the next array.

    It is the counterpart of :class:`manifold_opt.optimizers.Method` without a global tangent space: points, gradients
    and moments are matrices (..., N, n), or vectors, of one shape and one dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Euclidean
    >>> from manifold_opt.experiments.rivals import Rule
    >>> class SignDescent(Rule):
    ...     def init(self, space, Y):
    ...         return {}
    ...     def update(self, space, Y, dL, moments, t):
    ...         return Y - 0.5 * np.sign(dL), moments
    >>> SignDescent().update(Euclidean(2), np.zeros(2), np.array([3.0, -1.0]), {}, 1)[0]
    array([-0.5,  0.5])
    """

    @abstractmethod
    def init(self, space: HomogeneousSpace, Y: Array) -> ArrayMoments:
        """What is remembered before the first step."""

    @abstractmethod
    def update(self, space: HomogeneousSpace, Y: Array, dL: Array, moments: ArrayMoments,
               t: int) -> tuple[Array, ArrayMoments]:
        """The array and what is remembered after step t = 1, 2, ..., from the Euclidean gradient dL at Y."""


def adam_moments(Y: Array) -> ArrayMoments:
    """Both moments of the textbook's Adam, which are zero."""
    return {"m": np.zeros_like(Y), "v": np.zeros_like(Y)}


def adam_direction(G: Array, moments: ArrayMoments, t: int) -> tuple[Array, ArrayMoments]:
    r"""The textbook's :math:`\hat m/(\sqrt{\hat v} + \delta)` at step t, and the new moments m and v.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.experiments.rivals.rule import adam_direction, adam_moments
    >>> G = np.array([5.0, -0.25])
    >>> adam_direction(G, adam_moments(G), 1)[0].round(5)
    array([ 1., -1.])
    """
    m = RHO1 * moments["m"] + (1 - RHO1) * G
    v = RHO2 * moments["v"] + (1 - RHO2) * G * G
    return m / (1 - RHO1**t) / (np.sqrt(v / (1 - RHO2**t)) + DELTA), {"m": m, "v": v}


def is_free(space: HomogeneousSpace) -> bool:
    """Whether nothing constrains the matrices of a space."""
    return isinstance(space, Euclidean)


def transposed(M: Array) -> Any:
    """The transposed matrices of a stack."""
    return np.swapaxes(M, -1, -2)
