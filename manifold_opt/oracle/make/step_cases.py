"""Cases of single steps, of retractions alone, and of lift and metric."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.conditioning import Function, certified, normwise_unit, units
from manifold_opt.oracle.make.geometry import horizontal_lift, metric, project
from manifold_opt.oracle.make.method import update, velocity
from manifold_opt.oracle.make.space import DenseSpace
from manifold_opt.oracle.quantities import METHODS

__all__ = ["Rule", "Stages", "chained_case", "step_case", "whole_case", "advance", "retraction_case", "geometry_case",
           "describe", "title"]

Arrays = dict[str, Array]
Stages = tuple[tuple[Function, tuple[str, ...]], ...]
"""The functions of a step, one after the other, and the names of what each needs."""


class Rule:
    """A method with its numbers, and a retraction, on one space: all that a step depends on besides its arrays."""

    def __init__(self, space: DenseSpace, method: str, retraction: str, hyper: dict[str, Any]) -> None:
        self.space, self.method, self.retraction, self.hyper = space, method, retraction, hyper
        self.moments = tuple(f"{name}_{block}" for name in METHODS[method] for block in "AB")

    def lift(self, arrays: Mapping[str, Array]) -> Arrays:
        """Riemannian gradient and its lift, from Lambda and dL."""
        A, B = self.space.lift_gradient(arrays["Lambda"], arrays["dL"])
        return {"grad": self.space.gradient(self.space.point(arrays["Lambda"]), arrays["dL"]), "A": A, "B": B}

    def update(self, t: int, arrays: Mapping[str, Array]) -> Arrays:
        """New moments, from A, B and the moments."""
        new: Arrays = {}
        for block in "AB":
            moments = {name: arrays[f"{name}_{block}"] for name in METHODS[self.method]}
            after = update(self.method, self.hyper, arrays[block], moments, t) if moments else {}
            new.update({f"{name}_{block}_new": value for name, value in after.items()})
        return dict(sorted(new.items()))

    def velocity(self, t: int, arrays: Mapping[str, Array]) -> Arrays:
        """Velocity, from A, B and the new moments."""
        return {f"W_{block}": velocity(self.method, self.hyper, arrays[block],
                                       {name: arrays[f"{name}_{block}_new"] for name in METHODS[self.method]}, t)
                for block in "AB"}

    def move(self, arrays: Mapping[str, Array]) -> Arrays:
        """Increment, new section and new point, from Lambda and W."""
        R = self.space.retract(self.retraction, arrays["W_A"], arrays["W_B"])
        Lambda = self.space.compose(arrays["Lambda"], R)
        return {"R": R, "Lambda_new": Lambda, "Y_new": self.space.point(Lambda)}

    def step(self, t: int, arrays: Mapping[str, Array]) -> Arrays:
        """The whole step, without rounding in between."""
        return _whole(self.stages(t), arrays)

    def stages(self, t: int) -> Stages:
        """The functions of step t, and what each needs."""
        return ((self.lift, ("Lambda", "dL")), (lambda a: self.update(t, a), ("A", "B", *self.moments)),
                (lambda a: self.velocity(t, a), ("A", "B", *(f"{key}_new" for key in self.moments))),
                (self.move, ("Lambda", "W_A", "W_B")))

    def start(self, Lambda: Array) -> Arrays:
        """Section and moments before the first step."""
        n = self.space.n
        shapes = ((0, 0), Lambda.shape) if self.space.is_euclidean else ((n, n), (len(Lambda) - n, n))
        return {"Lambda": Lambda, **{name: balls.zeros(*shapes["AB".index(name[-1])]) for name in self.moments}}


def advance(rule: Rule, arrays: Arrays, gradient: Callable[[Array], Array], steps: range) -> Arrays:
    """Section and moments after some steps, to many digits: radii are dropped, since any numbers may be inputs."""
    for t in steps:
        after = rule.step(t, {**arrays, "dL": gradient(rule.space.point(arrays["Lambda"]))})
        arrays = {name: balls.centers(after[f"{name}_new"]) for name in arrays}
    return arrays


def step_case(group: str, name: str, dtype: str, rule: Rule, start: Arrays, gradients: list[Array], first: int = 1,
              **parameters: Any) -> Case:
    """A case of consecutive steps of a rule."""
    described = {**describe(rule.space, dtype), "method": rule.method, "hyper": rule.hyper,
                 "retraction": rule.retraction, **parameters}
    return chained_case(group, f"{title(rule.space, dtype)}-{name}", "step", described, rule.stages, start,
                        [{"dL": dL} for dL in gradients], first=first,
                        point=lambda arrays: {"Y": rule.space.point(arrays["Lambda"])})


def chained_case(group: str, name: str, kind: str, described: dict[str, Any], stages: Callable[[int], Stages],
                 start: Arrays, gradients: list[Arrays], first: int = 1, *, point: Function,
                 new: Callable[[str], str] = "{}_new".format) -> Case:
    """Consecutive steps, in which every array is its formula applied to the other arrays, rounded once.

    `start` are the section and the moments before the first step, `point` gives the point of a section, and `new` the
    name of an array after the step.
    """
    records: dict[str, list[Array]] = {}
    scales: dict[str, float] = {}
    step_scales: dict[str, float] = {}
    dtype = str(described["dtype"])

    def keep(values: Mapping[str, Array]) -> Arrays:
        for key, value in values.items():
            records.setdefault(key, []).append(value)
        return {key: balls.exact(value) for key, value in values.items()}

    def raise_scales(total: dict[str, float], found: Mapping[str, float]) -> None:
        total.update({key: max(value, total.get(key, 0.0)) for key, value in found.items()})

    before = start
    for t, gradient in enumerate(gradients, start=first):
        sections = {key: value for key, value in before.items() if key.startswith("Lambda")}
        given = {**sections, **point(before), **gradient, **before}
        stored = keep({key: balls.midpoints(value, dtype) for key, value in given.items()})
        inputs = {key: value for key, value in stored.items() if not key.startswith("Y")}
        raise_scales(step_scales, units(lambda arrays: _whole(stages(t), arrays), inputs))
        for stage, needs in stages(t):
            values, found = certified(stage, {key: stored[key] for key in needs}, dtype)
            stored.update(keep(values))
            raise_scales(scales, found)
        before = {key: stored[new(key)] for key in start}
    arrays = {key: np.array(values) for key, values in records.items()}
    arrays["t"] = np.arange(first, first + len(gradients))
    return Case(name, group, kind, described, arrays, scales, step_scales)


def _whole(stages: Stages, arrays: Mapping[str, Array]) -> Arrays:
    """All results of the stages, without rounding in between."""
    result = dict(arrays)
    for stage, _ in stages:
        result.update(stage(result))
    return {name: value for name, value in result.items() if name not in arrays}


def whole_case(group: str, name: str, dtype: str, kind: str, function: Function, inputs: Mapping[str, Array],
               described: Mapping[str, Any], given: Iterable[str] = ()) -> Case:
    """A case of a function of the inputs, which are rounded first; `given` names results that are inputs, too."""
    stored = {key: balls.midpoints(value, dtype) for key, value in inputs.items()}
    values, scales = certified(function, {key: balls.exact(value) for key, value in stored.items()}, dtype)
    return Case(name, group, kind, {**described}, {**stored, **values},
                {key: value for key, value in scales.items() if key not in given})


def retraction_case(group: str, dtype: str, space: DenseSpace, retraction: str, norm: float, *,
                    normwise: bool = False) -> Case:
    """A retraction of one long velocity, whose dense form has about the given Frobenius norm.

    With `normwise` the unit of the errors also is the change under changes of all entries of the dense velocity by the
    same amount, relative to the largest: what a backward stable solution with the dense matrix may be off.
    """
    random = Random(f"retraction {space.kind} {space.N} {space.n}")
    Lambda = balls.exact(balls.midpoints(space.random_section(random), dtype))
    A, B = space.lift(Lambda, balls.exact(balls.draw(random, space.N, space.n)))
    factor = balls.number(norm / float(np.sum(space.dense(A, B)**2).sqrt()))
    inputs = {"Lambda": Lambda, "W_A": A * factor, "W_B": B * factor}
    case = whole_case(group, f"{title(space, dtype)}-norm{norm:g}-{retraction}", dtype, "retraction",
                      Rule(space, "gradient", retraction, {}).move, inputs,
                      {**describe(space, dtype), "retraction": retraction, "norm": norm})
    if normwise:
        exact = {key: balls.exact(case.arrays[key]) for key in inputs}
        unit = normwise_unit(lambda X: space.retract_dense(retraction, X), space.dense(exact["W_A"], exact["W_B"]))
        case.scales.update({name: max(scale, unit) for name, scale in case.scales.items()})
    return case


def geometry_case(group: str, dtype: str, space: DenseSpace, condition: int) -> Case:
    """Lift and metric at a point of the given condition number (1 for the spaces of O(N))."""
    random = Random(f"geometry {space.kind} {space.N} {space.n} {condition}")
    Lambda = balls.exact(balls.midpoints(space.random_section(random, condition), dtype))
    Y = space.point(Lambda)
    Deltas = [space.gradient(Y, balls.exact(balls.draw(random, space.N, space.n))) for _ in range(2)]

    Z = balls.exact(balls.draw(random, space.N, space.n))

    def geometry(arrays: Mapping[str, Array]) -> Arrays:
        Y, Delta1, Delta2 = space.point(arrays["Lambda"]), arrays["Delta1"], arrays["Delta2"]
        A, B = space.lift(arrays["Lambda"], Delta1)
        return {"Y": Y, "A": A, "B": B, "Omega": horizontal_lift(space, Y, Delta1),
                "projection": project(space, Y, arrays["Z"]), "metric": metric(space, Y, Delta1, Delta2)}

    return whole_case(group, f"{title(space, dtype)}-condition{condition}-geometry", dtype, "geometry", geometry,
                      {"Lambda": Lambda, "Delta1": Deltas[0], "Delta2": Deltas[1], "Z": Z},
                      {**describe(space, dtype), "condition": condition}, given=("Y",))


def describe(space: DenseSpace, dtype: str) -> dict[str, Any]:
    """What the manifest says of a space."""
    return {"space": space.kind, "shape": [space.N, space.n], "dtype": dtype}


def title(space: DenseSpace, dtype: str) -> str:
    """The first part of the name of a case."""
    return f"{space.kind}-{space.N}x{space.n}-{dtype}"
