"""Cases beside those of the step: sections, pairs of points, stacks, training, and what must be refused."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.make import balls, frames
from manifold_opt.oracle.make.space import DenseSpace
from manifold_opt.oracle.make.step_cases import Rule, describe, title, whole_case
from manifold_opt.oracle.make.transformer import backward, forward

__all__ = ["restoration_case", "reflector_case", "pair_case", "angles_case", "stack_case", "training_case",
           "refusal_cases"]

Arrays = Mapping[str, Array]


def _start(space: DenseSpace, seed: str, condition: int = 10) -> tuple[Random, Array]:
    random = Random(f"{seed} {space.kind} {space.N} {space.n}")
    return random, space.random_section(random, condition)


def restoration_case(dtype: str, space: DenseSpace) -> Case:
    """One Newton-Schulz step of a worn section, whose defect is about a thousandth."""
    random, Lambda = _start(space, "restoration")
    worn = Lambda + balls.exact(balls.draw(random, space.N, space.N) * 2.0**-11)

    def restore(arrays: Arrays) -> Arrays:
        M = arrays["Lambda"]
        return {"restored": M @ (3 * balls.identity(space.N) - space.adjoint(M) @ M) / 2}

    return whole_case("sections", f"{title(space, dtype)}-restoration", dtype, "restoration", restore, {"Lambda": worn},
                      describe(space, dtype))


def reflector_case(dtype: str, space: DenseSpace, retraction: str, changed: bool) -> Case:
    """Section, lift and move of the reflector section, whose rotation O is kept or serves no more after the move."""
    random, Lambda = _start(space, f"reflector {changed}")
    A, B = space.lift(Lambda, balls.exact(balls.draw(random, space.N, space.n)))
    if changed:
        # from near E by nearly half a turn in every direction: the point is then near EO, where Y* E O - I is singular
        Lambda = space.retract("cayley", A / 8, B / 8)
    factor = 64 if changed else balls.number(0.125)
    inputs = {"Y": space.point(Lambda), "W_A": A * balls.number(0.125), "W_B": B * factor}
    inputs["Delta"] = space.gradient(inputs["Y"], balls.exact(balls.draw(random, space.N, space.n)))

    def move(arrays: Arrays) -> Arrays:
        Y = arrays["Y"]
        O = -frames.rotation(space, Y[space.frame])
        Lambda = frames.reflector(space, Y, O)
        A, B = space.lift(Lambda, arrays["Delta"])
        Y_new = space.point(space.compose(Lambda, space.retract(retraction, arrays["W_A"], arrays["W_B"])))
        O_new = O if _serves(space, Y_new, O) else -frames.rotation(space, Y_new[space.frame])
        return {"O": O, "section": Lambda, "A": A, "B": B, "Y_new": Y_new, "O_new": O_new}

    case = whole_case("sections", f"{title(space, dtype)}-reflector-{'changed' if changed else 'kept'}-{retraction}",
                      dtype, "reflector", move, inputs, {**describe(space, dtype), "retraction": retraction})
    if np.array_equal(case.arrays["O"], case.arrays["O_new"]) == changed:
        raise ArithmeticError(f"the rotation must {'change' if changed else 'stay'}: case {case.id}")
    return case


def _serves(space: DenseSpace, Y: Array, O: Array) -> bool:
    E = balls.identity(space.n)
    inverse = balls.solve(space.adjoint(Y[space.frame]) @ O - E, E)
    return bool(np.sum(inverse * inverse) <= 4 * space.n)


def pair_case(dtype: str, space: DenseSpace, condition: int) -> Case:
    """The inverse Cayley retraction between two points."""
    random, Lambda = _start(space, "pair", condition)
    A, B = space.lift(Lambda, balls.exact(balls.draw(random, space.N, space.n)))
    end = space.compose(Lambda, space.retract("cayley", A / (2 * condition), B / (2 * condition)))
    return whole_case("sections", f"{title(space, dtype)}-condition{condition}-inverse_cayley", dtype, "pair",
                      lambda a: {"Delta": frames.inverse_cayley(space, a["Y"], a["Y_end"])},
                      {"Y": space.point(Lambda), "Y_end": space.point(end)},
                      {**describe(space, dtype), "condition": condition})


def angles_case(dtype: str, space: DenseSpace, name: str, angles: tuple[float, float]) -> Case:
    """Angles, distance and logarithm of two planes whose principal angles are about those given."""
    random, Lambda = _start(space, f"angles {name}")
    B = balls.zeros(space.N - space.n, space.n)
    B[0, 0], B[1, 1] = (balls.number(angle) for angle in angles)
    R = space.retract("geodesic", balls.zeros(space.n, space.n), B)
    turn = DenseSpace("stiefel", 2, 2).random_section(random)
    end = space.point(Lambda @ R) @ turn

    def measure(arrays: Arrays) -> dict[str, Any]:
        found = frames.principal_angles(arrays["Y"], arrays["Y_end"])
        return {"angles": found, "distance": np.sum(found * found).sqrt(),
                "Delta": frames.logarithm(arrays["Y"], arrays["Y_end"])}

    return whole_case("sections", f"{title(space, dtype)}-angles-{name}", dtype, "angles", measure,
                      {"Y": space.point(Lambda), "Y_end": end}, describe(space, dtype))


def stack_case(dtype: str, space: DenseSpace, retraction: str) -> Case:
    """Sections (2, 1, N, N) and gradients (3, N, n), whose results are stacks (2, 3, ...)."""
    random, _ = _start(space, "stack")
    Lambda = np.array([[space.random_section(random, 10)] for _ in range(2)], dtype=object)
    dL = np.array([balls.exact(balls.draw(random, space.N, space.n)) for _ in range(3)], dtype=object)
    rule = Rule(space, "gradient", retraction, {"learning_rate": 0.25})

    def each(function: Any) -> dict[str, Array]:
        found = [[function(i, k) for k in range(3)] for i in range(2)]
        return {name: np.array([[one[name] for one in row] for row in found], dtype=object) for name in found[0][0]}

    stored = {"Lambda": balls.exact(balls.midpoints(Lambda, dtype)), "dL": dL}
    W = each(lambda i, k: rule.velocity(1, rule.lift({"Lambda": stored["Lambda"][i, 0], "dL": dL[k]})))

    def stacks(arrays: Arrays) -> dict[str, Array]:
        point = np.array([[space.point(L[0])] for L in arrays["Lambda"]], dtype=object)
        return {"Y": point, **each(lambda i, k: {
            **rule.lift({"Lambda": arrays["Lambda"][i, 0], "dL": arrays["dL"][k]}),
            **{name: value for name, value in rule.move(
                {"Lambda": arrays["Lambda"][i, 0], "W_A": arrays["W_A"][i, k], "W_B": arrays["W_B"][i, k]}).items()
               if name != "Y_new"}})}

    return whole_case("stacks", f"{title(space, dtype)}-stack-{retraction}", dtype, "stack", stacks, {**stored, **W},
                      {**describe(space, dtype), "retraction": retraction}, given=("Y",))


def training_case(dtype: str, method: str, retraction: str, loss: str, hyper: dict[str, Any], *, blocks: int,
                  heads: int, width: int, tokens: int, batch: int, classes: int, skip: bool, steps: int) -> Case:
    """Losses and weights of a transformer whose attention lies on Stiefel manifolds and the rest in vector spaces."""
    random = Random(f"training {method} {retraction} {loss}")
    n = width // heads
    stiefel = DenseSpace("stiefel", width, n)
    attention = ("blocks.query", "blocks.key", "blocks.value")
    places = [(block, head) for block in range(blocks) for head in range(heads)]
    inputs = {"blocks.weight": balls.exact(balls.draw(random, blocks, width, width)),
              "blocks.bias": balls.exact(balls.draw(random, blocks, width)),
              "classifier": balls.exact(balls.draw(random, classes, width)),
              "x": balls.exact(balls.draw(random, batch, tokens, width))}
    for name in attention:
        sections = [[stiefel.random_section(random) for _ in range(heads)] for _ in range(blocks)]
        inputs[f"Lambda.{name}"] = np.array(sections, dtype=object)
    target = np.eye(classes)[[random.getrandbits(16) % classes for _ in range(batch)]]

    def run(arrays: Arrays) -> dict[str, Any]:
        states: dict[tuple[Any, ...], Array] = {
            (name, *place): arrays[f"Lambda.{name}"][place] for name in attention for place in places}
        states.update({(name,): arrays[name] for name in ("blocks.weight", "blocks.bias", "classifier")})
        rules = {key: Rule(stiefel if len(key) > 1 else DenseSpace("euclidean", 1, 1), method, retraction, hyper)
                 for key in states}
        memory = {key: rules[key].start(Lambda) for key, Lambda in states.items()}
        params = weights(memory)
        found: dict[str, Any] = {"params": params, "losses": [], **{f"{name}_after": [] for name in params}}
        for t in range(1, steps + 2):
            cache = forward(params, arrays["x"], heads, skip)
            grads = backward(params, cache, balls.exact(target), loss, skip)
            found["losses"].append(grads["loss"])
            if t > steps:
                break
            for key, before in memory.items():
                dL = grads[f"d_{key[0]}"][key[1:]] if len(key) > 1 else grads[f"d_{key[0]}"]
                after = rules[key].step(t, {**before, "dL": dL})
                memory[key] = {name: after[f"{name}_new"] for name in before}
            params = weights(memory)
            for name, value in params.items():
                found[f"{name}_after"].append(value)
        return {**found.pop("params"), **{name: np.array(value, dtype=object) for name, value in found.items()}}

    def weights(memory: dict[tuple[Any, ...], Any]) -> dict[str, Array]:
        stacked = {name: np.array([[stiefel.point(memory[name, block, head]["Lambda"]) for head in range(heads)]
                                   for block in range(blocks)], dtype=object) for name in attention}
        return {**stacked, **{key[0]: state["Lambda"] for key, state in memory.items() if len(key) == 1}}

    described = {"dtype": dtype, "method": method, "retraction": retraction, "hyper": hyper, "loss": loss,
                 "blocks": blocks, "heads": heads, "width": width, "tokens": tokens, "batch": batch, "classes": classes,
                 "skip": skip, "steps": steps}
    inputs["target"] = balls.exact(target)
    return whole_case("training", f"training-{dtype}-{method}-{retraction}-{loss}", dtype, "training", run, inputs,
                      described, given=("blocks.query", "blocks.key", "blocks.value", "blocks.weight", "blocks.bias",
                                        "classifier"))


def refusal_cases(dtype: str) -> Iterator[Case]:
    """What must be refused: points off the manifold, NaN, a pole of the Cayley transform, overflow."""
    for kind in ("stiefel", "grassmann", "symplectic_stiefel", "symplectic_grassmann"):
        space = DenseSpace(kind, 6, 2)
        random, Lambda = _start(space, "refusal")
        Y = balls.midpoints(space.point(Lambda), dtype)
        hole = Y.copy()
        hole[1, 1] = np.nan
        for name, reason, value in (("off", "Y is off the manifold: Y* Y = 1.21 I", (Y * 1.1).astype(dtype)),
                                    ("nan", "Y is not finite", hole)):
            yield _refusal(space, dtype, f"section-{name}", "global_section", reason, {"Y": value})
        W = {"W_A": np.zeros((2, 2), dtype), "W_B": np.full((4, 2), np.nan, dtype)}
        yield _refusal(space, dtype, "velocity-nan", "retract", "the velocity is not finite", W, retraction="cayley")
    space = DenseSpace("symplectic_stiefel", 6, 2)
    zero = np.zeros((4, 2), dtype)
    pole = np.array([[2.0, 0.0], [0.0, -2.0]], dtype)
    reason = "2 is an eigenvalue of the velocity: its Cayley transform has a pole"
    yield _refusal(space, dtype, "pole", "retract", reason, {"W_A": pole, "W_B": zero}, retraction="cayley")
    yield _refusal(space, dtype, "overflow", "retract", "the exponential of 800 overflows",
                   {"W_A": 400 * pole, "W_B": zero}, retraction="geodesic")


def _refusal(space: DenseSpace, dtype: str, name: str, operation: str, reason: str, arrays: dict[str, Array],
             **parameters: str) -> Case:
    described = {**describe(space, dtype), "operation": operation, "reason": reason, **parameters}
    return Case(f"{title(space, dtype)}-refuse-{name}", "refusals", "refusal", described, arrays, {})
