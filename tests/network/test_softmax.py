"""The softmax: sum, shift, range, gradient."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from manifold_opt.network import softmax, softmax_backward

MATRICES = arrays(np.float64, (3, 4), elements=st.floats(-1e5, 1e5))


@given(x=MATRICES)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sums_to_one(x: Any, axis: int) -> None:
    P = softmax(x, axis)
    assert (P >= 0).all() and abs(P.sum(axis=axis) - 1).max() <= 4 * np.finfo(float).eps


@pytest.mark.parametrize("axis", [0, 1])
def test_quotients_are_exponentials(axis: int) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    E = np.exp(x)
    assert np.allclose(softmax(x, axis), E / E.sum(axis=axis, keepdims=True), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gradient(axis: int, dtype: str, derivative: Any, check_gradient: Any) -> None:
    x, dP = np.random.default_rng(0).normal(size=(2, 2, 3, 4)).astype(dtype)
    check_gradient(softmax_backward(softmax(x, axis), dP, axis), derivative(lambda z: (dP * softmax(z, axis)).sum(), x))


@pytest.mark.parametrize("axis", [0, 1])
def test_check_notices_wrong_axis(axis: int, derivative: Any, check_gradient: Any) -> None:
    x, dP = np.random.default_rng(0).normal(size=(2, 3, 4))
    with pytest.raises(AssertionError):
        check_gradient(softmax_backward(softmax(x, axis), dP, 1 - axis),
                       derivative(lambda z: (dP * softmax(z, axis)).sum(), x))


def test_refuses() -> None:
    x = np.zeros((2, 3))
    for value, error, message in (([1.0], TypeError, "x must be a NumPy array"), (x.astype(int), TypeError, "int64"),
                                  (x[:, :0], ValueError, r"x must have entries along axis -1: got shape \(2, 0\)"),
                                  (np.array(1.0), ValueError, "x must have entries along axis -1")):
        with pytest.raises(error, match=message):
            softmax(value)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="x must have entries along axis 2"):
        softmax(x, axis=2)
    with pytest.raises(ValueError, match=r"dP must have the shape \(2, 3\) of P: got \(3,\)"):
        softmax_backward(x, x[0])
    with pytest.raises(TypeError, match="dP must be a NumPy array"):
        softmax_backward(x, x.tolist())  # type: ignore[arg-type]
    assert softmax(x[:0]).shape == (0, 3)
