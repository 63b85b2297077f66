"""Cases of single steps, of retractions alone, and of lift and metric."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle import decimals
from manifold_opt.oracle.case import Case, conditioned
from manifold_opt.oracle.exact_geometry import horizontal_lift, metric
from manifold_opt.oracle.exact_step import ExactSpace, update, velocity
from manifold_opt.oracle.quantities import METHODS

__all__ = ["Rule", "step_case", "advance", "retraction_case", "geometry_case"]

Arrays = dict[str, Array]


class Rule:
    """A method with its numbers, and a retraction, on one space: all that a step depends on besides its arrays.

    Parameters
    ----------
    space : ExactSpace
        The space.
    method : str
        "gradient", "momentum", "adam" or "adam_with_decay".
    retraction : str
        "cayley" or "geodesic".
    hyper : dict
        The numbers of the method.

    Examples
    --------
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> from manifold_opt.oracle.step_cases import Rule
    >>> Rule(ExactSpace("stiefel", 6, 2), "momentum", "cayley", {"learning_rate": 0.1, "alpha": 0.5}).moments
    ('B1_A', 'B1_B')
    """

    def __init__(self, space: ExactSpace, method: str, retraction: str, hyper: dict[str, Any]) -> None:
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
        result = dict(arrays)
        for stage in (self.lift, lambda a: self.update(t, a), lambda a: self.velocity(t, a), self.move):
            result.update(stage(result))
        return {name: value for name, value in result.items() if name not in arrays}

    def start(self, Lambda: Array) -> Arrays:
        """Section and moments before the first step."""
        A, B = self.space.lift(Lambda, decimals.exact(np.zeros((self.space.N, self.space.n))))
        return {"Lambda": Lambda, **{name: decimals.exact(np.zeros((A if name[-1] == "A" else B).shape))
                                     for name in self.moments}}


def advance(rule: Rule, arrays: Arrays, gradient: Callable[[Array], Array], steps: range) -> Arrays:
    """Section and moments after some steps, in 100 digits throughout.

    Parameters
    ----------
    rule : Rule
        What a step is.
    arrays : dict
        Section and moments before.
    gradient : callable
        Euclidean gradient at a point.
    steps : range
        Numbers of the steps.

    Returns
    -------
    dict
        Section and moments after.

    Examples
    --------
    >>> from random import Random
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> from manifold_opt.oracle.step_cases import Rule, advance
    >>> with decimals.context():
    ...     space = ExactSpace("stiefel", 4, 2)
    ...     rule = Rule(space, "adam", "cayley", {"learning_rate": 0.1, "rho1": 0.9, "rho2": 0.99, "delta": 1e-8})
    ...     after = advance(rule, rule.start(space.random_section(Random(0))), lambda Y: Y * Y, range(1, 4))
    ...     Lambda = after["Lambda"]
    ...     float(decimals.largest(Lambda.T @ Lambda - decimals.identity(4))) < 1e-90
    True
    """
    for t in steps:
        after = rule.step(t, {**arrays, "dL": gradient(rule.space.point(arrays["Lambda"]))})
        arrays = {name: after[f"{name}_new"] for name in arrays}
    return arrays


def step_case(group: str, name: str, dtype: str, rule: Rule, start: Arrays, gradients: list[Array], first: int = 1,
              **parameters: Any) -> Case:
    """A case of consecutive steps, in which every array is its formula applied to the other arrays, rounded once.

    Parameters
    ----------
    group, name, dtype : str
        File, name without dtype, and dtype of the case.
    rule : Rule
        What a step is.
    start : dict
        Section and moments before the first step.
    gradients : list of numpy.ndarray
        Euclidean gradients of the steps, object arrays.
    first : int
        Number of the first step.
    **parameters
        More to be written to the manifest.

    Returns
    -------
    Case

    Examples
    --------
    >>> from random import Random
    >>> import numpy as np
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> from manifold_opt.oracle.step_cases import Rule, step_case
    >>> with decimals.context():
    ...     space = ExactSpace("grassmann", 4, 2)
    ...     rule = Rule(space, "gradient", "geodesic", {"learning_rate": 0.1})
    ...     start = rule.start(space.random_section(Random(0)))
    ...     case = step_case("mine", "example", "float32", rule, start, [decimals.exact(np.ones((4, 2)))] * 3)
    >>> case.id, case.arrays["Y_new"].shape, bool((case.arrays["A"] == 0).all())
    ('grassmann-4x2-float32-example', (3, 4, 2), True)
    """
    records: dict[str, list[Array]] = {}
    scales: dict[str, float] = {}
    step_scales: dict[str, float] = {}

    def keep(values: Mapping[str, Array]) -> Arrays:
        stored = {key: decimals.rounded(value, dtype) for key, value in values.items()}
        for key, value in stored.items():
            records.setdefault(key, []).append(value)
        return {key: decimals.exact(value) for key, value in stored.items()}

    def raise_scales(total: dict[str, float], new: Mapping[str, float]) -> None:
        total.update({key: max(value, total.get(key, 0.0)) for key, value in new.items()})

    before = start
    for t, dL in enumerate(gradients, start=first):
        stored = keep({"Lambda": before["Lambda"], "Y": rule.space.point(before["Lambda"]), "dL": dL,
                       **{key: before[key] for key in rule.moments}})
        inputs = {key: value for key, value in stored.items() if key != "Y"}
        raise_scales(step_scales, conditioned(lambda arrays: rule.step(t, arrays), inputs)[1])
        for stage, needs in ((rule.lift, ("Lambda", "dL")), (lambda a: rule.update(t, a), ("A", "B", *rule.moments)),
                             (lambda a: rule.velocity(t, a), ("A", "B", *(f"{key}_new" for key in rule.moments))),
                             (rule.move, ("Lambda", "W_A", "W_B"))):
            values, units = conditioned(stage, {key: stored[key] for key in needs})
            stored.update(keep(values))
            raise_scales(scales, units)
        before = {key: stored[f"{key}_new"] for key in start}
    arrays = {key: np.array(values) for key, values in records.items()}
    arrays["t"] = np.arange(first, first + len(gradients))
    described = {**_describe(rule.space, dtype), "method": rule.method, "hyper": rule.hyper,
                 "retraction": rule.retraction, **parameters}
    return Case(f"{_name(rule.space, dtype)}-{name}", group, "step", described, arrays, scales, step_scales)


def retraction_case(group: str, dtype: str, space: ExactSpace, retraction: str, norm: float) -> Case:
    """A retraction of one long velocity, whose dense form has about the given Frobenius norm.

    Parameters
    ----------
    group, dtype : str
        File and dtype of the case.
    space : ExactSpace
        The space, one of O(N).
    retraction : str
        "cayley" or "geodesic".
    norm : float
        Norm of the velocity.

    Returns
    -------
    Case

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> from manifold_opt.oracle.step_cases import retraction_case
    >>> with decimals.context():
    ...     case = retraction_case("mine", "float64", ExactSpace("stiefel", 5, 2), "geodesic", 361.0)
    >>> np.allclose(case.arrays["R"].T @ case.arrays["R"], np.eye(5), rtol=0, atol=1e-15)
    True
    """
    random = Random(f"retraction {space.kind} {space.N} {space.n}")
    Lambda = decimals.exact(decimals.rounded(space.random_section(random), dtype))
    A, B = space.lift(Lambda, decimals.exact(decimals.draw(random, space.N, space.n)))
    factor = norm / float(np.sum(space.dense(A, B)**2).sqrt())
    stored = {"Lambda": Lambda, **{key: decimals.exact(decimals.rounded(X * decimals.exact(factor), dtype))
                                   for key, X in (("W_A", A), ("W_B", B))}}
    rule = Rule(space, "gradient", retraction, {})
    values, scales = conditioned(rule.move, stored)
    arrays = {key: decimals.rounded(value, dtype) for key, value in {**stored, **values}.items()}
    described = {**_describe(space, dtype), "retraction": retraction, "norm": norm}
    return Case(f"{_name(space, dtype)}-norm{norm:g}-{retraction}", group, "retraction", described, arrays, scales)


def geometry_case(group: str, dtype: str, space: ExactSpace, condition: int) -> Case:
    """Lift and metric at a point of the given condition number.

    Parameters
    ----------
    group, dtype : str
        File and dtype of the case.
    space : ExactSpace
        The space.
    condition : int
        Condition number of the section, 1 for the spaces of O(N).

    Returns
    -------
    Case

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> from manifold_opt.oracle.step_cases import geometry_case
    >>> with decimals.context():
    ...     case = geometry_case("mine", "float64", ExactSpace("stiefel", 5, 2), 1)
    >>> np.allclose(case.arrays["Omega"] @ case.arrays["Y"], case.arrays["Delta1"])
    True
    """
    random = Random(f"geometry {space.kind} {space.N} {space.n} {condition}")
    Lambda = decimals.exact(decimals.rounded(space.random_section(random, condition), dtype))
    Y = space.point(Lambda)
    Deltas = [space.gradient(Y, decimals.exact(decimals.draw(random, space.N, space.n))) for _ in range(2)]
    stored = {"Lambda": Lambda, **{f"Delta{k}": decimals.exact(decimals.rounded(Delta, dtype))
                                   for k, Delta in enumerate(Deltas, start=1)}}

    def geometry(arrays: Mapping[str, Array]) -> Arrays:
        Y, Delta1, Delta2 = space.point(arrays["Lambda"]), arrays["Delta1"], arrays["Delta2"]
        A, B = space.lift(arrays["Lambda"], Delta1)
        return {"A": A, "B": B, "Omega": horizontal_lift(space, Y, Delta1),
                "metric": np.array(metric(space, Y, Delta1, Delta2), dtype=object)}

    values, scales = conditioned(geometry, stored)
    arrays = {key: decimals.rounded(value, dtype) for key, value in {**stored, "Y": Y, **values}.items()}
    described = {**_describe(space, dtype), "condition": condition}
    return Case(f"{_name(space, dtype)}-condition{condition}-geometry", group, "geometry", described, arrays, scales)


def _describe(space: ExactSpace, dtype: str) -> dict[str, Any]:
    return {"space": space.kind, "shape": [space.N, space.n], "dtype": dtype}


def _name(space: ExactSpace, dtype: str) -> str:
    return f"{space.kind}-{space.N}x{space.n}-{dtype}"
