"""Known mistakes on the unitary spaces."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.mistake import Answers, Mistake, Wrong

__all__ = ["UNITARY"]


def _join(a: Mapping[str, Any], name: str) -> Array:
    return np.asarray(a[f"{name}_re"] + 1j * a[f"{name}_im"])


def _split(name: str, X: Array) -> Answers:
    return {f"{name}_re": X.real, f"{name}_im": X.imag}


def _transposed(M: Array) -> Array:
    return M.T


def _hermitian(M: Array) -> Array:
    return M.conj().T


def _gradient(a: Mapping[str, Any], star: Callable[[Array], Array] = _hermitian, dL: Array | None = None) -> Answers:
    """The Riemannian gradient, with a star of one's choice."""
    Y, dL = _join(a, "Y"), _join(a, "dL") if dL is None else dL
    X = dL @ star(Y)
    grad = (X - star(X)) @ Y
    return _split("grad", grad - Y @ (star(Y) @ grad) if a["space"].endswith("grassmann") else grad)


def _lift(a: Mapping[str, Any], star: Callable[[Array], Array] = _hermitian, dL: Array | None = None) -> Answers:
    """The lift of the gradient, with a star of one's choice."""
    Lambda, dL = _join(a, "Lambda"), _join(a, "dL") if dL is None else dL
    n = dL.shape[1]
    Y = Lambda[:, :n]
    X = dL @ star(Y)
    Delta = (X - star(X)) @ Y
    A = star(Y) @ Delta
    A = 0 * A if a["space"].endswith("grassmann") else (A - star(A)) / 2
    return {**_split("A", A), **_split("B", star(Lambda[:, n:]) @ Delta)}


def _first_step(second: Callable[[Array], tuple[Array, Array]]) -> Wrong:
    """A second moment of one's own for each part; at the first step, where it is that of the gradient."""
    def answer(a: Mapping[str, Any], right: Mapping[str, Array]) -> Answers:
        if a["t"] != 1:
            return {}
        result: Answers = {}
        for block in "AB":
            X = _join(a, block)
            for part, moment in zip(("re", "im"), second(X)):
                root = np.sqrt(moment) + a["hyper"]["delta"]
                result[f"W_{block}_{part}"] = -a["hyper"]["learning_rate"] * getattr(
                    X, "real" if part == "re" else "imag") / root
        return result

    return answer


def _dense(a: Mapping[str, Any], star: Callable[[Array], Array]) -> Array:
    A, B = _join(a, "W_A"), _join(a, "W_B")
    return np.block([[A, -star(B)], [B, np.zeros((len(B), len(B)))]])


def _retraction(star: Callable[[Array], Array], other: bool) -> Wrong:
    def answer(a: Mapping[str, Any], right: Mapping[str, Array]) -> Answers:
        X = _dense(a, star)
        if (a["retraction"] == "cayley") != other:
            return _split("R", np.linalg.solve(np.eye(len(X)) - X / 2, np.eye(len(X)) + X / 2))
        values, U = np.linalg.eig(X)
        return _split("R", (U * np.exp(values)) @ np.linalg.inv(U))

    return answer


def _polar(M: Array) -> Array:
    U, _, Vh = np.linalg.svd(M, full_matrices=False)
    return np.asarray(U @ Vh)


def _moved(a: Mapping[str, Any], r: Mapping[str, Array]) -> Answers:
    wrong = _retraction(_hermitian, False)(a, r)
    return _split("Lambda_new", _join(wrong, "R") @ _join(a, "Lambda"))


UNITARY = [
    Mistake("unitary_gradient", "the transpose stands for the conjugate transpose", lambda a, r: _gradient(
        a, _transposed)),
    Mistake("unitary_gradient", "dL is conjugated, as jax.grad returns it", lambda a, r: _gradient(
        a, dL=_join(a, "dL").conj())),
    Mistake("unitary_gradient", "dL is halved: dL/d(conj Y)", lambda a, r: {name: X / 2 for name, X in r.items()}),
    Mistake("unitary_gradient", "Re(Y^H dL) in place of its skew-Hermitian part", lambda a, r: _split(
        "grad", _join(a, "dL") - _join(a, "Y") @ (_hermitian(_join(a, "Y")) @ _join(a, "dL")).real)),
    Mistake("unitary_lift_gradient", "the transpose stands for the conjugate transpose", lambda a, r: _lift(
        a, _transposed)),
    Mistake("unitary_lift_gradient", "dL is conjugated, as jax.grad returns it", lambda a, r: _lift(
        a, dL=_join(a, "dL").conj())),
    Mistake("unitary_lift_gradient", "A loses its imaginary diagonal", lambda a, r: {
        "A_im": r["A_im"] - np.diag(np.diag(r["A_im"]))}),
    Mistake("unitary_update", "a second moment of its own for each part", _first_step(
        lambda X: (X.real**2, X.imag**2))),
    Mistake("unitary_update", "B^2 in place of |B|^2", lambda a, r: {
        f"B2_{b}_new": r[f"B2_{b}_new"] - 2 * (1 - a["hyper"]["rho2"]) / (1 - a["hyper"]["rho2"]**a["t"])
        * a[f"{b}_im"]**2 for b in "AB"}),
    Mistake("unitary_update", "the magnitude of B2 is taken for its square", lambda a, r: {
        f"W_{b}_{part}": r[f"W_{b}_{part}"] * (np.sqrt(r[f"B2_{b}_new"]) + a["hyper"]["delta"])
        / (r[f"B2_{b}_new"] + a["hyper"]["delta"]) for b in "AB" for part in ("re", "im")}),
    Mistake("unitary_retract", "-B^T in place of -B^H", _retraction(_transposed, False)),
    Mistake("unitary_retract", "the other retraction", _retraction(_hermitian, True)),
    Mistake("unitary_move", "the increment acts from the left", _moved),
    Mistake("unitary_step", "Y_new is conjugated", lambda a, r: {"Y_new_im": -r["Y_new_im"]}),
    Mistake("unitary_energy", "the conjugate of the gradient, as jax.grad returns it", lambda a, r: {
        "dL_energy_im": -r["dL_energy_im"]}),
    Mistake("unitary_energy", "half of the gradient: d/d(conj Y)", lambda a, r: {
        name: r[name] / 2 for name in ("dL_energy_re", "dL_energy_im")}),
    Mistake("unitary_nearest", "both parts have polar factors of their own", lambda a, r: {
        f"nearest_{part}": _polar(a[f"M_given_{part}"]) for part in ("re", "im")}),
    Mistake("unitary_nearest", "one Newton-Schulz step", lambda a, r: _split("nearest", _join(a, "M_given") @ (
        3 * np.eye(a["M_given_re"].shape[1]) - _hermitian(_join(a, "M_given")) @ _join(a, "M_given")) / 2)),
]
"""The known mistakes of ports with complex numbers."""
