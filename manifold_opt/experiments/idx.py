"""The IDX file format of MNIST: a magic number, the lengths of the axes, and the bytes."""
from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["read_idx"]

UNSIGNED_BYTE = 8


def read_idx(path: str | Path) -> Array:
    """Read an IDX file of unsigned bytes, plain or compressed with gzip (told by its content, not by its name).

    Parameters
    ----------
    path : str or pathlib.Path
        File to read.

    Returns
    -------
    numpy.ndarray
        Array of type uint8 with the number of axes that the file states.

    Raises
    ------
    ValueError
        If the file is no IDX file of unsigned bytes, is truncated or holds more than it states; the message names it.
    OSError
        If it cannot be opened.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section on file formats.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from manifold_opt.experiments.idx import read_idx
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "labels-idx1-ubyte")
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    content = _decompressed(Path(path))
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE or not 1 <= content[3] <= 4:
        begin = content[:4].hex(" ") or "nothing"
        raise ValueError(f"{path} must be an IDX file of unsigned bytes: it begins with {begin}")
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError(f"{path} must state the lengths of {content[3]} axes: it ends after {len(content)} bytes")
    shape = tuple(int(length) for length in np.frombuffer(content[4:start], ">u4"))
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{path} must hold {math.prod(shape)} bytes for the shape {shape} it states: got "
                         f"{len(content) - start}; the file is {_fault(len(content) - start, math.prod(shape))}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _decompressed(path: Path) -> bytes:
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path} must be a complete gzip file: {error}") from error


def _fault(got: int, stated: int) -> str:
    return "truncated" if got < stated else "longer than it states"
