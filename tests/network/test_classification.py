"""The classification layer and unit vectors of classes."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifold_opt.network import Classification, one_hot, softmax_backward


@pytest.mark.parametrize("batch, width, classes", [(1, 3, 2), (4, 5, 3), (2, 1, 10)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients(batch: int, width: int, classes: int, dtype: str, derivative: Any, check_gradient: Any) -> None:
    rng = np.random.default_rng(0)
    layer = Classification(width, classes)
    C, X, dy = (rng.normal(size=shape).astype(dtype) for shape in (layer.shape, (batch, width), (batch, classes)))
    y, logits = layer.forward(C, X)
    assert np.allclose(y.sum(axis=1), 1) and np.allclose(logits, np.einsum("cN,bN->bc", C, X), rtol=1e-5)
    dC, dX = layer.backward(C, X, softmax_backward(y, dy))
    check_gradient(dC, derivative(lambda W: (dy * layer.forward(W, X)[0]).sum(), C))
    check_gradient(dX, derivative(lambda Z: (dy * layer.forward(C, Z)[0]).sum(), X))


def test_one_hot() -> None:
    t = one_hot(np.array([3, 0, 3]), classes=4, dtype=np.float64)
    assert t.dtype == np.float64 and np.array_equal(t, [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]])


def test_one_hot_refuses() -> None:
    with pytest.raises(TypeError, match="labels must be a NumPy array of integers: got float64"):
        one_hot(np.array([1.0]))
    with pytest.raises(TypeError, match="got list"):
        one_hot([1, 2])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.9: got 3\.\.10"):
        one_hot(np.array([3, 10]))
    with pytest.raises(ValueError, match=r"got -1\.\.2"):
        one_hot(np.array([-1, 2]))
    with pytest.raises(ValueError, match=r"labels must have shape \(batch,\): got \(1, 2\)"):
        one_hot(np.array([[1, 2]]))
    with pytest.raises(TypeError, match="labels must be a NumPy array of integers: got MaskedArray"):
        one_hot(np.ma.masked_equal([1, 2], 1))
    with pytest.raises(TypeError, match="dtype must be float32 or float64: got uint8"):
        one_hot(np.array([1, 2]), dtype=np.uint8)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="classes must be an integer: got float"):
        one_hot(np.array([1, 2]), classes=3.0)  # type: ignore[arg-type]
    assert one_hot(np.array([], int), np.int64(3)).shape == (0, 3)
