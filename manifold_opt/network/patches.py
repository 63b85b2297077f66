"""Images as sequences: the tokens of a vision transformer are flattened patches."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array, check_integer

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
        New array of shape (batch, tokens, size**2) and of the dtype of `images`; (batch, 16, 49) for 28 x 28 images.

    Raises
    ------
    TypeError
        If `images` is no array or a masked one, or `size` no integer.
    ValueError
        If `images` has not three axes, or `size` is not positive or does not divide the edges.

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
    if isinstance(images, np.ma.MaskedArray):
        raise TypeError("images must be a NumPy array without a mask: got MaskedArray")
    size = check_integer("size", size, 1)
    if images.ndim != 3:
        raise ValueError(f"images must have shape (batch, height, columns): got {images.shape}")
    batch, height, columns = images.shape
    if height % size or columns % size:
        raise ValueError(f"size must divide both edges of the image: got {size}, {height} x {columns}")
    down, across = height // size, columns // size
    grid = images.reshape(batch, down, size, across, size).transpose(0, 1, 3, 2, 4)
    return np.array(grid, order="C").reshape(batch, down * across, size * size)
