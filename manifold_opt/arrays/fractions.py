r"""The matrix function :math:`T(I + T)^{-1}` of a Cayley step, plainly and in two fast ways."""
from __future__ import annotations

from math import prod

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["fast_fraction", "fraction", "fraction_by_blocks", "fraction_by_sweeps"]


def fraction(T: Array) -> Array:
    r"""The matrix function :math:`T(I + T)^{-1}` of a Cayley step, see :class:`~manifold_opt.sections.Cayley`.

    Parameters
    ----------
    T : numpy.ndarray
        Matrices (..., n, n) whose symmetric part is positive semidefinite.

    Returns
    -------
    numpy.ndarray
        Matrices (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.fractions import fraction
    >>> fraction(np.diag([1.0, 3.0]))
    array([[0.5 , 0.  ],
           [0.  , 0.75]])
    """
    return np.asarray(np.linalg.solve(np.eye(T.shape[-1], dtype=T.dtype) + T, T))


def fraction_by_sweeps(T: Array) -> Array:
    r"""The same as :func:`fraction`, faster for stacks of many small matrices: elimination runs along the stack.

    The matrix :math:`T(I + D_kT)^{-1}`, where :math:`D_k` is the identity in the first k coordinates and zero in the
    rest, is T for k = 0 and :math:`T(I + T)^{-1}` for k = n. Each coordinate is one rank-one update,
    :math:`S \leftarrow S - Se_ke_k^TS/(1 + e_k^TSe_k)`, by the Sherman-Morrison formula. The denominators are at least
    one, since the symmetric part of T is positive semidefinite, which is why no pivoting is needed.

    Parameters
    ----------
    T : numpy.ndarray
        Matrices (..., n, n) whose symmetric part is positive semidefinite.

    Returns
    -------
    numpy.ndarray
        Matrices (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.fractions import fraction, fraction_by_sweeps
    >>> B, A = np.random.default_rng(0).normal(size=(2, 100, 5, 5))
    >>> T = np.swapaxes(B, -1, -2) @ B + A - np.swapaxes(A, -1, -2)
    >>> np.allclose(fraction_by_sweeps(T), fraction(T), rtol=0, atol=1e-14)
    True
    """
    n, count = T.shape[-1], prod(T.shape[:-2])
    # the stack is the last axis, so that every operation runs over contiguous numbers of all its members
    S = T.reshape(count, n * n).T.copy().reshape(n, n, count)
    update = np.empty_like(S)
    for k in range(n):
        row = S[k] / (1 + S[k, k])
        S -= np.multiply(S[:, k, None], row, out=update)
    return np.ascontiguousarray(S.reshape(n * n, count).T).reshape(T.shape)


def fraction_by_blocks(T: Array, size: int = 32) -> Array:
    r"""The same as :func:`fraction_by_sweeps` with a block of coordinates at a time: faster for large matrices.

    Each block K of coordinates is one update, :math:`S \leftarrow S - S_{:K}(I + S_{KK})^{-1}S_{K:}`, a matrix product.
    The symmetric parts of all :math:`I + S_{KK}` are at least I, which is why no pivoting across blocks is needed.

    Parameters
    ----------
    T : numpy.ndarray
        Matrices (..., n, n) whose symmetric part is positive semidefinite.
    size : int
        Number of coordinates in a block.

    Returns
    -------
    numpy.ndarray
        Matrices (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.fractions import fraction, fraction_by_blocks
    >>> B, A = np.random.default_rng(0).normal(size=(2, 80, 80)) / 10
    >>> T = B.T @ B + A - A.T
    >>> np.allclose(fraction_by_blocks(T), fraction(T), rtol=0, atol=1e-14)
    True
    """
    S = T.copy()
    for start in range(0, T.shape[-1], size):
        block = slice(start, start + size)
        diagonal = S[..., block, block]
        identity = np.eye(diagonal.shape[-1], dtype=T.dtype)
        S -= (S[..., block] @ np.linalg.inv(identity + diagonal)) @ S[..., block, :]
    return S


def fast_fraction(T: Array) -> Array:
    """The fastest of the three ways, by size and number of the matrices.

    Parameters
    ----------
    T : numpy.ndarray
        Matrices (..., n, n) whose symmetric part is positive semidefinite.

    Returns
    -------
    numpy.ndarray
        Matrices (..., n, n).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays.fractions import fast_fraction
    >>> fast_fraction(np.diag([1.0, 3.0]))
    array([[0.5 , 0.  ],
           [0.  , 0.75]])
    """
    n = T.shape[-1]
    if n >= 64:
        return fraction_by_blocks(T)
    return fraction_by_sweeps(T) if n <= 16 and prod(T.shape[:-2]) > 4 * n else fraction(T)
