"""Known mistakes of logarithms, nearest points, transports and components."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.mistake import Answers, Mistake

__all__ = ["GEOMETRY"]


def _projected(Y: Array, Z: Array) -> Array:
    return np.asarray(Z - Y @ (Y.T @ Z + Z.T @ Y) / 2)


def _angles(a: Mapping[str, Any]) -> Array:
    return np.asarray(np.arccos(np.clip(np.linalg.svd(a["Y"].T @ a["Y_end"], compute_uv=False), -1, 1)))


def _turn(X: Array) -> Array:
    """The exponential of a skew-symmetric matrix."""
    values, U = np.linalg.eigh(1j * (X - X.T) / 2)
    return np.asarray(((U * np.exp(-1j * values)) @ U.conj().T).real)


def _lift(space: str, Y: Array, Delta: Array) -> Array:
    half = Delta - Y @ (Y.T @ Delta) / (1 if space == "grassmann" else 2)
    return np.asarray(half @ Y.T - Y @ half.T)


def _carried(a: Mapping[str, Any], factor: float = 1.0) -> Array:
    """Z moved along by the group."""
    return np.asarray(_turn(factor * _lift(a["space"], a["Y"], a["Delta"])) @ a["Z"])


def _at_the_end(a: Mapping[str, Any]) -> Answers:
    """The projection of Z onto the tangent space at the end."""
    end = _turn(_lift(a["space"], a["Y"], a["Delta"])) @ a["Y"]
    Z = _projected(end, a["Z"])
    return {"transported": Z - end @ (end.T @ Z) if a["space"] == "grassmann" else Z}


GEOMETRY = [
    Mistake("stiefel_log", "Q - Y, projected", lambda a, r: {"Delta": _projected(a["Y"], a["Y_end"] - a["Y"])}),
    Mistake("stiefel_log", "the part along Y is dropped, as on a Grassmannian", lambda a, r: {
        "Delta": r["Delta"] - a["Y"] @ (a["Y"].T @ r["Delta"])}),
    Mistake("stiefel_log", "the part along Y is doubled", lambda a, r: {
        "Delta": r["Delta"] + a["Y"] @ (a["Y"].T @ r["Delta"])}),
    Mistake("stiefel_distance", "the chord |Q - Y|", lambda a, r: {"distance": np.linalg.norm(a["Y_end"] - a["Y"])}),
    Mistake("stiefel_distance", "the distance of the spans", lambda a, r: {"distance": np.linalg.norm(_angles(a))}),
    Mistake("nearest_point", "the Q of QR with a positive diagonal", lambda a, r: {
        "nearest": _positive_q(a["M_given"])}),
    Mistake("nearest_point", "one Newton-Schulz step", lambda a, r: {
        "nearest": a["M_given"] @ (3 * np.eye(a["M_given"].shape[1]) - a["M_given"].T @ a["M_given"]) / 2}
        if not a["space"].startswith("symplectic") else {}),
    Mistake("nearest_point", "the polar factor of O(N) on a symplectic space", lambda a, r: {
        "nearest": np.linalg.svd(a["M_given"], full_matrices=False)[0] @ np.linalg.svd(a["M_given"])[2]}
        if a["space"].startswith("symplectic") else {}),
    Mistake("nearest_point", "M/sqrt(w), M* M = w I: symplectic, but not nearest", lambda a, r: {
        "nearest": a["M_given"] / np.sqrt(_form(a["M_given"]))} if a["space"].startswith("symplectic") else {}),
    Mistake("parallel_transport", "the canonical connection stands for that of Levi-Civita", lambda a, r: {
        "transported": _carried(a)} if (a["space"], a["connection"]) == ("stiefel", "levi_civita") else {}),
    Mistake("parallel_transport", "Z is projected onto the tangent space at the end", lambda a, r: _at_the_end(a)),
    Mistake("parallel_transport", "Z stays as it is", lambda a, r: {"transported": a["Z"]}),
    Mistake("parallel_transport", "along the geodesic backwards", lambda a, r: {
        "transported": _carried(a, -1.0)} if a["connection"] == "canonical" or a["space"] == "grassmann" else {}),
    Mistake("component", "1 for every point", lambda a, r: {"component": np.array(1.0)}),
    Mistake("component", "the sign of the determinant of the first n rows", lambda a, r: {
        "component": np.sign(np.linalg.det(a["Y"][:a["Y"].shape[1]]))}),
]
"""The known mistakes."""


def _positive_q(M: Array) -> Array:
    Q, R = np.linalg.qr(M)
    return np.asarray(Q * np.sign(np.diag(R)))


def _form(M: Array) -> float:
    """The number w of M* M = w I for two columns."""
    half = len(M) // 2
    return float(M[:half, 0] @ M[half:, 1] - M[half:, 0] @ M[:half, 1])
