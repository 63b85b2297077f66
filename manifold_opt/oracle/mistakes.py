"""Known mistakes: what each gives in place of the right answer, so that a departure can be told what it looks like.

Many stand, or stood, in published code. Each is written in a line or two, from the arguments of the operation and the
right answers; an empty dict says that the mistake does not show in these arguments.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.conventions import adjoint, complement, frame
from manifold_opt.oracle.geometry_mistakes import GEOMETRY
from manifold_opt.oracle.method_mistakes import METHODS
from manifold_opt.oracle.mistake import Answers, Mistake, Wrong
from manifold_opt.oracle.question import Question
from manifold_opt.oracle.unitary_mistakes import UNITARY
from manifold_opt.oracle.wrong_transformers import wrong_gradient, wrong_pass

__all__ = ["MISTAKES", "diagnose"]


def diagnose(question: Question, name: str, value: Array) -> str:
    """The words of the mistakes that give this value of a quantity, up to a thousandth of how far it is off."""
    found = []
    for mistake in MISTAKES:
        if mistake.operation == question.operation:
            wrong = mistake.of(question).get(name)
            if wrong is not None and _explains(np.asarray(wrong), value, question.expected[name]):
                found.append(mistake.words)
    return " or ".join(found)


def _explains(wrong: Array, value: Array, right: Array) -> bool:
    """Whether wrong numbers are those of the value, up to a thousandth of what they are off; NaN is NaN."""
    finite = np.isfinite(wrong)
    if wrong.shape != value.shape or not np.array_equal(finite, np.isfinite(value)):
        return False
    off = np.abs(wrong - right)[finite].max(initial=0.0)
    return bool((off > 0 or not finite.all()) and np.abs(wrong - value)[finite].max(initial=0.0) <= 1e-3 * off)


def _lift(space: str, Lambda: Array, Delta: Array, columns: Array | None = None) -> Answers:
    """The lift of a tangent vector."""
    N, n = Delta.shape
    columns = frame(space, N, n) if columns is None else columns
    A = adjoint(space, Lambda[:, columns]) @ Delta
    A = 0 * A if space.endswith("grassmann") else (A - adjoint(space, A)) / 2
    return {"A": A, "B": adjoint(space, np.delete(Lambda, columns, axis=1)) @ Delta}


def _full(space: str, Y: Array, dL: Array) -> Array:
    X = dL @ Y.T
    return np.asarray((X - adjoint(space, X)) @ Y)


def _lift_gradient(space: str, Lambda: Array, dL: Array, columns: Array | None = None) -> Answers:
    Y = Lambda[:, frame(space, *dL.shape) if columns is None else columns]
    return _lift(space, Lambda, _full(space, Y, dL), columns)


def _first(a: Mapping[str, Any]) -> Answers:
    N, n = a["dL"].shape
    return _lift_gradient(a["space"], a["Lambda"], a["dL"], np.arange(n)) if _symplectic(a) and n < N else {}


def _euclidean(a: Mapping[str, Any]) -> bool:
    return bool(a["space"] == "euclidean")


def _symplectic(a: Mapping[str, Any]) -> bool:
    return bool(a["space"].startswith("symplectic"))


def _grassmann(a: Mapping[str, Any]) -> bool:
    return bool(a["space"].endswith("grassmann"))


LIFT = [
    Mistake("lift_gradient", "the section is transposed", lambda a, r: {} if _euclidean(a) else _lift_gradient(
        a["space"], a["Lambda"].T, a["dL"])),
    Mistake("lift_gradient", "A is halved: a projection in place of the gradient", lambda a, r: {"A": r["A"] / 2}),
    Mistake("lift_gradient", "the sign is that of descent", lambda a, r: {name: -X for name, X in r.items()}),
    Mistake("lift_gradient", "A is kept on a Grassmannian", lambda a, r: {"A": _lift_gradient(
        a["space"].replace("grassmann", "stiefel"), a["Lambda"], a["dL"])["A"]} if _grassmann(a) else {}),
    Mistake("lift_gradient", "A is Y* dL, not in the algebra", lambda a, r: {} if _euclidean(a) else {
        "A": adjoint(a["space"], a["Lambda"][:, frame(a["space"], *a["dL"].shape)]) @ a["dL"]}),
    Mistake("lift_gradient", "the transpose stands for the adjoint", lambda a, r: _lift_gradient(
        a["space"].removeprefix("symplectic_"), a["Lambda"], a["dL"], frame(a["space"], *a["dL"].shape))
        if _symplectic(a) else {}),
    Mistake("lift_gradient", "the frame is the first n columns", lambda a, r: _first(a)),
    Mistake("lift", "the section is transposed", lambda a, r: {} if _euclidean(a) else _lift(
        a["space"], a["Lambda"].T, a["Delta"])),
    Mistake("lift", "the sign is wrong", lambda a, r: {name: -X for name, X in r.items()}),
    Mistake("lift", "the transpose stands for the adjoint", lambda a, r: _lift(
        a["space"].removeprefix("symplectic_"), a["Lambda"], a["Delta"], frame(a["space"], *a["Delta"].shape))
        if _symplectic(a) else {}),
]


def _form(N: int) -> Array:
    half = N // 2
    return np.block([[np.zeros((half, half)), np.eye(half)], [-np.eye(half), np.zeros((half, half))]])


GRADIENT = [
    Mistake("riemannian_gradient", "the embedded metric stands for the canonical one", lambda a, r: {
        "grad": a["dL"] - a["Y"] @ (a["Y"].T @ a["dL"] + a["dL"].T @ a["Y"]) / 2} if a["space"] == "stiefel" else {}),
    Mistake("riemannian_gradient", "dL is returned as it is", lambda a, r: {} if _euclidean(a) else {"grad": a["dL"]}),
    Mistake("riemannian_gradient", "the gradient is taken twice, as if it were a projection", lambda a, r: {
        "grad": _full(a["space"], a["Y"], r["grad"])} if not _euclidean(a) else {}),
    Mistake("riemannian_gradient", "the vertical part is kept on a Grassmannian", lambda a, r: {
        "grad": _full(a["space"], a["Y"], a["dL"])} if _grassmann(a) else {}),
    Mistake("riemannian_gradient", "the vertical part is dropped where it belongs", lambda a, r: {
        "grad": r["grad"] - a["Y"] @ (adjoint(a["space"], a["Y"]) @ r["grad"])}
        if a["space"].endswith("stiefel") else {}),
    Mistake("riemannian_gradient", "Y and dL are exchanged in the second term", lambda a, r: {
        "grad": a["dL"] @ a["Y"].T @ a["Y"] + _form(len(a["Y"])).T @ a["Y"] @ _form(a["Y"].shape[1]) @ (
            a["dL"].T @ a["Y"])} if a["space"] == "symplectic_stiefel" else {}),
    Mistake("riemannian_gradient", "the transpose stands for the adjoint", lambda a, r: {
        "grad": _full("stiefel", a["Y"], a["dL"])} if a["space"] == "symplectic_stiefel" else {}),
    Mistake("riemannian_gradient", "the sign is that of descent", lambda a, r: {"grad": -r["grad"]}),
    Mistake("project_tangent", "the gradient is taken for the projection", lambda a, r: {
        "projection": _full(a["space"], a["Y"], a["Z"])} if a["space"] == "stiefel" else {}),
    Mistake("project_tangent", "the half is missing", lambda a, r: {
        "projection": 2 * r["projection"] - a["Z"]} if a["space"] == "stiefel" else {}),
    Mistake("metric", "the off-diagonal blocks count twice", lambda a, r: {} if _euclidean(a) else {
        "metric": 2 * r["metric"]}),
    Mistake("metric", "the metric is half as large", lambda a, r: {"metric": r["metric"] / 2}),
    Mistake("metric", "the embedded metric stands for that of the quotient", lambda a, r: {
        "metric": np.sum(a["Delta1"] * a["Delta2"])} if not _euclidean(a) else {}),
    Mistake("metric", "K^-1 is left out", lambda a, r: {"metric": np.sum(a["Delta1"] * (a["Delta2"] - _half(a)))}
            if a["space"] == "symplectic_stiefel" else {}),
    Mistake("horizontal_lift", "the factors I - Y Y^T/2 are missing", lambda a, r: {
        "Omega": a["Delta"] @ a["Y"].T - a["Y"] @ a["Delta"].T} if a["space"] == "stiefel" else {}),
    Mistake("horizontal_lift", "the sign is wrong", lambda a, r: {"Omega": -r["Omega"]}),
    Mistake("horizontal_lift", "the lift is that of the pseudo-Riemannian metric", lambda a, r: _pseudo(a)),
    Mistake("horizontal_lift", "K^-1 is left out", lambda a, r: _right_invariant(a, np.eye(a["Y"].shape[1]))),
    Mistake("horizontal_lift", "Delta is lifted in place of its metric representative", lambda a, r: (
        _right_invariant(a, np.linalg.inv(a["Y"].T @ a["Y"])) if a["space"] == "symplectic_grassmann" else {})),
]


def _half(a: Mapping[str, Any]) -> Array:
    JtY = _form(len(a["Y"])).T @ a["Y"]
    return np.asarray(JtY @ (JtY.T @ a["Delta2"]) / 2)


def _pseudo(a: Mapping[str, Any]) -> Answers:
    if not _symplectic(a):
        return {}
    Y, Delta = a["Y"], a["Delta"]
    X = (Delta - Y @ (adjoint(a["space"], Y) @ Delta) / 2) @ adjoint(a["space"], Y)
    return {"Omega": X - adjoint(a["space"], X)}


def _right_invariant(a: Mapping[str, Any], inverse: Array) -> Answers:
    if not _symplectic(a):
        return {}
    Y, Delta, J = a["Y"], a["Delta"], _form(len(a["Y"]))
    rest = np.eye(len(Y)) - J.T @ Y @ inverse @ Y.T @ J
    return {"Omega": Delta @ inverse @ Y.T + J @ Y @ inverse @ Delta.T @ rest @ J}


def _adam(change: Callable[[Mapping[str, Any], Mapping[str, Array], str], Answers]) -> Wrong:
    """A mistake of Adam, block by block: `change` gives some of B1, B2 and W."""
    def answer(a: Mapping[str, Any], right: Mapping[str, Array]) -> Answers:
        if not a["method"].startswith("adam"):
            return {}
        result: Answers = {}
        for block in "AB":
            wrong = change(a, right, block)
            result.update({f"W_{block}" if name == "W" else f"{name}_{block}_new": X for name, X in wrong.items()})
        return result

    return answer


def _rate(hyper: Mapping[str, Any], t: float) -> float:
    if "learning_rate" in hyper:
        return float(hyper["learning_rate"])
    last = hyper["steps"] - 1
    return float(hyper["eta1"] * (hyper["eta2"] / hyper["eta1"])**(min(t - 1, last) / last))


def _velocity(a: Mapping[str, Any], right: Mapping[str, Array], block: str, second: Array | None = None,
              first: Array | None = None, delta: float | None = None) -> Array:
    first = right[f"B1_{block}_new"] if first is None else first
    second = right[f"B2_{block}_new"] if second is None else second
    delta = a["hyper"]["delta"] if delta is None else delta
    return np.asarray(-_rate(a["hyper"], a["t"]) * first / (np.sqrt(second) + delta))


def _moments(a: Mapping[str, Any], block: str, t: float, rhos: tuple[str, str] = ("rho1", "rho2")) -> Answers:
    result = {}
    for name, rho, X in (("B1", a["hyper"][rhos[0]], a[block]), ("B2", a["hyper"][rhos[1]], a[block]**2)):
        result[name] = ((rho - rho**t) * a["moments"][f"{name}_{block}"] + (1 - rho) * X) / (1 - rho**t)
    return result


def _decayed(rate: Callable[[Mapping[str, Any], int], float]) -> Wrong:
    def answer(a: Mapping[str, Any], right: Mapping[str, Array]) -> Answers:
        if a["method"] != "adam_with_decay":
            return {}
        factor = rate(a["hyper"], a["t"]) / _rate(a["hyper"], a["t"])
        return {name: right[name] * factor for name in ("W_A", "W_B")}

    return answer


def _momentum(change: Callable[[Mapping[str, Any], Mapping[str, Array], str], Answers]) -> Wrong:
    def answer(a: Mapping[str, Any], right: Mapping[str, Array]) -> Answers:
        if a["method"] != "momentum":
            return {}
        return {f"{name}_{block}" if name == "W" else f"{name}_{block}_new": X
                for block in "AB" for name, X in change(a, right, block).items()}

    return answer


UPDATE = [
    Mistake("update", "delta inside the root", _adam(lambda a, r, b: {
        "W": _velocity(a, r, b, r[f"B2_{b}_new"] + a["hyper"]["delta"], delta=0.0)})),
    Mistake("update", "the square of delta inside the root", _adam(lambda a, r, b: {
        "W": _velocity(a, r, b, r[f"B2_{b}_new"] + a["hyper"]["delta"]**2, delta=0.0)})),
    Mistake("update", "no delta", _adam(lambda a, r, b: {"W": _velocity(a, r, b, delta=0.0)})),
    Mistake("update", "no bias correction", _adam(lambda a, r, b: {
        f"B{k}": a["hyper"][f"rho{k}"] * a["moments"][f"B{k}_{b}"] + (1 - a["hyper"][f"rho{k}"]) * a[b]**k
        for k in (1, 2)})),
    Mistake("update", "moments without the correction, which comes in the velocity", _adam(lambda a, r, b: {
        f"B{k}": r[f"B{k}_{b}_new"] * (1 - a["hyper"][f"rho{k}"]**a["t"]) for k in (1, 2)})),
    Mistake("update", "bias corrected at t + 1", _adam(lambda a, r, b: _moments(a, b, a["t"] + 1))),
    Mistake("update", "sqrt(v)/(1 - rho2^t) in place of sqrt(v/(1 - rho2^t))", _adam(lambda a, r, b: {
        "W": _velocity(a, r, b, r[f"B2_{b}_new"] / (1 - a["hyper"]["rho2"]**a["t"]))})),
    Mistake("update", "rho1 and rho2 exchanged", _adam(lambda a, r, b: _moments(a, b, a["t"], ("rho2", "rho1")))),
    Mistake("update", "second moment of magnitudes, not squares", _adam(lambda a, r, b: {
        "B2": ((a["hyper"]["rho2"] - a["hyper"]["rho2"]**a["t"]) * a["moments"][f"B2_{b}"]
               + (1 - a["hyper"]["rho2"]) * np.abs(a[b])) / (1 - a["hyper"]["rho2"]**a["t"])})),
    Mistake("update", "one second moment for the whole matrix", _adam(lambda a, r, b: {
        "B2": np.full_like(a[b], np.sum(a["A"]**2) + np.sum(a["B"]**2)) if a["t"] == 1 else r[f"B2_{b}_new"]})),
    Mistake("update", "the velocity is that of the old moments", _adam(lambda a, r, b: {
        "W": _velocity(a, r, b, a["moments"][f"B2_{b}"], a["moments"][f"B1_{b}"])})),
    Mistake("update", "the velocity is divided by the second moment, not its root", _adam(lambda a, r, b: {
        "W": _velocity(a, r, b, r[f"B2_{b}_new"]**2)})),
    Mistake("update", "the moments are doubled", lambda a, r: {
        name: 2 * X for name, X in r.items() if name.endswith("_new")}),
    Mistake("update", "the sign is that of ascent", lambda a, r: {name: -r[name] for name in ("W_A", "W_B")}),
    Mistake("update", "no learning rate", lambda a, r: {
        name: r[name] / _rate(a["hyper"], a["t"]) for name in ("W_A", "W_B")}),
    Mistake("update", "the rate is that of the next step", _decayed(lambda hyper, t: _rate(hyper, t + 1))),
    Mistake("update", "the rate does not decay", _decayed(lambda hyper, t: float(hyper["eta1"]))),
    Mistake("update", "the rate decays linearly", _decayed(lambda hyper, t: float(
        hyper["eta1"] + (hyper["eta2"] - hyper["eta1"]) * min(t - 1, hyper["steps"] - 1) / (hyper["steps"] - 1)))),
    Mistake("update", "the rate decays over steps, not steps - 1", _decayed(lambda hyper, t: float(
        hyper["eta1"] * (hyper["eta2"] / hyper["eta1"])**(min(t - 1, hyper["steps"]) / hyper["steps"])))),
    Mistake("update", "momentum as an average, (1 - alpha) B", _momentum(lambda a, r, b: {
        "B1": a["hyper"]["alpha"] * a["moments"][f"B1_{b}"] + (1 - a["hyper"]["alpha"]) * a[b]})),
    Mistake("update", "Nesterov's velocity", _momentum(lambda a, r, b: {
        "W": -a["hyper"]["learning_rate"] * (a["hyper"]["alpha"] * r[f"B1_{b}_new"] + a[b])})),
]


def _dense(a: Mapping[str, Any], kind: str | None = None, interleaved: bool = True) -> Array:
    """The velocity as a matrix."""
    kind = a["space"] if kind is None else kind
    A, B = (np.asarray(a[name], np.float64) for name in ("W_A", "W_B"))
    N, n = len(A) + len(B), len(A)
    rows = frame(a["space"], N, n) if interleaved else np.arange(n)
    others = complement(a["space"], N, n) if interleaved else np.arange(n, N)
    X = np.zeros((N, N))
    X[np.ix_(rows, rows)], X[np.ix_(others, rows)], X[np.ix_(rows, others)] = A, B, -adjoint(kind, B)
    return X


def _cayley(X: Array, half: float = 0.5) -> Array:
    E = np.eye(len(X))
    return np.asarray(np.linalg.solve(E - half * X, E + half * X))


def _exponential(X: Array) -> Array:
    """Scaling and squaring of a Taylor polynomial."""
    doublings = max(0, int(np.ceil(np.log2(max(float(np.linalg.norm(X, 1)), 1e-300)))) + 1)
    E, Z = np.eye(len(X)), X / 2.0**doublings
    for k in range(20, 0, -1):
        E = np.eye(len(X)) + Z @ E / k
    for _ in range(doublings):
        E = E @ E
    return E


def _series(X: Array, terms: int) -> Array:
    E = np.eye(len(X))
    for k in range(terms, 0, -1):
        E = np.eye(len(X)) + X @ E / k
    return E


RETRACTIONS: list[tuple[str, Callable[[Mapping[str, Any]], Array | None]]] = [
    ("the Cayley transform stands for the exponential", lambda a: _cayley(_dense(a))
     if a["retraction"] == "geodesic" else None),
    ("the exponential stands for the Cayley transform", lambda a: _exponential(_dense(a))
     if a["retraction"] == "cayley" else None),
    ("the Cayley transform without its halves", lambda a: _cayley(_dense(a), 1.0)
     if a["retraction"] == "cayley" else None),
    ("R is inverted: the sign of the velocity", lambda a: _cayley(-_dense(a)) if a["retraction"] == "cayley"
     else _exponential(-_dense(a))),
    ("A is left out", lambda a: (_cayley if a["retraction"] == "cayley" else _exponential)(
        _dense({**a, "W_A": 0 * a["W_A"]}))),
    ("I + W", lambda a: np.eye(len(a["W_A"]) + len(a["W_B"])) + _dense(a)),
    ("the series to the second order", lambda a: _series(_dense(a), 2)),
    ("the Taylor series without scaling", lambda a: _series(_dense(a), 40) if a["retraction"] == "geodesic" else None),
    ("a QR retraction", lambda a: _positive_q(np.eye(len(a["W_A"]) + len(a["W_B"])) + _dense(a))),
    ("-B^T in place of -B*", lambda a: (_cayley if a["retraction"] == "cayley" else _exponential)(
        _dense(a, "stiefel")) if _symplectic(a) else None),
    ("the blocks are placed as on O(N)", lambda a: (_cayley if a["retraction"] == "cayley" else _exponential)(
        _dense(a, interleaved=False)) if _symplectic(a) else None),
]


def _positive_q(X: Array) -> Array:
    Q, R = np.linalg.qr(X)
    return np.asarray(Q * np.sign(np.diag(R)))


def _as_retract(change: Callable[[Mapping[str, Any]], Array | None]) -> Wrong:
    def answer(a: Mapping[str, Any], right: Mapping[str, Array]) -> Answers:
        R = None if _euclidean(a) else change(a)
        return {} if R is None else {"R": R}

    return answer


def _as_move(change: Callable[[Mapping[str, Any]], Array | None]) -> Wrong:
    def answer(a: Mapping[str, Any], right: Mapping[str, Array]) -> Answers:
        R = None if _euclidean(a) else change(a)
        return {} if R is None else {"Lambda_new": a["Lambda"] @ R}

    return answer


def _right(a: Mapping[str, Any]) -> Array:
    return _cayley(_dense(a)) if a["retraction"] == "cayley" else _exponential(_dense(a))


MOVE = [
    *(Mistake("retract", words, _as_retract(change)) for words, change in RETRACTIONS),
    *(Mistake("move", words, _as_move(change)) for words, change in RETRACTIONS),
    Mistake("move", "the increment acts from the left", lambda a, r: {} if _euclidean(a) else {
        "Lambda_new": _right(a) @ a["Lambda"]}),
    Mistake("move", "the increment is returned, not the section", lambda a, r: {} if _euclidean(a) else {
        "Lambda_new": _right(a)}),
    Mistake("step", "the second moment of the last step is forgotten", lambda a, r: {
        f"B2_{b}_new": r[f"B2_{b}_new"] - (a["hyper"]["rho2"] - a["hyper"]["rho2"]**a["t"]) / (
            1 - a["hyper"]["rho2"]**a["t"]) * a["moments"][f"B2_{b}"] for b in "AB"} if "rho2" in a["hyper"] else {}),
    Mistake("step", "A is halved: a projection in place of the gradient", lambda a, r: {"A": r["A"] / 2}),
    Mistake("restore", "the polar factor, or any fixed point of the iteration", lambda a, r: {
        "restored": np.linalg.svd(a["Lambda"])[0] @ np.linalg.svd(a["Lambda"])[2]} if not _symplectic(a) else {}),
    Mistake("restore", "the transpose stands for the adjoint", lambda a, r: {
        "restored": a["Lambda"] @ (3 * np.eye(len(a["Lambda"])) - a["Lambda"].T @ a["Lambda"]) / 2}
        if _symplectic(a) else {}),
    Mistake("inverse_cayley", "the sign of A", lambda a, r: {
        "Delta": r["Delta"] - 2 * a["Y"] @ (adjoint(a["space"], a["Y"]) @ r["Delta"])}
        if a["space"].endswith("stiefel") else {}),
    Mistake("principal_angles", "in descending order", lambda a, r: {"angles": r["angles"][::-1]}),
    Mistake("grassmann_distance", "the chordal distance", lambda a, r: {
        "distance": np.linalg.norm(a["Y"] @ a["Y"].T - a["Y_end"] @ a["Y_end"].T) / np.sqrt(2)}),
    Mistake("reflector_section", "diag(-O, I) in place of diag(O, I)", lambda a, r: {
        "section": r["section"] * np.where(np.isin(np.arange(len(a["Y"])), frame(a["space"], *a["Y"].shape)), -1, 1)}),
]

FORWARD = {"scale": "scores divided by the root of the width of a head", "no scale": "scores are not divided",
           "axis": "softmax over the queries, not the keys", "bias": "no bias",
           "skip": "a skip connection where there is none, or none where there is one",
           "residual": "no residual around the layer with tanh", "token": "the first token is classified",
           "heads": "heads are interleaved"}
BACKWARD = {"sum": "sum over the batch in place of the mean", "square": "the squared error in place of its root",
            "relative": "the relative error is not divided by the norm of the target",
            "softmax": "softmax is differentiated entry by entry", "tanh": "the derivative of tanh is 1 - a",
            "root": "the root of the width is missing in the backward pass",
            "residual": "no gradient along the residual"}

TRANSFORMER = [
    *(Mistake("transformer_forward", words, lambda a, r, key=key: wrong_pass(  # type: ignore[misc]
        a["params"], a["x"], a["skip"], key)) for key, words in FORWARD.items()),
    *(Mistake("transformer_gradient", words, lambda a, r, key=key: wrong_gradient(  # type: ignore[misc]
        a["params"], a["x"], a["target"], a["loss"], a["skip"], key)) for key, words in BACKWARD.items())]

MISTAKES = [*LIFT, *GRADIENT, *UPDATE, *MOVE, *TRANSFORMER, *GEOMETRY, *METHODS, *UNITARY]
"""The known mistakes."""
