"""Adam on the global tangent space, the paper's subject."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.optimizers.method import Method, Moments, check_fraction, check_rate
from manifold_opt.tangent import HorizontalElement

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

    def update_in_place(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The same with the new moments in the arrays of the old ones."""
        return adam_velocity(self, self.learning_rate, G, moments, t, overwrite=True)


def adam_velocity(adam: Adam, learning_rate: float, G: HorizontalElement, moments: Moments, t: int,
                  overwrite: bool = False) -> tuple[HorizontalElement, Moments]:
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
    overwrite : bool
        Whether the new moments are written over the old ones.

    Returns
    -------
    W : HorizontalElement
        Velocity.
    moments : dict
        New moments.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.tangent import VectorTangentSpace
    >>> from manifold_opt.optimizers.adam import Adam, adam_velocity
    >>> G = VectorTangentSpace((1,)).element(np.array([4.0]))
    >>> adam = Adam()
    >>> W, moments = adam_velocity(adam, 1.0, G, adam.init(G), 1)
    >>> moments["B1"].B, moments["B2"].B
    (array([4.]), array([16.]))
    """
    # the shares (rho - rho^t)/(1 - rho^t) of the old moment and (1 - rho)/(1 - rho^t) of the new one sum to one
    share1, share2 = (1 - adam.rho1) / (1 - adam.rho1**t), (1 - adam.rho2) / (1 - adam.rho2**t)
    B1 = G.map(lambda B, old: _toward(old, B - old, share1, overwrite), moments["B1"])
    B2 = G.map(lambda B, old: _toward(old, B * B - old, share2, overwrite), moments["B2"])
    W = B1.map(lambda b1, b2: _quotient(b1, np.sqrt(b2, out=np.empty_like(b2)), learning_rate, adam.delta), B2)
    return W, {"B1": B1, "B2": B2}


def _toward(old: Array, difference: Array, share: float, overwrite: bool) -> Array:
    """The sum old + share difference in the array of one of them: large arrays cost more to get than to fill."""
    # Python floats keep float32 arrays float32
    difference *= float(share)
    if overwrite:
        old += difference
        return old
    difference += old
    return np.asarray(difference)


def _quotient(b1: Array, root: Array, learning_rate: float, delta: float) -> Array:
    """The velocity -learning_rate b1/(root + delta), in the array of the root."""
    root += float(delta)
    np.divide(b1, root, out=root)
    root *= -float(learning_rate)
    return root
