"""Cases of whole trajectories, and of the transformer forward and backward."""
from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle import decimals
from manifold_opt.oracle.case import Case, conditioned
from manifold_opt.oracle.exact_transformer import backward, forward
from manifold_opt.oracle.problems import loss_and_gradient
from manifold_opt.oracle.step_cases import Rule

__all__ = ["problem_data", "trajectory_case", "transformer_case"]

Arrays = dict[str, Array]


def problem_data(problem: str, N: int, n: int, columns: int = 3) -> Arrays:
    """The matrices of a problem, with entries that float64 holds exactly.

    Parameters
    ----------
    problem : str
        One of :data:`~manifold_opt.oracle.problems.PROBLEMS`.
    N, n : int
        Shape of the points.
    columns : int
        Rows of P and Q beyond N (procrustes).

    Returns
    -------
    dict of str to numpy.ndarray
        float64 arrays.

    Examples
    --------
    >>> from manifold_opt.oracle.whole_cases import problem_data
    >>> sorted(problem_data("brockett", 5, 2))
    ['D', 'M']
    """
    random = Random(f"problem {problem} {N} {n}")
    if problem == "procrustes":
        return {"P": decimals.draw(random, N + columns, N), "Q": decimals.draw(random, N + columns, n)}
    X = decimals.draw(random, N, N)
    M = X + X.T + np.diag(np.arange(1.0, N + 1)) * (8 if problem == "symplectic_eigenvalues" else 1)
    return {"M": M, "D": np.arange(n, 0.0, -1.0)} if problem == "brockett" else {"M": M}


def trajectory_case(problem: str, name: str, rule: Rule, steps: int) -> Case:
    """All losses and the last point of an optimization, in 100 digits throughout.

    Parameters
    ----------
    problem, name : str
        One of :data:`~manifold_opt.oracle.problems.PROBLEMS`, and the last part of the name of the case.
    rule : Rule
        What a step is.
    steps : int
        Number of steps.

    Returns
    -------
    Case
        In float64.

    Examples
    --------
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_step import ExactSpace
    >>> from manifold_opt.oracle.step_cases import Rule
    >>> from manifold_opt.oracle.whole_cases import trajectory_case
    >>> with decimals.context():
    ...     rule = Rule(ExactSpace("stiefel", 4, 2), "gradient", "cayley", {"learning_rate": 0.01})
    ...     losses = trajectory_case("brockett", "example", rule, 5).arrays["losses"]
    >>> bool((losses[1:] < losses[:-1]).all())
    True
    """
    space = rule.space
    data = problem_data(problem, space.N, space.n)
    start = space.random_section(Random(f"trajectory {space.kind} {space.N} {space.n}"), condition=4)
    inputs = {"Lambda": decimals.exact(decimals.rounded(start)),
              **{key: decimals.exact(value) for key, value in data.items()}}

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

    values, scales = conditioned(run, inputs)
    arrays = {key: decimals.rounded(value) for key, value in {**inputs, **values}.items()}
    described = {"space": space.kind, "shape": [space.N, space.n], "dtype": "float64", "problem": problem,
                 "steps": steps, "method": rule.method, "hyper": rule.hyper, "retraction": rule.retraction}
    return Case(f"{problem}-{space.kind}-{space.N}x{space.n}-{name}", "trajectories", "trajectory", described, arrays,
                scales)


def transformer_case(name: str, dtype: str, loss: str, *, blocks: int, heads: int, width: int, tokens: int, batch: int,
                     classes: int, skip: bool, gain: float = 1.0) -> Case:
    """All intermediate quantities of the transformer, its loss and all its gradients.

    Parameters
    ----------
    name, dtype, loss : str
        Name without dtype and loss; float32 or float64; "relative" or "cross_entropy".
    blocks, heads, width, tokens, batch, classes : int
        Sizes; heads must divide width.
    skip : bool
        Whether attention adds its input.
    gain : float
        Factor of queries and keys, by which the softmax saturates.

    Returns
    -------
    Case

    Examples
    --------
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.whole_cases import transformer_case
    >>> with decimals.context():
    ...     case = transformer_case("example", "float64", "relative", blocks=1, heads=1, width=2, tokens=2, batch=1,
    ...                             classes=2, skip=True)
    >>> bool(abs(case.arrays["y"].sum() - 1) < 1e-15)
    True
    """
    random = Random(f"transformer {name}")
    n = width // heads
    shapes = {"blocks.query": (blocks, heads, width, n), "blocks.key": (blocks, heads, width, n),
              "blocks.value": (blocks, heads, width, n), "blocks.weight": (blocks, width, width),
              "blocks.bias": (blocks, width), "classifier": (classes, width)}
    params = {key: decimals.draw(random, *shape) * (gain if key in ("blocks.query", "blocks.key") else 1.0)
              for key, shape in shapes.items()}
    x = decimals.draw(random, batch, tokens, width)
    target = np.eye(classes)[[random.getrandbits(16) % classes for _ in range(batch)]]
    inputs = {key: decimals.exact(value) for key, value in {**params, "x": x}.items()}

    def run(arrays: Mapping[str, Array]) -> Arrays:
        params = {key: arrays[key] for key in shapes}
        cache = forward(params, arrays["x"], heads, skip)
        gradients = backward(params, cache, decimals.exact(target), loss, skip)
        values: dict[str, Any] = {**{key: value for key, value in cache.items() if key != "inputs"}, **gradients}
        return {**values, "loss": np.array(gradients["loss"], dtype=object)}

    values, scales = conditioned(run, inputs)
    # P (dP - sum(P dP)) cancels where the softmax saturates: its unit is that of its terms, not that of the tiny rest
    term = scales["d_blocks.value"] * scales["values"] / width**0.5
    for gradient, factor in (("d_blocks.query", "keys"), ("d_blocks.key", "queries")):
        scales[gradient] = max(scales[gradient], float(f"{term * scales[factor]:.2e}"))
    arrays = {**{key: value.astype(dtype) for key, value in {**params, "x": x, "target": target}.items()},
              **{key: decimals.rounded(value, dtype) for key, value in values.items()}}
    described = {"dtype": dtype, "loss": loss, "blocks": blocks, "heads": heads, "width": width, "tokens": tokens,
                 "batch": batch, "classes": classes, "skip": skip, "gain": gain}
    return Case(f"transformer-{name}-{dtype}-{loss}", "transformer", "transformer", described, arrays, scales)
