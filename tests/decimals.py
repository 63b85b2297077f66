"""The truth of the tests: matrix arithmetic in 60 digits on NumPy arrays of mpmath numbers, from the formulas alone.

Every number of digits in the tests is that of this module; its own test is ``tests/verify/test_truth.py``.
"""
from __future__ import annotations

from typing import Any

import mpmath
import numpy as np

from manifold_opt.groups import symplectic_form

DIGITS = 60
Big = Any
"""An array of mpmath numbers."""
_number = np.vectorize(mpmath.mpf, otypes=[object])
_tanh, _exp, _sqrt = (np.vectorize(f, otypes=[object]) for f in (mpmath.tanh, mpmath.exp, mpmath.sqrt))


def big(X: Any) -> Big:
    """Floats, exactly, as 60-digit numbers."""
    X = np.asarray(X, float)
    return _number(X) if X.size else X.astype(object)


def digits() -> Any:
    """The context in which all of this is done."""
    return mpmath.workdps(DIGITS)


def rounded(X: Big) -> Any:
    """60-digit numbers rounded to floats."""
    return np.reshape([float(x) for x in np.ravel(X)], np.shape(X)) if np.size(X) else np.zeros(np.shape(X))


def eye(n: int) -> Big:
    return big(np.eye(n))


def norm(X: Big) -> Big:
    return mpmath.sqrt(sum((x * x for x in np.ravel(X)), mpmath.mpf(0)))


def relative_error(computed: Any, truth: Big, scale: Big | None = None) -> float:
    """The Frobenius norm of the error relative to that of the truth, or to a given scale (absolute if that is 0)."""
    return float(norm(big(computed) - truth) / ((norm(truth) if scale is None else scale) or 1))


def adjoint(M: Big, symplectic: bool) -> Big:
    if not symplectic:
        return M.T
    return big(symplectic_form(M.shape[1])).T @ M.T @ big(symplectic_form(M.shape[0]))


def solve(A: Big, B: Big) -> Big:
    """Gaussian elimination with partial pivoting."""
    n, M = len(A), np.concatenate([A, B], axis=1)
    for k in range(n):
        pivot = k + int(np.argmax([abs(x) for x in M[k:, k]]))
        M[[k, pivot]] = M[[pivot, k]]
        M[k + 1:, k:] = M[k + 1:, k:] - np.outer(M[k + 1:, k] / M[k, k], M[k, k:])
    X = M[:, n:].copy()
    for k in reversed(range(n)):
        X[k] = (X[k] - M[k, k + 1:n] @ X[k + 1:]) / M[k, k]
    return X


def inverse(A: Big) -> Big:
    return solve(A, eye(len(A)))


def expm(X: Big) -> Big:
    """Scaling by 2^s to a norm below 2^-10, fifteen terms, and s squarings, with digits to spare."""
    s = max(0, int(mpmath.ceil(mpmath.log(norm(X) + 1, 2)))) + 10
    with mpmath.workdps(DIGITS + s // 2 + 10):
        X = X / mpmath.mpf(2) ** s
        total = term = eye(len(X))
        for k in range(1, 22):
            term = term @ X / k
            total = total + term
        for _ in range(s):
            total = total @ total
    return total


def cayley(X: Big) -> Big:
    return solve(eye(len(X)) - X / 2, eye(len(X)) + X / 2)


def orthogonal_lift(Y: Big, Delta: Big, symplectic: bool) -> Big:
    """(I - YY*/2) Delta Y* - Y Delta* (I - YY*/2), for either adjoint."""
    half = (Delta - Y @ (adjoint(Y, symplectic) @ Delta) / 2) @ adjoint(Y, symplectic)
    return half - adjoint(half, symplectic)


def right_invariant_lift(Y: Big, Delta: Big) -> Big:
    """Omega_R of Bendokat and Zimmermann, term by term."""
    J, K = big(symplectic_form(len(Y))), inverse(Y.T @ Y)
    return Delta @ K @ Y.T + J @ Y @ K @ Delta.T @ (eye(len(Y)) - J.T @ Y @ K @ Y.T @ J) @ J


def right_invariant_metric(Y: Big, Delta1: Big, Delta2: Big) -> Big:
    J, K = big(symplectic_form(len(Y))), inverse(Y.T @ Y)
    return np.trace(Delta1.T @ (Delta2 - J.T @ Y @ K @ Y.T @ J @ Delta2 / 2) @ K)


def gradient(Y: Big, dL: Big, symplectic: bool) -> Big:
    """XY with X = dL Y^T - (dL Y^T)*."""
    X = dL @ Y.T
    return (X - adjoint(X, symplectic)) @ Y


def adam_step(G: Big, B1: Big, B2: Big, step: int, eta: float, rho1: float, rho2: float, delta: float) -> Big:
    """The velocity of the textbook algorithm: moments without correction, corrected afterwards."""
    eta, rho1, rho2, delta = (mpmath.mpf(x) for x in (eta, rho1, rho2, delta))
    m = rho1 * B1 * (1 - rho1 ** (step - 1)) + (1 - rho1) * G
    v = rho2 * B2 * (1 - rho2 ** (step - 1)) + (1 - rho2) * G * G
    return -eta * (m / (1 - rho1**step)) / (_sqrt(v / (1 - rho2**step)) + delta)


def softmax(Z: Big, axis: int) -> Big:
    E = _exp(Z)
    return E / np.sum(E, axis=axis, keepdims=True)


def transformer(params: Any, x: Big, skip: bool = False) -> Big:
    """The network of v4, section 5, sample by sample: tokens are the columns of Z."""
    rows = []
    blocks = params["blocks"]
    L, heads, N, _ = blocks["query"].shape
    for sample in x:
        Z = sample.T
        for block in range(L):
            outputs = []
            for head in range(heads):
                Q, K, V = (blocks[name][block, head].T @ Z for name in ("query", "key", "value"))
                outputs.append(V @ softmax(K.T @ Q / mpmath.sqrt(N), axis=0))
            Y = np.concatenate(outputs)
            Z = Y + Z if skip else Y
            Z = Z + _tanh(blocks["weight"][block] @ Z + blocks["bias"][block][:, None])
        rows.append(softmax(params["classifier"] @ Z[:, -1], axis=0))
    return np.stack(rows)
