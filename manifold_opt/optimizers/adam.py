"""Adam on the global tangent space, the paper's subject."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import squared
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import Rate, check_fraction, check_number, check_rate, rate_at
from manifold_opt.tangent import HorizontalElement

__all__ = ["Adam"]


@final
@dataclass(frozen=True)
class Adam(Method):
    r"""Adam: moving averages of gradient and squared gradient, divided entry by entry.

    .. math::

        B_1 &\leftarrow \frac{\rho_1 - \rho_1^t}{1 - \rho_1^t}B_1 + \frac{1 - \rho_1}{1 - \rho_1^t}\bar B, \\
        B_2 &\leftarrow \frac{\rho_2 - \rho_2^t}{1 - \rho_2^t}B_2
            + \frac{1 - \rho_2}{1 - \rho_2^t}\bar B \odot \bar B, \\
        W &= -\eta\,B_1/(\sqrt{B_2} + \delta).

    This is bias-corrected Adam: the moments are the corrected ones of the textbook, with which it agrees to rounding
    on a vector space. The number delta stands outside the root, as in the paper's code (its text has it inside).
    The elementwise operations stay in the global tangent space because entries of A that the algebra ties together have
    equal magnitudes.

    Gradients whose squares overflow (entries above 1.8e19 in float32) are refused by :class:`~manifold_opt.Optimizer`.
    Where the squares underflow, delta outweighs the root, and the velocity is right to rounding all the same:
    :math:`-\eta B_1/\delta`. This takes a delta of at least the root of the smallest normal number over eps
    (1e-12 in float32, 7e-139 in float64); a smaller one is refused.

    Paper: v4, section 3 (Adam) and section 4 (its generalization).

    Parameters
    ----------
    learning_rate : float or callable
        The rate :math:`\eta \ge 0`: a number, or a function of the step t = 1, 2, ...
    rho1, rho2 : float
        The shares of the old moments that are kept, in [0, 1).
    delta : float
        Guards the division, > 0.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number or out of its range.

    Examples
    --------
    The first step is minus eta times the sign of the gradient:

    >>> import numpy as np
    >>> from manifold_opt import Adam, Euclidean, Optimizer
    >>> optimizer = Optimizer(Adam(learning_rate=0.1), Euclidean(3))
    >>> x = np.zeros(3)
    >>> optimizer.step(x, np.array([5.0, -0.2, 3.0]), optimizer.init(x))[0].round(6)
    array([-0.1,  0.1, -0.1])
    """

    learning_rate: Rate = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        check_fraction("rho1", self.rho1)
        check_fraction("rho2", self.rho2)
        check_number("delta", self.delta, positive=True)

    def init(self, like: HorizontalElement) -> Moments:
        """Both moments are zero."""
        self._check_delta(like.dtype)
        return {"B1": like.map(np.zeros_like), "B2": like.map(np.zeros_like)}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        r"""The three formulas: both moments, then the velocity."""
        rho1, rho2, eta = self.rho1, self.rho2, rate_at("learning_rate", self.learning_rate, t)
        # B1 <- (rho1 - rho1^t)/(1 - rho1^t) B1 + (1 - rho1)/(1 - rho1^t) B_bar
        B1 = (rho1 - rho1**t) / (1 - rho1**t) * moments["B1"] + (1 - rho1) / (1 - rho1**t) * G
        # B2 <- (rho2 - rho2^t)/(1 - rho2^t) B2 + (1 - rho2)/(1 - rho2^t) B_bar o B_bar
        B2 = (rho2 - rho2**t) / (1 - rho2**t) * moments["B2"] + (1 - rho2) / (1 - rho2**t) * G.square()
        # W = -eta B1/(sqrt(B2) + delta)
        W = -eta * (B1 / B2.sqrt().shift(self.delta))
        return W, {"B1": B1, "B2": B2}

    def update_in_place(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The same operations, bit for bit, with the new moments in the arrays of the old ones."""
        rho1, rho2, eta = self.rho1, self.rho2, rate_at("learning_rate", self.learning_rate, t)
        keep1, keep2 = (rho1 - rho1**t) / (1 - rho1**t), (rho2 - rho2**t) / (1 - rho2**t)
        share1, share2 = (1 - rho1) / (1 - rho1**t), (1 - rho2) / (1 - rho2**t)
        B1 = moments["B1"].map(lambda old, new: _advance(old, keep1, share1 * new), G)
        B2 = moments["B2"].map(lambda old, new: _advance(old, keep2, share2 * squared(new)), G)
        return B1.map(lambda b1, b2: _velocity(b1, b2, eta, self.delta), B2), {"B1": B1, "B2": B2}

    def _check_delta(self, dtype: np.dtype[Any]) -> None:
        limits = np.finfo(dtype)
        least = float(limits.tiny) ** 0.5 / float(limits.eps)
        if self.delta < least:
            raise ValueError(f"delta must be at least {least:.1e} in {dtype}, where smaller squares of gradients "
                             f"underflow: got {self.delta}")


def _advance(old: Array, keep: float, summand: Array) -> Array:
    """The sum keep old + summand, in the array of old."""
    old *= keep
    old += summand
    return old


def _velocity(b1: Array, b2: Array, eta: float, delta: float) -> Array:
    """The velocity -eta b1/(sqrt(b2) + delta), in one new array (arrays without axes included)."""
    root = np.sqrt(b2, out=np.empty_like(b2))
    root += delta
    np.divide(b1, root, out=root)
    root *= -eta
    return root
