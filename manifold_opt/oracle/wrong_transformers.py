"""The transformer in plain NumPy with one mistake at a time, forward and backward."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["wrong_pass", "wrong_gradient"]

Params = Mapping[str, Array]
NAMES = ("queries", "keys", "values", "probabilities", "attention", "activations")


def _t(X: Array) -> Array:
    return np.swapaxes(X, -1, -2)


def _softmax(S: Array, axis: int) -> Array:
    E = np.exp(S - S.max(axis=axis, keepdims=True))
    return np.asarray(E / E.sum(axis=axis, keepdims=True))


def wrong_pass(params: Params, x: Array, skip: bool, wrong: str) -> dict[str, Any]:
    """All quantities of the forward pass, and "inputs" of the blocks, with a mistake; none if `wrong` is empty."""
    found: dict[str, list[Array]] = {name: [] for name in (*NAMES, "inputs")}
    Z, width = _t(x.astype(np.float64)), x.shape[2]
    divisor = {"scale": np.sqrt(params["blocks.query"].shape[-1]), "no scale": 1.0}.get(wrong, np.sqrt(width))
    for block in range(len(params["blocks.bias"])):
        Q, K, V = (_t(params[f"blocks.{name}"][block]) @ Z[:, None] for name in ("query", "key", "value"))
        P = _softmax(_t(K) @ Q / divisor, -1 if wrong == "axis" else -2)
        O = V @ P
        Y = (np.swapaxes(O, 1, 2) if wrong == "heads" else O).reshape(Z.shape) + (Z if skip != (wrong == "skip") else 0)
        bias = params["blocks.bias"][block][:, None] * (wrong != "bias")
        A = np.tanh(params["blocks.weight"][block] @ Y + bias)
        for name, value in zip(found, (Q, K, V, P, Y, A, Z)):
            found[name].append(value)
        Z = A if wrong == "residual" else Y + A
    last = Z[:, :, 0 if wrong == "token" else -1]
    logits = last @ params["classifier"].T
    return {**{name: np.array(values) for name, values in found.items()}, "logits": logits, "y": _softmax(logits, -1),
            "last": last}


def wrong_gradient(params: Params, x: Array, target: Array, loss: str, skip: bool, wrong: str) -> dict[str, Any]:
    """Loss and gradients, with a mistake of the backward pass."""
    cache = wrong_pass(params, x, skip, "")
    y, batch, root = cache["y"], len(x), np.sqrt(x.shape[2])
    if loss == "relative":
        distance, size = np.linalg.norm(y - target), 1.0 if wrong == "relative" else np.linalg.norm(target)
        value, dy = distance / size, (y - target) / (distance * size)
        if wrong == "square":
            value, dy = value**2, 2 * value * dy
    else:
        count = 1 if wrong == "sum" else batch
        value, dy = -np.sum(target * np.log(y)) / count, -target / y / count
    dlogits = y * (dy - np.sum(y * dy, axis=1, keepdims=True))
    grads = {name: np.zeros(W.shape) for name, W in params.items()}
    grads["classifier"] = dlogits.T @ cache["last"]
    dZ = np.zeros(cache["inputs"][0].shape)
    dZ[:, :, -1] = dlogits @ params["classifier"]
    for block in reversed(range(len(params["blocks.bias"]))):
        Z, Y, A, P = (cache[name][block] for name in ("inputs", "attention", "activations", "probabilities"))
        dU = dZ * (1 - (A if wrong == "tanh" else A * A))
        grads["blocks.weight"][block], grads["blocks.bias"][block] = (dU @ _t(Y)).sum(0), dU.sum((0, 2))
        dY = _t(params["blocks.weight"][block]) @ dU + (0 if wrong == "residual" else dZ)
        dO = dY.reshape(cache["values"][block].shape)
        dP = _t(cache["values"][block]) @ dO
        dS = P * (dP - (0 if wrong == "softmax" else np.sum(P * dP, axis=-2, keepdims=True)))
        dS = dS / (1 if wrong == "root" else root)
        dZ = dY if skip else 0 * dY
        for name, D in (("query", cache["keys"][block] @ dS), ("key", cache["queries"][block] @ _t(dS)),
                        ("value", dO @ _t(P))):
            grads[f"blocks.{name}"][block] = (Z[:, None] @ _t(D)).sum(0)
            dZ = dZ + (params[f"blocks.{name}"][block] @ D).sum(1)
    return {"loss": np.array(value), **{f"d_{name}": gradient for name, gradient in grads.items()}}
