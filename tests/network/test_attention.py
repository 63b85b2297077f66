"""Both implementations of the attention against its formula and against complex steps."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.network import Buffers, FusedAttention, MultiHeadAttention
from manifold_opt.network import attention as attention_module
from manifold_opt.network import fused_attention

LAYERS = [MultiHeadAttention, FusedAttention]
SHAPES = [(1, 4, 1, 3, 1), (2, 6, 2, 5, 3), (3, 6, 1, 2, 2), (1, 5, 3, 4, 5)]  # groups, width, samples, tokens, heads


def example(layer: Any, shape: tuple[int, ...], dtype: Any = np.float64, scale: float = 1.0,
            seed: int = 0) -> tuple[dict[str, Array], Array, Array]:
    """Random weights, input and output gradient."""
    rng = np.random.default_rng(seed)
    params = {name: (scale * rng.normal(size=size)).astype(dtype) for name, size in layer.shapes.items()}
    Z, dY = rng.normal(size=(2, *shape)).astype(dtype)
    return params, Z, dY


def relative(actual: Array, expected: Array) -> float:
    return float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))


def by_loops(params: dict[str, Array], Z: Array, heads: int, skip: bool) -> Array:
    """The formula of the paper, one sample, one head and one token at a time."""
    groups, N, samples, tokens = Z.shape
    n = N // heads
    Y = np.empty_like(Z)
    for g in range(groups):
        for s in range(samples):
            X = Z[g, :, s]
            for h in range(heads):
                Q, K, V = (params[name][h].T @ X for name in ("query", "key", "value"))
                for i in range(tokens):
                    weights = np.array([np.exp(K[:, j] @ Q[:, i] / np.sqrt(N)) for j in range(tokens)])
                    Y[g, h * n:(h + 1) * n, s, i] = V @ (weights / weights.sum())
    return Y + Z if skip else Y


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("groups, width, samples, tokens, heads", SHAPES)
def test_formula(kind: Any, groups: int, width: int, samples: int, tokens: int, heads: int, skip: bool) -> None:
    layer = kind(width, heads, skip)
    params, Z, _ = example(layer, (groups, width, samples, tokens))
    assert relative(layer.forward(params, Z)[0], by_loops(params, Z, heads, skip)) <= tolerance(10, Z.dtype, width)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("groups, width, samples, tokens, heads", SHAPES)
def test_gradients(kind: Any, groups: int, width: int, samples: int, tokens: int, heads: int, skip: bool, dtype: str,
                   derivative: Any, check_gradient: Any) -> None:
    layer = kind(width, heads, skip)
    params, Z, dY = example(layer, (groups, width, samples, tokens), dtype)
    dW, dZ = layer.backward(params, layer.forward(params, Z)[1], dY)
    assert list(dW) == list(layer.shapes)
    for name in params:
        check_gradient(dW[name], derivative(
            lambda W: (dY * layer.forward({**params, name: W}, Z)[0]).sum(), params[name]))
    check_gradient(dZ, derivative(lambda X: (dY * layer.forward(params, X)[0]).sum(), Z))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("groups, width, samples, tokens, heads", SHAPES)
def test_gradients_with_shift(groups: int, width: int, samples: int, tokens: int, heads: int, dtype: str,
                              monkeypatch: pytest.MonkeyPatch, derivative: Any, check_gradient: Any) -> None:
    """As if every score were large: the fused layer shifts by the maxima, and a complex step goes through it."""
    monkeypatch.setattr(fused_attention, "UNSHIFTED", 0.0)
    test_gradients(FusedAttention, groups, width, samples, tokens, heads, True, dtype, derivative, check_gradient)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e4])
def test_no_overflow(kind: Any, dtype: str, scale: float) -> None:
    """Whatever the scores: finite, in the hull of the values, and the dtype stays."""
    layer = kind(6, 2)
    params, Z, dY = example(layer, (2, 6, 2, 5), dtype, scale)
    Y, cache = layer.forward(params, Z)
    dW, dZ = layer.backward(params, cache, dY)
    V = np.einsum("hNn,gNst->ghnst", params["value"], Z).reshape(Z.shape)
    slack = tolerance(10, dtype, 6) * abs(V).max()
    assert (Y <= V.max(axis=-1, keepdims=True) + slack).all() and (Y >= V.min(axis=-1, keepdims=True) - slack).all()
    for array in (Y, dZ, *dW.values()):
        assert array.dtype == dtype and np.isfinite(array).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [0.3, 1.0, 5.0, 20.0])
def test_fused_is_plain(dtype: str, scale: float) -> None:
    plain, fused = MultiHeadAttention(8, 4, skip=True), FusedAttention(8, 4, skip=True)
    params, Z, dY = example(plain, (3, 8, 2, 5), dtype, scale)
    (Y, cache), (Y_fused, cache_fused) = plain.forward(params, Z), fused.forward(params, Z)
    dW, dZ = plain.backward(params, cache, dY)
    dW_fused, dZ_fused = fused.backward(params, cache_fused, dY)
    condition = max(1.0, scale ** 2 * 8)  # an error of eps in scores of this size is an error of this many eps in exp
    for actual, expected in [(Y_fused, Y), (dZ_fused, dZ), *((dW_fused[name], dW[name]) for name in dW)]:
        assert relative(actual, expected) <= tolerance(10 * condition, dtype, 8)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("share", [0.45, 0.55, 0.9, 1.1, 3.0])
def test_scores_near_the_range_of_the_exponential(dtype: str, share: float) -> None:
    """Scores of plus and minus a share of the largest exponent, so that a softmax that is not shifted in time gives
    infinite exponentials or quotients; they are multiples of eps times the range, and the weights follow exactly."""
    largest = share * np.log(np.finfo(dtype).max)
    layer = FusedAttention(1, 1)
    params = {"query": np.array([[[largest]]], dtype), "key": np.ones((1, 1, 1), dtype),
              "value": np.ones((1, 1, 1), dtype)}
    Z = np.array([[[[1.0, -1.0, 0.5]]]], dtype)
    plain = MultiHeadAttention(1, 1)
    (Y, cache), (Y_plain, cache_plain) = layer.forward(params, Z), plain.forward(params, Z)
    dY = np.array([[[[1.0, 2.0, -3.0]]]], dtype)
    (dW, dZ), (dW_plain, dZ_plain) = layer.backward(params, cache, dY), plain.backward(params, cache_plain, dY)
    bound = tolerance(10 * largest, dtype, 1)  # an error of eps in a score is one of eps * score in its exponential
    for actual, expected in [(Y, Y_plain), (dZ, dZ_plain), *((dW[name], dW_plain[name]) for name in dW)]:
        assert np.isfinite(actual).all()
        assert abs(actual - expected).max() <= bound * max(1.0, abs(expected).max())


@pytest.mark.parametrize("groups, width, samples, tokens, heads", SHAPES)
def test_probabilities_sum_to_one(groups: int, width: int, samples: int, tokens: int, heads: int) -> None:
    layer = MultiHeadAttention(width, heads)
    params, Z, _ = example(layer, (groups, width, samples, tokens))
    P = layer.forward(params, Z)[1].P
    assert P.shape == (groups, heads, samples, tokens, tokens)
    assert (P > 0).all()
    assert abs(P.sum(axis=-2) - 1).max() <= tolerance(1, P.dtype, tokens)


@pytest.mark.parametrize("kind", LAYERS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), tokens=st.integers(1, 7))
def test_permutation_of_tokens(kind: Any, seed: int, tokens: int) -> None:
    """Attention commutes with permutations of the tokens, forward and backward."""
    layer = kind(6, 3)
    params, Z, dY = example(layer, (2, 6, 1, tokens), seed=seed)
    order = np.random.default_rng(seed).permutation(tokens)
    (Y, cache), (Y_permuted, cache_permuted) = layer.forward(params, Z), layer.forward(params, Z[..., order])
    assert np.allclose(Y_permuted, Y[..., order], rtol=0, atol=1e-13)
    (dW, dZ), (dW_permuted, dZ_permuted) = (
        layer.backward(params, cache, dY), layer.backward(params, cache_permuted, dY[..., order]))
    assert np.allclose(dZ_permuted, dZ[..., order], rtol=0, atol=1e-11)
    for name in dW:
        assert np.allclose(dW_permuted[name], dW[name], rtol=0, atol=1e-11)


@pytest.mark.parametrize("kind", LAYERS)
def test_one_token_attends_to_itself(kind: Any) -> None:
    layer = kind(6, 2)
    params, Z, dY = example(layer, (2, 6, 3, 1))
    Y, cache = layer.forward(params, Z)
    assert relative(Y, np.einsum("hNn,gNst->ghnst", params["value"], Z).reshape(Z.shape)) <= tolerance(10, Z.dtype, 6)
    dW, _ = layer.backward(params, cache, dY)
    assert abs(dW["query"]).max() < 1e-13 and abs(dW["key"]).max() < 1e-13 and abs(dW["value"]).max() > 0.1


@pytest.mark.parametrize("kind", LAYERS)
def test_grouping_does_not_matter(kind: Any) -> None:
    layer = kind(6, 2)
    params, Z, dY = example(layer, (1, 6, 4, 5))
    by_one = [M.transpose(2, 1, 0, 3) for M in (Z, dY)]
    (Y, cache), (Y_by_one, cache_by_one) = layer.forward(params, Z), layer.forward(params, by_one[0])
    assert relative(Y_by_one, Y.transpose(2, 1, 0, 3)) <= tolerance(10, Z.dtype, 6)
    dW, dZ = layer.backward(params, cache, dY)
    dW_by_one, dZ_by_one = layer.backward(params, cache_by_one, by_one[1])
    assert relative(dZ_by_one, dZ.transpose(2, 1, 0, 3)) <= tolerance(10, Z.dtype, 6)
    for name in dW:
        assert relative(dW_by_one[name], dW[name]) <= tolerance(10, Z.dtype, 6)


def test_buffers_carry_nothing_over() -> None:
    layer, buffers, scratch = FusedAttention(6, 2, skip=True), Buffers(), Buffers()
    for seed in range(3):
        params, Z, dY = example(layer, (2, 6, 2, 5), seed=seed)
        Y, cache = layer.forward(params, Z, buffers)
        fresh, fresh_cache = layer.forward(params, Z)
        assert np.array_equal(Y, fresh)
        dW, dZ = layer.backward(params, cache, dY, scratch)
        fresh_dW, fresh_dZ = layer.backward(params, fresh_cache, dY)
        assert np.array_equal(dZ, fresh_dZ) and all(np.array_equal(dW[name], fresh_dW[name]) for name in dW)


def test_check_notices_wrong_axis(monkeypatch: pytest.MonkeyPatch, derivative: Any, check_gradient: Any) -> None:
    """The softmax differentiated along the queries instead of the keys."""
    right = attention_module.softmax_backward
    monkeypatch.setattr(attention_module, "softmax_backward", lambda P, dP, axis: right(P, dP, axis=-1))
    with pytest.raises(AssertionError):
        test_gradients(MultiHeadAttention, *SHAPES[1], False, "float64", derivative, check_gradient)


def test_check_notices_missing_column_sums(derivative: Any, check_gradient: Any) -> None:
    """The fused backward without the row of ones below V: the softmax differentiated without its denominator."""
    layer = FusedAttention(6, 2)
    params, Z, dY = example(layer, (2, 6, 2, 5))
    _, cache = layer.forward(params, Z)
    cache.QKV[:, 12:].reshape(2, 2, 4, -1)[:, :, 3] = 0
    dW, _ = layer.backward(params, cache, dY)
    with pytest.raises(AssertionError):
        check_gradient(dW["query"], derivative(
            lambda W: (dY * layer.forward({**params, "query": W}, Z)[0]).sum(), params["query"]))
