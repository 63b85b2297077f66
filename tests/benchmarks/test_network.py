"""Forward and backward pass of the transformer at the size of the paper's example.

Run with ``python -m pytest tests/benchmarks/test_network.py --benchmark-only`` and a fixed number of BLAS threads
(OPENBLAS_NUM_THREADS). The draft is what one writes first: one product for each of queries, keys and values with the
heads as a batch axis, tokens as rows, the softmax along the last axis.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.checks import Array
from manifold_opt.network import VisionTransformer, Workspace

BATCH, TOKENS, BLOCKS, HEADS, WIDTH = 256, 16, 16, 7, 49


def example(dtype: str = "float32", batch: int = BATCH, tokens: int = TOKENS) -> tuple[Any, Array, Array]:
    """Parameters on the Stiefel manifold, sequences, and a gradient of the output."""
    rng = np.random.default_rng(0)
    params = VisionTransformer(BLOCKS, HEADS, WIDTH).init(rng, dtype)
    return params, rng.random((batch, tokens, WIDTH)).astype(dtype), rng.normal(size=(batch, 10)).astype(dtype)


def draft(params: Any, x: Array, dy: Array) -> dict[str, Array]:
    """Blocks only, forward and backward, without any of the arrangements for speed."""
    weights, caches = params["blocks"], []
    root = np.sqrt(np.float32(WIDTH))
    for block in range(BLOCKS):
        Q, K, V = (x[:, None] @ weights[name][block] for name in ("query", "key", "value"))
        S = Q @ K.swapaxes(-1, -2) / root
        E = np.exp(S - S.max(axis=-1, keepdims=True))
        P = E / E.sum(axis=-1, keepdims=True)
        Y = (P @ V).swapaxes(1, 2).reshape(x.shape)
        A = np.tanh(Y @ weights["weight"][block].T + weights["bias"][block])
        caches.append((x, Q, K, V, P, Y, A))
        x = Y + A
    grads, dx = {name: np.empty_like(stack) for name, stack in weights.items()}, np.zeros_like(x)
    dx[:, -1] = dy @ params["classifier"]
    for block in reversed(range(BLOCKS)):
        x, Q, K, V, P, Y, A = caches[block]
        dU = dx * (1 - A * A)
        grads["weight"][block] = np.tensordot(dU, Y, ((0, 1), (0, 1)))
        grads["bias"][block] = dU.sum(axis=(0, 1))
        dY = (dx + dU @ weights["weight"][block]).reshape(*x.shape[:2], HEADS, -1).swapaxes(1, 2)
        dP = dY @ V.swapaxes(-1, -2)
        dS = P * (dP - (P * dP).sum(axis=-1, keepdims=True)) / root
        D = {"query": dS @ K, "key": dS.swapaxes(-1, -2) @ Q, "value": P.swapaxes(-1, -2) @ dY}
        dx = np.zeros_like(x)
        for name, D_name in D.items():
            columns = D_name.swapaxes(1, 2).reshape(-1, WIDTH)
            dW = x.reshape(-1, WIDTH).T @ columns
            grads[name][block] = dW.reshape(WIDTH, HEADS, -1).swapaxes(0, 1)
            dx += (columns @ weights[name][block].swapaxes(0, 1).reshape(WIDTH, WIDTH).T).reshape(x.shape)
    return grads


def passes(model: VisionTransformer, workspace: Workspace | None) -> Callable[[Any, Array, Array], Any]:
    def run(params: Any, x: Array, dy: Array) -> Any:
        _, cache = model.forward(params, x, workspace)
        return model.pullback(params, cache, dy, workspace)
    return run


def products(params: Any, x: Array, dy: Array) -> None:
    """The large matrix products of one forward and backward pass and nothing else: the limit."""
    X, W = x.reshape(-1, WIDTH), np.ones((WIDTH, 4 * WIDTH), x.dtype)
    for _ in range(BLOCKS):
        Y = X @ W
        X.T @ Y
        Y @ W.T


CONTENDERS: dict[str, Callable[[Any, Array, Array], Any]] = {
    "draft": draft,
    "plain": passes(VisionTransformer(BLOCKS, HEADS, WIDTH, attention="plain"), None),
    "fused": passes(VisionTransformer(BLOCKS, HEADS, WIDTH), None),
    "fused, workspace": passes(VisionTransformer(BLOCKS, HEADS, WIDTH), Workspace()),
    "fused, workspace, 2 threads": passes(VisionTransformer(BLOCKS, HEADS, WIDTH), Workspace(threads=2)),
    "matrix products": products,
}


@pytest.mark.parametrize("name", CONTENDERS)
def test_forward_and_backward(benchmark: Any, name: str) -> None:
    benchmark.pedantic(CONTENDERS[name], example(), rounds=10, warmup_rounds=2)


@pytest.mark.parametrize("batch", [16, 64, 256, 1024])
def test_batch(benchmark: Any, batch: int) -> None:
    run = CONTENDERS["fused, workspace, 2 threads"]
    benchmark.pedantic(run, example(batch=batch), rounds=5, warmup_rounds=2)


@pytest.mark.parametrize("tokens", [4, 16, 64])
def test_tokens(benchmark: Any, tokens: int) -> None:
    run = CONTENDERS["fused, workspace, 2 threads"]
    benchmark.pedantic(run, example(tokens=tokens, batch=64), rounds=5, warmup_rounds=2)


def test_draft_is_right() -> None:
    """What is compared computes the same."""
    model = VisionTransformer(BLOCKS, HEADS, WIDTH)
    params, x, dy = example("float64", batch=4)
    _, cache = model.forward(params, x)
    dz = np.zeros_like(x)
    dz[:, -1] = dy @ params["classifier"]
    weights = [{name: stack[block] for name, stack in params["blocks"].items()} for block in range(BLOCKS)]
    grads, _ = model.layers.backward(weights, cache.blocks, dz, Workspace())
    expected = draft(params, x, dy)
    for name in expected:
        actual = np.stack([grad[name] for grad in grads])
        assert np.linalg.norm(actual - expected[name]) <= 1e-9 * np.linalg.norm(expected[name])
