"""Known mistakes of Muon, decoupled decay and rates."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.conventions import adjoint, complement, frame
from manifold_opt.oracle.mistake import Answers, Mistake, Wrong

__all__ = ["METHODS"]


def _msign(M: Array) -> Array:
    U, _, Vt = np.linalg.svd(M, full_matrices=False)
    return np.asarray(U @ Vt)


def _muon(change: Callable[[Array, Array], tuple[Array, Array]], kinds: tuple[str, ...] = ("stiefel",)) -> Wrong:
    """A steepest direction of one's own, from the blocks of the new moment."""
    def answer(a: Mapping[str, Any], r: Mapping[str, Array]) -> Answers:
        if a["space"] not in kinds:
            return {}
        W = change(r["B1_A_new"], r["B1_B_new"])
        return {f"W_{block}": -a["hyper"]["learning_rate"] * X for block, X in zip("AB", W)}

    return answer


def _stacked(A: Array, B: Array) -> tuple[Array, Array]:
    W = _msign(np.concatenate([A, B]))
    return W[:len(A)], W[len(A):]


def _counted_twice(A: Array, B: Array) -> tuple[Array, Array]:
    """The direction whose product counts the frame block in full."""
    nuclear = np.linalg.svd(B, compute_uv=False).sum()
    length = np.hypot(2 * A[1, 0], nuclear)
    return 2 * A / length, _msign(B) * (nuclear / length)


def _decay(a: Mapping[str, Any]) -> dict[str, Array]:
    """The lift of the gradient of half the squared norm."""
    Lambda = a["Lambda"]
    if a["space"] == "euclidean":
        return {"A": np.zeros((0, 0)), "B": Lambda}
    N, n = a["dL"].shape
    Y = Lambda[:, frame(a["space"], N, n)]
    X = Y @ Y.T
    D = (X - adjoint(a["space"], X)) @ Y
    A = adjoint(a["space"], Y) @ D
    A = 0 * A if a["space"].endswith("grassmann") else (A - adjoint(a["space"], A)) / 2
    return {"A": A, "B": adjoint(a["space"], Lambda[:, complement(a["space"], N, n)]) @ D}


def _in_the_moments(a: Mapping[str, Any], r: Mapping[str, Array]) -> Answers:
    """The decay as a part of the gradient."""
    if a["space"] in ("stiefel", "grassmann"):
        return {}
    h, found = a["hyper"], {}
    for block, D in _decay(a).items():
        share = (1 - h["rho1"]) / (1 - h["rho1"]**a["t"])
        found[f"B1_{block}_new"] = r[f"B1_{block}_new"] + share * h["weight_decay"] * D
    return found


def _other_decay(factor: Callable[[Mapping[str, Any]], float]) -> Wrong:
    """The velocity with another multiple of the decay."""
    def answer(a: Mapping[str, Any], r: Mapping[str, Array]) -> Answers:
        if a["space"] in ("stiefel", "grassmann"):
            return {}
        h = a["hyper"]
        change = factor(h) - h["learning_rate"] * h["weight_decay"]
        return {f"W_{block}": r[f"W_{block}"] - change * D for block, D in _decay(a).items()}

    return answer


def _rate(change: Callable[[Mapping[str, Any], int], float], *schedules: str) -> Wrong:
    return lambda a, r: {"rate": change(a["hyper"], a["t"])} if a["schedule"] in schedules else {}


def _cosine(h: Mapping[str, Any], s: float) -> float:
    return float(h["eta2"] + (h["eta1"] - h["eta2"]) * (1 + np.cos(np.pi * s)) / 2)


METHODS = [
    Mistake("muon_update", "msign of both blocks as one matrix, which is not tangent", _muon(_stacked)),
    Mistake("muon_update", "msign of each block", _muon(lambda A, B: (_msign(A), _msign(B)))),
    Mistake("muon_update", "the frame block counts in full, not by half", _muon(_counted_twice)),
    Mistake("muon_update", "the moment itself, without msign", _muon(lambda A, B: (A, B), (
        "stiefel", "grassmann", "euclidean"))),
    Mistake("muon_update", "msign divided by the Frobenius norm", _muon(lambda A, B: (
        A, _msign(B) / np.sqrt(B.shape[1])), ("grassmann", "euclidean"))),
    Mistake("muon_update", "the moment as an average, (1 - alpha) B", lambda a, r: {
        f"B1_{block}_new": a["hyper"]["alpha"] * a["moments"][f"B1_{block}"] + (1 - a["hyper"]["alpha"]) * a[block]
        for block in "AB"}),
    Mistake("adam_w_step", "the decay passes through the moments", _in_the_moments),
    Mistake("adam_w_step", "the decay is not multiplied by the rate", _other_decay(lambda h: h["weight_decay"])),
    Mistake("adam_w_step", "no decay", _other_decay(lambda h: 0.0)),
    Mistake("adam_w_step", "the sign of the decay", _other_decay(lambda h: -h["learning_rate"] * h["weight_decay"])),
    Mistake("adam_w_step", "the point itself shrinks and leaves a Stiefel manifold", lambda a, r: {
        "Y_new": r["Y_new"] * (1 - a["hyper"]["learning_rate"] * a["hyper"]["weight_decay"])}
        if a["space"] == "stiefel" else {}),
    Mistake("learning_rate", "the warm-up begins at 0", _rate(
        lambda h, t: h["rate"] * min(1.0, (t - 1) / h["steps"]), "warm_up")),
    Mistake("learning_rate", "the cosine over steps, not steps - 1", _rate(
        lambda h, t: _cosine(h, min(t - 1, h["steps"]) / h["steps"]), "cosine")),
    Mistake("learning_rate", "the cosine begins at t, not t - 1", _rate(
        lambda h, t: _cosine(h, min(t, h["steps"] - 1) / (h["steps"] - 1)), "cosine")),
    Mistake("learning_rate", "the cosine goes on beyond its end", _rate(
        lambda h, t: _cosine(h, (t - 1) / (h["steps"] - 1)), "cosine")),
    Mistake("learning_rate", "the rate decays linearly", _rate(
        lambda h, t: h["eta1"] + (h["eta2"] - h["eta1"]) * min(t - 1, h["steps"] - 1) / (h["steps"] - 1),
        "cosine", "geometric")),
    Mistake("learning_rate", "the cosine waits for the end of the warm-up", _rate(
        lambda h, t: min(1.0, t / h["warm_up"]) * _cosine(
            h, min(max(t - h["warm_up"], 0), h["steps"] - 1) / (h["steps"] - 1)), "warm_up_cosine")),
]
"""The known mistakes."""
