"""The time of a step in three exclusive parts: gradient, moments and section, retraction."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves
from manifold_opt.experiments.rivals import ArrayOptimizer, EmbeddedAdam, ProjectedAdam, StepOptimizer
from manifold_opt.experiments.rivals.projections import PROJECTIONS
from manifold_opt.experiments.rivals.rule import is_free
from manifold_opt.experiments.training import Training
from manifold_opt.optimizers import Optimizer

__all__ = ["PARTS", "parts_of_step", "step_times"]

PARTS = ("gradient", "moments and section", "retraction")
"""The parts; their sum is the step."""

WARM, STEPS = 3, 20
"""Steps before, and steps that are measured."""


def step_times(training: Training) -> dict[str, Any]:
    """Median milliseconds of each part over a few steps.

    The gradient is forward and backward pass; the retraction is all that moves a point (and its section) by a given
    velocity, for a method in the embedding the projection; moments and section are what lies between: gradients lifted
    to the global tangent space, and the method's update of its moments.

    Parameters
    ----------
    training : Training
        A training that has not begun.

    Returns
    -------
    dict
        ``{"times": {part: milliseconds}}``, so that it is stored with what the machine took.
    """
    settings = training.settings
    x, target = (part(settings.dtype, next(training.batches(0))) for part in (training.train.sequences,
                                                                              training.train.targets))
    state = training.start().state
    params = training.params(state)
    found: list[tuple[float, float, float]] = []
    for _ in range(WARM + STEPS):
        begin = time.perf_counter()
        _, grads = training.model.loss_and_gradient(params, x, target, settings.loss, training.workspace)
        gradient = time.perf_counter() - begin
        moments, retraction, _ = parts_of_step(training.optimizer, params, grads, state)
        found.append((gradient, moments, retraction))
        params, state = training.optimizer.step(params, grads, state, overwrite=True)
    medians = np.median(found[WARM:], axis=0)
    return {"times": {part: round(1e3 * float(seconds), 2) for part, seconds in zip(PARTS, medians)}}


def parts_of_step(optimizer: StepOptimizer, params: Tree, grads: Tree,
                  state: Any) -> tuple[float, float, dict[str, Array]]:
    """Seconds of moments and of retraction, and the points that the step leads to."""
    if isinstance(optimizer, ArrayOptimizer):
        return array_parts(optimizer, params, grads, state)
    if isinstance(optimizer, Optimizer):
        return section_parts(optimizer, params, grads, state)
    raise TypeError(f"optimizer must be an Optimizer or an ArrayOptimizer: got {type(optimizer).__name__}")


def section_parts(optimizer: Optimizer, params: Tree, grads: Tree, state: Any) -> tuple[float, float, dict[str, Array]]:
    """The pieces of a step of the library's optimizer, one after the other, in place.

    The state stays as it is: the pieces work on a copy.
    """
    copy = optimizer.load_state(optimizer.save_state(state))
    update, spent, points = optimizer.method.update_in_place, [0.0, 0.0], {}
    for path, dL in leaves(grads):
        begin = time.perf_counter()
        G = optimizer.method.global_gradient(copy.sections[path], dL)
        W, _ = update(G, copy.moments[path], copy.t + 1)
        middle = time.perf_counter()
        points[path] = copy.sections[path].move_in_place(W, optimizer.retraction).point
        spent[0] += middle - begin
        spent[1] += time.perf_counter() - middle
    return spent[0], spent[1], points


def array_parts(optimizer: ArrayOptimizer, params: Tree, grads: Tree,
                state: Any) -> tuple[float, float, dict[str, Array]]:
    """The same of a rule for arrays; its projection is measured alone, on arrays of the same shapes."""
    begin = time.perf_counter()
    moved, _ = optimizer.step(params, grads, state)
    whole = time.perf_counter() - begin
    project = _projection(optimizer)
    begin = time.perf_counter()
    if project is not None:
        for (_, Y), (_, space) in zip(leaves(moved), leaves(optimizer.spaces)):
            if not is_free(space):
                project(Y)
    alone = time.perf_counter() - begin
    return whole - alone, alone, dict(leaves(moved))


def _projection(optimizer: ArrayOptimizer) -> Callable[[Any], Any] | None:
    if isinstance(optimizer.rule, ProjectedAdam):
        return PROJECTIONS[optimizer.rule.projection]
    return PROJECTIONS["polar"] if isinstance(optimizer.rule, EmbeddedAdam) else None
