"""Learning rates: a number, or a function of the step t = 1, 2, ..."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Union, final

import numpy as np

from manifold_opt.arrays.checks import check_integer

__all__ = ["Cosine", "GeometricDecay", "Rate", "WarmUp", "check_fraction", "check_number", "check_rate", "rate_at"]

Rate = Union[float, Callable[[int], float]]
"""A learning rate: a number, or a function of the step t = 1, 2, ..."""


@final
@dataclass(frozen=True)
class WarmUp:
    r"""The rate that grows linearly over the first steps, :math:`\eta_t\min(1, t/steps)`.

    The first steps of Adam are the longest: each entry moves by the whole rate, however uncertain its gradient. Deep
    transformers whose weights lie on Stiefel manifolds fail less often when these steps are short.

    Paper: v4, section 3, has a constant rate. Source of the warm-up: A. Vaswani et al., arXiv:1706.03762, section 5.3.

    Parameters
    ----------
    steps : int
        Number of steps until the full rate, at least 1.
    rate : float or callable
        The full rate, a number or a function of t.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> from manifold_opt.optimizers import Adam, WarmUp
    >>> rate = WarmUp(4, 1e-2)
    >>> [rate(t) for t in (1, 2, 4, 5)]
    [0.0025, 0.005, 0.01, 0.01]
    >>> Adam(rate).learning_rate(1)
    0.0025
    """

    steps: int
    rate: Rate = 1e-3

    def __post_init__(self) -> None:
        check_integer("steps", self.steps, 1)
        check_rate("rate", self.rate)

    def __call__(self, t: int) -> float:
        """The rate of step t."""
        return min(1.0, t / self.steps) * rate_at("rate", self.rate, t)


@final
@dataclass(frozen=True)
class Cosine:
    r"""The rate that falls along half a cosine, :math:`\eta_2 + \frac12(\eta_1 - \eta_2)(1 + \cos\pi s)` with
    :math:`s = (t - 1)/(steps - 1)`; beyond the given steps it stays at :math:`\eta_2`.

    Source: I. Loshchilov and F. Hutter, arXiv:1608.03983, without restarts.

    Parameters
    ----------
    steps : int
        Number of steps of the decay, at least 1.
    eta1, eta2 : float
        First and last rate, not negative.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> from manifold_opt.optimizers import Cosine
    >>> [round(Cosine(steps=5, eta1=1.0)(t), 3) for t in (1, 3, 5, 6)]
    [1.0, 0.5, 0.0, 0.0]
    """

    steps: int
    eta1: float = 1e-3
    eta2: float = 0.0

    def __post_init__(self) -> None:
        check_integer("steps", self.steps, 1)
        check_number("eta1", self.eta1)
        check_number("eta2", self.eta2)

    def __call__(self, t: int) -> float:
        """The rate of step t."""
        return self.eta2 + 0.5 * (self.eta1 - self.eta2) * (1 + float(np.cos(np.pi * _share(t, self.steps))))


@final
@dataclass(frozen=True)
class GeometricDecay:
    r"""The rate that falls geometrically, :math:`\eta_1(\eta_2/\eta_1)^s` with :math:`s = (t - 1)/(steps - 1)`; beyond
    the given steps it stays at :math:`\eta_2`.

    Source: the optimizer with decay in GeometricOptimizers.jl.

    Parameters
    ----------
    steps : int
        Number of steps of the decay, at least 1.
    eta1, eta2 : float
        First and last rate, positive.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> from manifold_opt.optimizers import GeometricDecay
    >>> rate = GeometricDecay(steps=3, eta1=1e-2, eta2=1e-4)
    >>> [float(f"{rate(t):.0e}") for t in (1, 2, 3, 4)]
    [0.01, 0.001, 0.0001, 0.0001]
    """

    steps: int
    eta1: float = 1e-2
    eta2: float = 1e-6

    def __post_init__(self) -> None:
        check_integer("steps", self.steps, 1)
        check_number("eta1", self.eta1, positive=True)
        check_number("eta2", self.eta2, positive=True)

    def __call__(self, t: int) -> float:
        """The rate of step t."""
        return float(self.eta1 * (self.eta2 / self.eta1) ** _share(t, self.steps))


def rate_at(name: str, rate: Rate, t: int) -> float:
    """The rate of step t as a float; ValueError or TypeError naming it if a function returns no rate."""
    return check_number(f"{name}({t})", rate(t)) if callable(rate) else float(rate)


def check_rate(name: str, rate: Rate) -> Rate:
    """Return a rate: a number that is finite and not negative, or a function."""
    return rate if callable(rate) else check_number(name, rate)


def check_number(name: str, value: Any, *, positive: bool = False) -> float:
    """Return a real number that is finite and not negative (or positive) as a float."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number: got {value!r} ({type(value).__name__})")
    number = float(value)
    if not (0.0 < number if positive else 0.0 <= number) or not number < float("inf"):
        raise ValueError(f"{name} must be {'positive and finite' if positive else 'finite and not negative'}: "
                         f"got {value}")
    return number


def check_fraction(name: str, value: Any) -> float:
    """Return a number in [0, 1)."""
    if not check_number(name, value) < 1.0:
        raise ValueError(f"{name} must be at least 0 and below 1: got {value}")
    return float(value)


def _share(t: int, steps: int) -> float:
    """How much of the decay lies behind step t, from 0 to 1."""
    return min(t - 1, steps - 1) / max(steps - 1, 1)
