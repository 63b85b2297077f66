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
    with pytest.raises(ValueError, match="divide both edges of the image: got 5, 28 x 28"):
        patches(np.zeros((1, 28, 28)), 5)
    for size in (0, -7):
        with pytest.raises(ValueError, match=f"size must be at least 1: got {size}"):
            patches(np.zeros((1, 28, 28)), size)
    with pytest.raises(TypeError, match="size must be an integer: got float"):
        patches(np.zeros((1, 28, 28)), 7.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="images must be a NumPy array without a mask"):
        patches(np.ma.masked_equal(np.zeros((1, 28, 28)), 0))


@pytest.mark.parametrize("size", [7, np.int64(14), 28])
def test_patches_are_the_callers(size: int) -> None:
    """No patch is a view of the images, not even one that is a whole image; there may be no images."""
    images = np.random.default_rng(0).random((2, 28, 28))
    images.flags.writeable = False
    x = patches(images, size)
    assert not np.shares_memory(x, images)
    assert np.array_equal(patches(np.asfortranarray(images), size), x)
    assert patches(images[:0], size).shape == (0, *x.shape[1:])
