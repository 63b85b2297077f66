"""The adjoint and the places of frame and complement, by the name of the space; for arrays of any kind of number."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["adjoint", "frame", "complement"]


def adjoint(space: str, M: Array) -> Array:
    r"""The adjoint of a block: the transpose, or :math:`J^TM^TJ` by halves on the symplectic spaces.

    >>> import numpy as np
    >>> from manifold_opt.oracle.conventions import adjoint
    >>> adjoint("symplectic_stiefel", np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[4.0, -2.0], [-3.0, 1.0]]
    """
    M = np.swapaxes(M, -1, -2)
    if not space.startswith("symplectic"):
        return M
    q, p = M.shape[-2] // 2, M.shape[-1] // 2
    return np.concatenate([np.concatenate([M[..., q:, p:], -M[..., q:, :p]], axis=-1),
                           np.concatenate([-M[..., :q, p:], M[..., :q, :p]], axis=-1)], axis=-2)


def frame(space: str, N: int, n: int) -> Array:
    """Indices of the columns of a section that make up the point."""
    if space.startswith("complex"):
        # of the real matrix [[a, -b], [b, a]]
        return np.concatenate([np.arange(n // 2), N // 2 + np.arange(n // 2)])
    if not space.startswith("symplectic"):
        return np.arange(n)
    return np.concatenate([np.arange(n // 2), N // 2 + np.arange(n // 2)])


def complement(space: str, N: int, n: int) -> Array:
    """Indices of the other columns."""
    return np.setdiff1d(np.arange(N), frame(space, N, n))
