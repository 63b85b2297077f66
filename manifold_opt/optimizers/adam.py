"""Adam on the global tangent space, the paper's subject."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.horizontal import HorizontalElement
from manifold_opt.optimizers.method import Method, Moments, check_fraction, check_rate

__all__ = ["Adam", "adam_velocity"]


@final
@dataclass(frozen=True)
class Adam(Method):
    r"""Adam: moving averages of gradient and squared gradient, divided entry by entry.

    .. math::

        B_1 &\leftarrow \frac{\rho_1 - \rho_1^t}{1 - \rho_1^t}B_1 + \frac{1 - \rho_1}{1 - \rho_1^t}B, \\
        B_2 &\leftarrow \frac{\rho_2 - \rho_2^t}{1 - \rho_2^t}B_2 + \frac{1 - \rho_2}{1 - \rho_2^t}B \odot B, \\
        W &= -\eta\,B_1/(\sqrt{B_2} + \delta).

    This is bias-corrected Adam: the moments are the corrected ones of the textbook, with which it agrees to rounding
    on a
    vector space. The number delta stands outside the root, as in the paper's code (its text has it inside).
    The elementwise operations stay in the global tangent space because entries of A that the algebra ties together have
    equal magnitudes.

    Paper: v4, section 3 (Adam) and section 4 (its generalization).

    Parameters
    ----------
    learning_rate : float
        The rate :math:`\eta > 0`.
    rho1, rho2 : float
        The shares of the old moments that are kept, in [0, 1).
    delta : float
        Guards the division, > 0.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

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

    learning_rate: float = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        check_fraction("rho1", self.rho1)
        check_fraction("rho2", self.rho2)
        check_rate("delta", self.delta)

    def init(self, G: HorizontalElement) -> Moments:
        """Both moments are zero."""
        return {"B1": G.map(np.zeros_like), "B2": G.map(np.zeros_like)}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The five operations of the formula."""
        return adam_velocity(self, self.learning_rate, G, moments, t)


def adam_velocity(adam: Adam, learning_rate: float, G: HorizontalElement, moments: Moments,
                  t: int) -> tuple[HorizontalElement, Moments]:
    r"""Adam's velocity at step t for a given rate, and the new moments.

    Parameters
    ----------
    adam : Adam
        Gives rho1, rho2 and delta.
    learning_rate : float
        The rate of this step.
    G : HorizontalElement
        Gradient.
    moments : dict
        The moments B1 and B2.
    t : int
        Number of the step, 1, 2, ...

    Returns
    -------
    W : HorizontalElement
        Velocity.
    moments : dict
        New moments.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import HorizontalElement
    >>> from manifold_opt.optimizers.adam import Adam, adam_velocity
    >>> G = HorizontalElement(np.zeros((0, 0)), np.array([4.0]), None)
    >>> adam = Adam()
    >>> W, moments = adam_velocity(adam, 1.0, G, adam.init(G), 1)
    >>> moments["B1"].B, moments["B2"].B
    (array([4.]), array([16.]))
    """
    # Python floats: they keep float32 blocks float32. Whole expressions: NumPy then reuses large intermediate arrays
    rho1, rho2, delta, minus_eta = float(adam.rho1), float(adam.rho2), float(adam.delta), -float(learning_rate)
    keep1, take1 = (rho1 - rho1**t) / (1 - rho1**t), (1 - rho1) / (1 - rho1**t)
    keep2, take2 = (rho2 - rho2**t) / (1 - rho2**t), (1 - rho2) / (1 - rho2**t)
    B1 = G.map(lambda g, m: keep1 * m + take1 * g, moments["B1"])
    B2 = G.map(lambda g, m: keep2 * m + take2 * (g * g), moments["B2"])
    W = B1.map(lambda m1, m2: minus_eta * m1 / (np.sqrt(m2) + delta), B2)
    return W, {"B1": B1, "B2": B2}
