"""Cases of methods beside those of the paper: decoupled weight decay, Muon, rates."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Any

import flint
import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.logarithm import nearest_isometry
from manifold_opt.oracle.make.space import DenseSpace
from manifold_opt.oracle.make.step_cases import Rule, Stages, chained_case, describe, title, whole_case

__all__ = ["decay_case", "muon_case", "rates_case", "HYPER"]

Arrays = dict[str, Array]

HYPER: dict[str, dict[str, Any]] = {
    "warm_up": {"steps": 4, "rate": 0.01}, "cosine": {"steps": 6, "eta1": 0.1, "eta2": 0.001},
    "cosine_to_zero": {"steps": 5, "eta1": 0.3, "eta2": 0.0}, "geometric": {"steps": 5, "eta1": 0.1, "eta2": 0.0001},
    "warm_up_cosine": {"warm_up": 3, "steps": 7, "eta1": 0.1, "eta2": 0.01}}
"""Cases of rates; ``cosine_to_zero`` is the schedule cosine."""


def decay_case(name: str, dtype: str, space: DenseSpace, hyper: dict[str, Any], steps: int) -> Case:
    """Steps of Adam with decoupled decay; on symplectic spaces at a point of condition 10."""
    adam = Rule(space, "adam", "cayley", hyper)
    random = Random(f"decay {space.kind} {space.N} {space.n}")
    start = adam.start(space.random_section(random, 10))
    gradients = [{"dL": balls.exact(balls.draw(random, space.N, space.n))} for _ in range(steps)]

    def velocity(t: int, arrays: Mapping[str, Array]) -> Arrays:
        found = adam.velocity(t, arrays)
        if not (space.is_symplectic or space.is_euclidean):
            # all points have one norm, whose gradient is zero, exactly
            return found
        decay = dict(zip("AB", space.lift_gradient(arrays["Lambda"], space.point(arrays["Lambda"]))))
        share = balls.number(hyper["learning_rate"]) * balls.number(hyper["weight_decay"])
        return {f"W_{block}": found[f"W_{block}"] - share * decay[block] for block in "AB"}

    def stages(t: int) -> Stages:
        lift, update, (_, needs), move = adam.stages(t)
        return (lift, update, (partial(velocity, t), (*needs, "Lambda")), move)

    described = {**describe(space, dtype), "method": "adam_w", "hyper": hyper, "retraction": "cayley"}
    return chained_case("decay", f"{title(space, dtype)}-{name}", "decay_step", described, stages, start, gradients,
                        point=lambda arrays: {"Y": space.point(arrays["Lambda"])})


def muon_case(dtype: str, space: DenseSpace, hyper: dict[str, Any]) -> Case:
    """A step of Muon whose old moment is not zero."""
    random = Random(f"muon {space.kind} {space.N} {space.n}")
    N, n = space.N, space.n
    Lambda = space.random_section(random)
    inputs: Arrays = {}
    for names in (("A", "B"), ("B1_A", "B1_B")):
        inputs.update(zip(names, space.lift(Lambda, balls.exact(balls.draw(random, N, n)))))

    def update(arrays: Mapping[str, Array]) -> Arrays:
        alpha, rate = balls.number(hyper["alpha"]), balls.number(hyper["learning_rate"])
        B1 = {block: alpha * arrays[f"B1_{block}"] + arrays[block] for block in "AB"}
        W_A, W_B = _steepest(space, B1["A"], B1["B"])
        return {"B1_A_new": B1["A"], "B1_B_new": B1["B"], "W_A": -rate * W_A, "W_B": -rate * W_B}

    return whole_case("muon", f"{title(space, dtype)}-muon", dtype, "muon", update, inputs,
                      {**describe(space, dtype), "method": "muon", "hyper": hyper})


def _steepest(space: DenseSpace, A: Array, B: Array) -> tuple[Array, Array]:
    r"""The blocks of spectral norm one with the largest product :math:`\frac12\langle A, W_A\rangle + \langle B,
    W_B\rangle`, for two columns.

    With A = gJ, J a rotation by a quarter, and :math:`W_A = wJ`, the norm of :math:`[W_A; W_B]` is at most one if that
    of :math:`W_B` is at most :math:`\sqrt{1 - w^2}`. So :math:`W_B` is that times msign(B), and
    :math:`gw + \sqrt{1 - w^2}\|B\|_*` is largest where w is g over :math:`\sqrt{g^2 + \|B\|_*^2}`.
    """
    sign = nearest_isometry(B)
    if space.is_euclidean or space.is_grassmann:
        return A, sign
    nuclear = np.sum(sign * B)
    length = (A[1, 0] * A[1, 0] + nuclear * nuclear).sqrt()
    return np.asarray(A / length), np.asarray(sign * (nuclear / length))


def rates_case(name: str) -> Case:
    """The rates of a schedule, also beyond its end."""
    hyper = HYPER[name]
    schedule = name.removesuffix("_to_zero")
    t = np.arange(1, int(hyper["steps"]) + 4)
    found = np.array([RATES[schedule](hyper, int(step)) for step in t], dtype=object)
    rates = balls.rounded(found)
    described = {"dtype": "float64", "schedule": schedule, "hyper": hyper}
    return Case(f"rates-{name}", "rates", "rates", described, {"t": t, "rate": rates},
                {"rate": float(f"{rates.max():.2e}")})


def _share(t: int, steps: int) -> Any:
    return flint.fmpq(min(t - 1, steps - 1), max(steps - 1, 1))


def _warm_up(hyper: Mapping[str, Any], t: int) -> Any:
    return balls.number(hyper["rate"]) * flint.fmpq(min(t, hyper["steps"]), hyper["steps"])


def _cosine(hyper: Mapping[str, Any], t: int) -> Any:
    eta1, eta2 = balls.number(hyper["eta1"]), balls.number(hyper["eta2"])
    return eta2 + (eta1 - eta2) * (1 + flint.arb.cos_pi_fmpq(_share(t, hyper["steps"]))) / 2


def _geometric(hyper: Mapping[str, Any], t: int) -> Any:
    eta1, eta2 = balls.number(hyper["eta1"]), balls.number(hyper["eta2"])
    return eta1 * (balls.number(_share(t, hyper["steps"])) * (eta2 / eta1).log()).exp()


RATES: dict[str, Callable[[Mapping[str, Any], int], Any]] = {
    "warm_up": _warm_up, "cosine": _cosine, "geometric": _geometric,
    "warm_up_cosine": lambda hyper, t: _cosine(hyper, t) * flint.fmpq(min(t, hyper["warm_up"]), hyper["warm_up"])}
"""The schedules."""
