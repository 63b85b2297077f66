r"""Moments and velocity of the methods, on arrays of balls."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.quantities import METHODS

__all__ = ["average", "update", "velocity"]


def update(method: str, hyper: Mapping[str, Any], G: Array, moments: Mapping[str, Array], t: int) -> dict[str, Array]:
    r"""The new moments of a block: :math:`\alpha B_1 + B`, or the bias-corrected averages of B and :math:`B \odot B`.

    >>> from manifold_opt.oracle.make import balls
    >>> from manifold_opt.oracle.make.method import update
    >>> zero, G = balls.exact([0.0]), balls.exact([3.0])
    >>> new = update("adam", {"rho1": 0.9, "rho2": 0.99}, G, {"B1": zero, "B2": zero}, 1)
    >>> [balls.midpoints(value).tolist() for value in new.values()]
    [[3.0], [9.0]]
    """
    if method == "momentum":
        return {"B1": np.asarray(balls.number(hyper["alpha"]) * moments["B1"] + G)}
    new = {}
    for name in METHODS[method]:
        new[name] = average(hyper[f"rho{name[1]}"], moments[name], G if name == "B1" else G * G, t)
    return new


def average(rho: float, old: Array, X: Array, t: int) -> Array:
    r"""The bias-corrected average :math:`((\rho - \rho^t)B + (1 - \rho)X)/(1 - \rho^t)`."""
    exact = balls.rational(rho)
    keep, fresh = (balls.number(part / (1 - exact**t)) for part in (exact - exact**t, 1 - exact))
    return np.asarray(keep * old + fresh * X)


def velocity(method: str, hyper: Mapping[str, Any], G: Array, moments: Mapping[str, Array], t: int) -> Array:
    r"""The velocity :math:`-\eta B`, :math:`-\eta B_1` or :math:`-\eta B_1/(\sqrt{B_2} + \delta)`, from new moments."""
    rate = balls.number(hyper["learning_rate"]) if "learning_rate" in hyper else _decayed_rate(hyper, t)
    if not method.startswith("adam"):
        return np.asarray(-rate * moments.get("B1", G))
    return np.asarray(-rate * moments["B1"] / (balls.sqrt(moments["B2"]) + balls.number(hyper["delta"])))


def _decayed_rate(hyper: Mapping[str, Any], t: int) -> Any:
    """The rate eta1 (eta2/eta1)^((t - 1)/(steps - 1)), and eta2 from the given step on."""
    eta1, eta2, steps = balls.number(hyper["eta1"]), balls.number(hyper["eta2"]), int(hyper["steps"])
    fraction = balls.number(min(t - 1, steps - 1)) / max(steps - 1, 1)
    return eta1 * (fraction * (eta2 / eta1).log()).exp()
