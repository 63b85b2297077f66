"""The residual feed-forward layer against its formula and complex steps."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifold_opt.network import Buffers, FeedForward

SHAPES = [(1, 3, 1, 1), (2, 4, 3, 2), (3, 5, 1, 4)]


def example(shape: tuple[int, ...], dtype: Any = np.float64, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    layer = FeedForward(shape[1])
    params = {name: rng.normal(size=size).astype(dtype) for name, size in layer.shapes.items()}
    return layer, params, *rng.normal(size=(2, *shape)).astype(dtype)


def test_formula() -> None:
    layer, params, Z, _ = example((2, 4, 3, 2))
    Y, _ = layer.forward(params, Z)
    for g, s, t in np.ndindex(2, 3, 2):
        z = Z[g, :, s, t]
        assert np.allclose(Y[g, :, s, t], z + np.tanh(params["weight"] @ z + params["bias"]), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients(shape: tuple[int, ...], dtype: str, derivative: Any, check_gradient: Any) -> None:
    layer, params, Z, dY = example(shape, dtype)
    dW, dZ = layer.backward(params, layer.forward(params, Z)[1], dY)
    assert list(dW) == list(layer.shapes)
    for name in params:
        check_gradient(dW[name], derivative(
            lambda W: (dY * layer.forward({**params, name: W}, Z)[0]).sum(), params[name]))
    check_gradient(dZ, derivative(lambda X: (dY * layer.forward(params, X)[0]).sum(), Z))


def test_buffers_carry_nothing_over() -> None:
    buffers, scratch = Buffers(), Buffers()
    for seed in range(3):
        layer, params, Z, dY = example((2, 4, 3, 2), seed=seed)
        Y, cache = layer.forward(params, Z, buffers)
        fresh, fresh_cache = layer.forward(params, Z)
        assert np.array_equal(Y, fresh)
        dW, dZ = layer.backward(params, cache, dY, scratch)
        fresh_dW, fresh_dZ = layer.backward(params, fresh_cache, dY)
        assert np.array_equal(dZ, fresh_dZ) and all(np.array_equal(dW[name], fresh_dW[name]) for name in dW)
