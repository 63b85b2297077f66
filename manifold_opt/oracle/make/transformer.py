r"""The transformer of the paper's example on arrays of balls, forward and backward, with plain loops.

Sequences are matrices whose columns are the tokens. One sample and one head at a time, so that every line is a formula
of the layer.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.make import balls

__all__ = ["forward", "backward"]

Params = Mapping[str, Array]


def softmax(S: Array) -> Array:
    """The softmax of every column, exactly 1 in a single row; balls have an unlimited range and need no shift."""
    if len(S) == 1:
        return balls.exact(np.ones(S.shape))
    E = balls.exp(S)
    return np.asarray(E / np.sum(E, axis=0))


def forward(params: Params, x: Array, heads: int, skip: bool) -> dict[str, Array]:
    """All intermediate quantities, and "inputs" (blocks + 1, ...): those of the blocks, and the output of the last."""
    root = balls.number(x.shape[2]).sqrt()
    cache: dict[str, list[list[Any]]] = {name: [] for name in ("queries", "keys", "values", "probabilities",
                                                               "attention", "activations")}
    Z = [sample.T for sample in x]
    inputs = [Z]
    for block in range(len(params["blocks.query"])):
        weights = [params[f"blocks.{name}"][block] for name in ("query", "key", "value")]
        Q, K, V = ([[W[h].T @ z for h in range(heads)] for z in Z] for W in weights)
        P = [[softmax(k.T @ q / root) for q, k in zip(*pair)] for pair in zip(Q, K)]
        Y = [np.concatenate([v @ p for v, p in zip(*pair)]) + (z if skip else 0) for *pair, z in zip(V, P, Z)]
        W, b = params["blocks.weight"][block], params["blocks.bias"][block]
        A = [balls.tanh(W @ y + b[:, None]) for y in Y]
        Z = [y + a for y, a in zip(Y, A)]
        inputs.append(Z)
        found: tuple[Any, ...] = (Q, K, V, P, Y, A)
        for name, value in zip(cache, found):
            cache[name].append(value)
    logits = np.array([params["classifier"] @ z[:, -1] for z in Z])
    arrays = {name: np.array(value, dtype=object) for name, value in cache.items()}
    return {**arrays, "logits": logits, "y": softmax(logits.T).T, "inputs": np.array(inputs, dtype=object)}


def backward(params: Params, cache: Mapping[str, Array], target: Array, loss: str, skip: bool) -> dict[str, Any]:
    """The loss, and its gradients in all parameters under "d_" + name."""
    y, root = cache["y"], balls.number(params["classifier"].shape[1]).sqrt()
    value, dy = _loss(y, target, loss)
    dlogits = _softmax_backward(y.T, dy.T).T
    grads = {name: balls.exact(np.zeros(W.shape)) for name, W in params.items()}
    last = cache["inputs"][-1]
    grads["classifier"] = dlogits.T @ last[:, :, -1]
    for sample, dlogit in enumerate(dlogits):
        dZ = balls.exact(np.zeros(last[sample].shape))
        dZ[:, -1] = params["classifier"].T @ dlogit
        for block in reversed(range(len(params["blocks.weight"]))):
            Y, A = cache["attention"][block, sample], cache["activations"][block, sample]
            dU = dZ * (1 - A * A)
            grads["blocks.weight"][block] += dU @ Y.T
            grads["blocks.bias"][block] += np.sum(dU, axis=1)
            dY = dZ + params["blocks.weight"][block].T @ dU
            dZ = _attention_backward(params, cache, grads, dY, (block, sample), root) + (dY if skip else 0)
    return {"loss": value, **{f"d_{name}": gradient for name, gradient in grads.items()}}


def _attention_backward(params: Params, cache: Mapping[str, Array], grads: dict[str, Array], dY: Array,
                        where: tuple[int, int], root: Any) -> Array:
    """Adds to the gradients of the attention weights of a block, for one sample; returns that of its input."""
    block, sample = where
    Z = cache["inputs"][block, sample]
    dZ = balls.exact(np.zeros(Z.shape))
    heads = np.split(dY, params["blocks.query"].shape[1])
    for h, dO in enumerate(heads):
        Q, K, V, P = (cache[name][block, sample, h] for name in ("queries", "keys", "values", "probabilities"))
        dP = V.T @ dO
        dS = _softmax_backward(P, dP) / root
        for name, D in (("query", K @ dS), ("key", Q @ dS.T), ("value", dO @ P.T)):
            grads[f"blocks.{name}"][block, h] += Z @ D.T
            dZ = dZ + params[f"blocks.{name}"][block, h] @ D
    return dZ


def _softmax_backward(P: Array, dP: Array) -> Array:
    """The product P (dP - sum P dP) as P_i times the sum of P_j (dP_i - dP_j): nothing cancels where P saturates."""
    others = (1 - np.eye(len(P), dtype=int))[:, :, None]
    return np.asarray(P * np.sum(P[None] * (dP[:, None] - dP[None]) * others, axis=1))


def _loss(y: Array, target: Array, loss: str) -> tuple[Any, Array]:
    """Loss and its gradient in y."""
    if loss == "relative":
        distance, size = np.sum((y - target)**2).sqrt(), np.sum(target**2).sqrt()
        return distance / size, (y - target) / (distance * size)
    logarithms = balls.log(y)
    return -np.sum(target * logarithms) / len(y), -target / y / len(y)
