"""Adam with a rate that decays geometrically."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

from manifold_opt.optimizers.adam import Adam
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import GeometricDecay, rate_at
from manifold_opt.tangent import HorizontalElement

__all__ = ["AdamWithDecay"]


@final
@dataclass(frozen=True)
class AdamWithDecay(Method):
    r"""Adam with the rate :math:`\eta_t = \eta_1\gamma^{t-1}`, which falls from :math:`\eta_1` to :math:`\eta_2` in
    the given steps.

    So :math:`\gamma = (\eta_2/\eta_1)^{1/(steps - 1)}`; beyond the given steps the rate stays at :math:`\eta_2`.
    A fixed rate keeps Adam from converging closer than the rate, because its steps do not shrink with the gradient.
    It is :class:`Adam` with the rate :class:`GeometricDecay`, under a name of its own.

    Source: the optimizer of the same purpose in GeometricOptimizers.jl; the moments are those of :class:`Adam`.

    Parameters
    ----------
    steps : int
        Number of steps of the decay, at least 1.
    eta1, eta2 : float
        First and last rate, > 0.
    adam : Adam
        Gives rho1, rho2 and delta; its own rate is not used.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> from manifold_opt import AdamWithDecay
    >>> method = AdamWithDecay(steps=3, eta1=1e-2, eta2=1e-4)
    >>> [float(f"{method.learning_rate(t):.0e}") for t in (1, 2, 3, 4)]
    [0.01, 0.001, 0.0001, 0.0001]
    """

    steps: int
    eta1: float = 1e-2
    eta2: float = 1e-6
    adam: Adam = field(default_factory=Adam)

    def __post_init__(self) -> None:
        if not isinstance(self.adam, Adam):
            raise TypeError(f"adam must be an Adam: got {type(self.adam).__name__}")
        GeometricDecay(self.steps, self.eta1, self.eta2)

    @cached_property
    def _adam(self) -> Adam:
        return replace(self.adam, learning_rate=GeometricDecay(self.steps, self.eta1, self.eta2))

    def learning_rate(self, t: int) -> float:
        """The rate of step t = 1, 2, ..."""
        return rate_at("learning_rate", self._adam.learning_rate, t)

    def init(self, like: HorizontalElement) -> Moments:
        """Both moments are zero."""
        return self._adam.init(like)

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """Adam's update at the rate of step t."""
        return self._adam.update(G, moments, t)

    def update_in_place(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """The same with the new moments in the arrays of the old ones."""
        return self._adam.update_in_place(G, moments, t)
