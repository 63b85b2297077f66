"""Cases of whole trajectories, and of the transformer forward and backward."""
from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.make import balls
from manifold_opt.oracle.make.conditioning import certified
from manifold_opt.oracle.make.step_cases import Rule, describe, title, whole_case
from manifold_opt.oracle.make.transformer import backward, forward
from manifold_opt.oracle.problems import loss_and_gradient

__all__ = ["problem_data", "trajectory_case", "transformer_case"]

Arrays = dict[str, Array]


def problem_data(problem: str, N: int, n: int, columns: int = 3) -> Arrays:
    """The matrices of a problem, float64 arrays of numbers with few bits."""
    random = Random(f"problem {problem} {N} {n}")
    if problem == "procrustes":
        return {"P": balls.draw(random, N + columns, N), "Q": balls.draw(random, N + columns, n)}
    X = balls.draw(random, N, N)
    M = X + X.T + np.diag(np.arange(1.0, N + 1)) * (8 if problem == "symplectic_eigenvalues" else 1)
    return {"M": M, "D": np.arange(n, 0.0, -1.0)} if problem == "brockett" else {"M": M}


def trajectory_case(problem: str, name: str, rule: Rule, steps: int, dtype: str = "float64") -> Case:
    """All losses and the last point of an optimization, without rounding in between."""
    space = rule.space
    data = problem_data(problem, space.N, space.n)
    start = space.random_section(Random(f"trajectory {space.kind} {space.N} {space.n}"), condition=4)
    inputs = {"Lambda": start, **{key: balls.exact(value.astype(dtype)) for key, value in data.items()}}

    def run(arrays: Mapping[str, Array]) -> Arrays:
        before = rule.start(arrays["Lambda"])
        losses = []
        for t in range(1, steps + 2):
            loss, dL = loss_and_gradient(problem, arrays, space.point(before["Lambda"]))
            losses.append(loss)
            if t <= steps:
                after = rule.step(t, {**before, "dL": dL})
                before = {key: after[f"{key}_new"] for key in before}
        return {"losses": np.array(losses, dtype=object), "Y_last": space.point(before["Lambda"])}

    described = {**describe(space, dtype), "problem": problem, "steps": steps, "method": rule.method,
                 "hyper": rule.hyper, "retraction": rule.retraction}
    short = title(space, dtype) if dtype != "float64" else title(space, "").removesuffix("-")
    return whole_case("trajectories", f"{problem}-{short}-{name}", dtype, "trajectory", run, inputs, described)


def transformer_case(name: str, dtype: str, loss: str, *, blocks: int, heads: int, width: int, tokens: int, batch: int,
                     classes: int, skip: bool, gain: float = 1.0, seed: str | None = None) -> Case:
    """All intermediate quantities of the transformer, its loss and all its gradients; gain saturates the softmax."""
    random = Random(f"transformer {seed or name}")
    n = width // heads
    shapes = {"blocks.query": (blocks, heads, width, n), "blocks.key": (blocks, heads, width, n),
              "blocks.value": (blocks, heads, width, n), "blocks.weight": (blocks, width, width),
              "blocks.bias": (blocks, width), "classifier": (classes, width)}
    params = {key: balls.draw(random, *shape) * (gain if key in ("blocks.query", "blocks.key") else 1.0)
              for key, shape in shapes.items()}
    x = balls.draw(random, batch, tokens, width)
    target = np.eye(classes)[[random.getrandbits(16) % classes for _ in range(batch)]]
    inputs = {key: balls.exact(value) for key, value in {**params, "x": x}.items()}

    def run(arrays: Mapping[str, Array]) -> Arrays:
        params = {key: arrays[key] for key in shapes}
        cache = forward(params, arrays["x"], heads, skip)
        gradients = backward(params, cache, balls.exact(target), loss, skip)
        values: dict[str, Any] = {**{key: value for key, value in cache.items() if key != "inputs"}, **gradients}
        return values

    values, scales = certified(run, inputs, dtype)
    # P (dP - sum(P dP)) cancels where the softmax saturates: its unit is that of its terms, not that of the tiny rest
    term = scales["d_blocks.value"] * scales["values"] / width**0.5
    for gradient, factor in (("d_blocks.query", "keys"), ("d_blocks.key", "queries")):
        scales[gradient] = max(scales[gradient], float(f"{term * scales[factor]:.2e}"))
    arrays = {**{key: value.astype(dtype) for key, value in {**params, "x": x, "target": target}.items()},
              **values}
    described = {"dtype": dtype, "loss": loss, "blocks": blocks, "heads": heads, "width": width, "tokens": tokens,
                 "batch": batch, "classes": classes, "skip": skip, "gain": gain}
    return Case(f"transformer-{name}-{dtype}-{loss}", "transformer", "transformer", described, arrays, scales)
