r"""The transformer of the paper's example in 100-digit arithmetic, forward and backward, with plain loops.

Sequences are matrices whose columns are the tokens. One sample and one head at a time, so that every line is a formula
of the layer.
"""
from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle import decimals

__all__ = ["forward", "backward"]

Params = Mapping[str, Array]


def softmax(S: Array) -> Array:
    """The softmax of every column; 100 digits and an unlimited range need no shift.

    Parameters
    ----------
    S : numpy.ndarray
        Object array (m, k).

    Returns
    -------
    numpy.ndarray
        Object array (m, k), whose columns sum to 1.

    Examples
    --------
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_transformer import softmax
    >>> with decimals.context():
    ...     decimals.rounded(softmax(decimals.exact([[1000.0], [1000.0]]))).tolist()
    [[0.5], [0.5]]
    """
    E = decimals.exp(S)
    return np.asarray(E / np.sum(E, axis=0))


def forward(params: Params, x: Array, heads: int, skip: bool) -> dict[str, Array]:
    """All intermediate quantities of the forward pass.

    Paper: v4, section 5.

    Parameters
    ----------
    params : mapping
        Object arrays "blocks.query", "blocks.key", "blocks.value" (blocks, heads, width, n), "blocks.weight" (blocks,
        width, width), "blocks.bias" (blocks, width), "classifier" (classes, width).
    x : numpy.ndarray
        Object array (batch, tokens, width).
    heads : int
        Number of heads.
    skip : bool
        Whether attention adds its input.

    Returns
    -------
    dict
        Object arrays by the names of the manifest, and "inputs" (blocks + 1, batch, width, tokens), the inputs of the
        blocks and the output of the last.

    Examples
    --------
    >>> from random import Random
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_transformer import forward
    >>> shapes = {"blocks.query": (1, 2, 4, 2), "blocks.key": (1, 2, 4, 2), "blocks.value": (1, 2, 4, 2),
    ...           "blocks.weight": (1, 4, 4), "blocks.bias": (1, 4), "classifier": (3, 4)}
    >>> random = Random(0)
    >>> with decimals.context():
    ...     params = {name: decimals.exact(decimals.draw(random, *shape)) for name, shape in shapes.items()}
    ...     y = forward(params, decimals.exact(decimals.draw(random, 1, 3, 4)), heads=2, skip=False)["y"]
    ...     float(y.sum())
    1.0
    """
    root = Decimal(x.shape[2]).sqrt()
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
        A = [decimals.tanh(W @ y + b[:, None]) for y in Y]
        Z = [y + a for y, a in zip(Y, A)]
        inputs.append(Z)
        found: tuple[Any, ...] = (Q, K, V, P, Y, A)
        for name, value in zip(cache, found):
            cache[name].append(value)
    logits = np.array([params["classifier"] @ z[:, -1] for z in Z])
    arrays = {name: np.array(value, dtype=object) for name, value in cache.items()}
    return {**arrays, "logits": logits, "y": softmax(logits.T).T, "inputs": np.array(inputs, dtype=object)}


def backward(params: Params, cache: Mapping[str, Array], target: Array, loss: str, skip: bool) -> dict[str, Any]:
    """The loss and its gradients in all parameters.

    Paper: v4, section 5.

    Parameters
    ----------
    params : mapping
        As in :func:`forward`.
    cache : mapping
        From :func:`forward`.
    target : numpy.ndarray
        Object array (batch, classes).
    loss : {"relative", "cross_entropy"}
        Relative error in the Frobenius norm, or mean cross-entropy.
    skip : bool
        As in :func:`forward`.

    Returns
    -------
    dict
        "loss" and "d_" + name for every parameter.

    Examples
    --------
    >>> from random import Random
    >>> from manifold_opt.oracle import decimals
    >>> from manifold_opt.oracle.exact_transformer import backward, forward
    >>> shapes = {"blocks.query": (1, 2, 4, 2), "blocks.key": (1, 2, 4, 2), "blocks.value": (1, 2, 4, 2),
    ...           "blocks.weight": (1, 4, 4), "blocks.bias": (1, 4), "classifier": (3, 4)}
    >>> random = Random(0)
    >>> with decimals.context():
    ...     params = {name: decimals.exact(decimals.draw(random, *shape)) for name, shape in shapes.items()}
    ...     cache = forward(params, decimals.exact(decimals.draw(random, 1, 3, 4)), heads=2, skip=False)
    ...     target = decimals.exact([[1.0, 0.0, 0.0]])
    ...     grads = backward(params, cache, target, "cross_entropy", skip=False)
    ...     abs(float(grads["loss"] + cache["y"][0, 0].ln())) < 1e-90
    True
    """
    y, root = cache["y"], Decimal(params["classifier"].shape[1]).sqrt()
    value, dy = _loss(y, target, loss)
    dlogits = y * (dy - np.sum(y * dy, axis=1)[:, None])
    grads = {name: decimals.exact(np.zeros(W.shape)) for name, W in params.items()}
    last = cache["inputs"][-1]
    grads["classifier"] = dlogits.T @ last[:, :, -1]
    for sample, dlogit in enumerate(dlogits):
        dZ = decimals.exact(np.zeros(last[sample].shape))
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
                        where: tuple[int, int], root: Decimal) -> Array:
    """Adds to the gradients of the attention weights of a block, for one sample; returns that of its input."""
    block, sample = where
    Z = cache["inputs"][block, sample]
    dZ = decimals.exact(np.zeros(Z.shape))
    heads = np.split(dY, params["blocks.query"].shape[1])
    for h, dO in enumerate(heads):
        Q, K, V, P = (cache[name][block, sample, h] for name in ("queries", "keys", "values", "probabilities"))
        dP = V.T @ dO
        dS = P * (dP - np.sum(P * dP, axis=0)) / root
        for name, D in (("query", K @ dS), ("key", Q @ dS.T), ("value", dO @ P.T)):
            grads[f"blocks.{name}"][block, h] += Z @ D.T
            dZ = dZ + params[f"blocks.{name}"][block, h] @ D
    return dZ


def _loss(y: Array, target: Array, loss: str) -> tuple[Any, Array]:
    """Loss and its gradient in y."""
    if loss == "relative":
        distance, size = np.sum((y - target)**2).sqrt(), np.sum(target**2).sqrt()
        return distance / size, (y - target) / (distance * size)
    logarithms = np.array([[p.ln() for p in row] for row in y], dtype=object)
    return -np.sum(target * logarithms) / len(y), -target / y / len(y)
