r"""The group element :math:`\mathcal R(W)` of a step, in the factors that make its product with a section cheap.

A step is made of the velocity W alone and then multiplied with the section. So it is linear in the section: a section
with a defect :math:`\Lambda^*\Lambda = I + S` becomes one with the defect :math:`\mathcal R^*S\mathcal R`, on the O(N)
spaces of the same norm, and what rounding adds in each step adds up and is never multiplied.
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.tangent import HorizontalElement

__all__ = ["FractionStep", "GroupStep", "LowRankStep", "split_by_length"]


class GroupStep(ABC):
    r"""A group element that differs from the identity in a few directions.

    With the complement columns :math:`E_\perp` of the identity and directions P (..., N - n, k) it has the columns

    .. math::

        \mathcal R E = E + E\alpha + E_\perp P\beta, \qquad
        \mathcal R E_\perp = E_\perp - (E\gamma + E_\perp P\delta)P^*.

    Paper: v4, section 4: a step :math:`\Lambda \leftarrow \Lambda\,\mathcal R(W)` costs a few products of N x N by
    N x n.

    Attributes
    ----------
    directions : numpy.ndarray
        The matrices P.
    long : bool or numpy.ndarray
        Which members of the stack are turned by an angle that is not small.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections import Cayley
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> section = space.global_section(space.canonical_point())
    >>> W = 1e6 * section.lift(space.random_tangent(rng, section.point))
    >>> alpha, beta = Cayley().step(W).frame_coefficients()
    >>> RE = np.concatenate([np.eye(2) + alpha, Cayley().step(W).directions @ beta])
    >>> bool(space.point_defect(RE) < 1e-15)
    True
    """

    directions: Array
    long: bool | Array = False

    @abstractmethod
    def frame_coefficients(self) -> tuple[Array, Array]:
        r"""The matrices :math:`\alpha` (..., n, n) and :math:`\beta` (..., k, n)."""

    @abstractmethod
    def advance(self, Y: Array, V: Array) -> tuple[Array, Array]:
        r"""From Y and :math:`V = Y_\perp P` the new point and the factor R of
        :math:`Y_\perp \leftarrow Y_\perp - RP^*`.
        """


@final
class LowRankStep(GroupStep):
    """A step with its four matrices of coefficients."""

    def __init__(self, directions: Array, alpha: Array, beta: Array, gamma: Array, delta: Array,
                 long: bool = False) -> None:
        self.directions, self.alpha, self.beta, self.gamma, self.delta = directions, alpha, beta, gamma, delta
        self.long = long

    def frame_coefficients(self) -> tuple[Array, Array]:
        """The matrices alpha and beta."""
        return self.alpha, self.beta

    def advance(self, Y: Array, V: Array) -> tuple[Array, Array]:
        r""":math:`Y + Y\alpha + V\beta` and :math:`R = Y\gamma + V\delta`."""
        Y_new, R = Y @ self.alpha, Y @ self.gamma
        Y_new += V @ self.beta
        Y_new += Y
        R += V @ self.delta
        return Y_new, R


@final
class FractionStep(GroupStep):
    r"""A Cayley step from :math:`F = I - M^{-1}`: :math:`\alpha = -2F`, :math:`\beta = \gamma = M^{-1}`,
    :math:`\delta = \frac12M^{-1}`, with :math:`P = B`.
    """

    def __init__(self, directions: Array, F: Array) -> None:
        self.directions, self.F = directions, F

    def frame_coefficients(self) -> tuple[Array, Array]:
        """The matrices -2F and I - F."""
        return -2 * self.F, np.eye(self.F.shape[-1], dtype=self.F.dtype) - self.F

    def advance(self, Y: Array, V: Array) -> tuple[Array, Array]:
        r"""With :math:`H = V - (2Y + V)F` the point :math:`Y + H` and :math:`R = Y + \frac12H`."""
        Z = 2 * Y
        Z += V
        H = V - Z @ self.F
        # an increment of Y: the rounding of (2Y + V)M^-1 - Y has a bias, which makes long trainings drift
        Y_new = np.add(Y, H, out=Z)
        H *= 0.5
        H += Y
        return Y_new, H


@final
class MixedStep(GroupStep):
    """The steps of a stack of which some members are long."""

    def __init__(self, long: Array, short_step: GroupStep, long_step: GroupStep) -> None:
        self.long, self.batch = long, long.shape
        self.parts = ((~long, short_step), (long, long_step))
        self.directions = self._assembled([_padded(step.directions, short_step.directions.shape[-1])
                                           for _, step in self.parts])

    def frame_coefficients(self) -> tuple[Array, Array]:
        """The coefficients of the parts, put together."""
        k = self.directions.shape[-1]
        alphas, betas = zip(*(step.frame_coefficients() for _, step in self.parts))
        return self._assembled(alphas), self._assembled([np.swapaxes(_padded(np.swapaxes(beta, -1, -2), k), -1, -2)
                                                         for beta in betas])

    def advance(self, Y: Array, V: Array) -> tuple[Array, Array]:
        """The parts advanced by themselves."""
        Y = np.broadcast_to(Y, (*V.shape[:-2], *Y.shape[-2:]))
        moved = [step.advance(Y[members], V[members][..., :step.directions.shape[-1]]) for members, step in self.parts]
        return (self._assembled([Y_new for Y_new, _ in moved]),
                self._assembled([_padded(R, V.shape[-1]) for _, R in moved]))

    def _assembled(self, arrays: list[Array] | tuple[Array, ...]) -> Array:
        whole = np.empty((*self.batch, *arrays[0].shape[1:]), arrays[0].dtype)
        for (members, _), array in zip(self.parts, arrays):
            whole[members] = array
        return whole


def _padded(X: Array, k: int) -> Array:
    """X with columns of zeros up to k."""
    return np.concatenate([X, np.zeros((*X.shape[:-1], k - X.shape[-1]), X.dtype)], axis=-1)


def split_by_length(W: HorizontalElement, long: Array, short_step: Callable[[HorizontalElement], GroupStep],
                    long_step: Callable[[HorizontalElement], GroupStep]) -> GroupStep:
    """The step of a stack in which long members go another way than short ones, which they do not slow down."""
    if not long.any():
        return short_step(W)
    if long.all():
        return long_step(W)
    return MixedStep(long, short_step(W.map(lambda X: X[~long])), long_step(W.map(lambda X: X[long])))
