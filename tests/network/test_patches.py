"""Images as sequences of patches."""
from __future__ import annotations

import numpy as np
import pytest

from manifold_opt.network import patches


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_mnist_shape(dtype: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(dtype)
    x = patches(images)
    assert x.shape == (3, 16, 49) and x.dtype == dtype
    for b, i, j in np.ndindex(3, 4, 4):
        assert np.array_equal(x[b, 4 * i + j], images[b, 7 * i:7 * i + 7, 7 * j:7 * j + 7].ravel())


def test_rectangular() -> None:
    images = np.arange(24).reshape(1, 4, 6)
    assert np.array_equal(patches(images, 2)[0, :2], [[0, 1, 6, 7], [2, 3, 8, 9]])
    assert patches(images, 2).shape == (1, 6, 4)


def test_refuses() -> None:
    with pytest.raises(TypeError, match="images must be a NumPy array: got list"):
        patches([[0.0]])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"images must have shape \(batch, height, columns\): got \(28, 28\)"):
        patches(np.zeros((28, 28)))
    for size in (0, -7, 5):
        with pytest.raises(ValueError, match=f"divide both edges of the image: got {size}, 28 x 28"):
            patches(np.zeros((1, 28, 28)), size)
