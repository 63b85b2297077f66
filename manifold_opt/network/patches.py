"""Images as sequences: the tokens of a vision transformer are flattened patches."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["patches"]


def patches(images: Array, size: int = 7) -> Array:
    """Cut images into square patches, row by row, and flatten each patch to one token.

    Parameters
    ----------
    images : numpy.ndarray
        Array of shape (batch, height, columns), of any dtype.
    size : int
        Edge of a patch in pixels; must divide both edges of the image.

    Returns
    -------
    numpy.ndarray
        Array of shape (batch, tokens, size**2) and of the dtype of `images`; (batch, 16, 49) for 28 x 28 images.

    Raises
    ------
    TypeError
        If `images` is no array.
    ValueError
        If `images` has not three axes, or `size` does not divide the edges.

    References
    ----------
    Paper: v4, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network import patches
    >>> images = np.arange(2 * 28 * 28.0).reshape(2, 28, 28)
    >>> tokens = patches(images)
    >>> tokens.shape
    (2, 16, 49)
    >>> np.array_equal(tokens[1, 5].reshape(7, 7), images[1, 7:14, 7:14])
    True
    """
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images must be a NumPy array: got {type(images).__name__}")
    if images.ndim != 3:
        raise ValueError(f"images must have shape (batch, height, columns): got {images.shape}")
    batch, height, columns = images.shape
    if size < 1 or height % size or columns % size:
        raise ValueError(f"size must be positive and divide both edges of the image: got {size}, {height} x {columns}")
    grid = images.reshape(batch, height // size, size, columns // size, size)
    return grid.transpose(0, 1, 3, 2, 4).reshape(batch, -1, size * size)
