"""The independent, orthonormal coordinates of the global tangent space."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.horizontal import HorizontalElement

__all__ = ["coordinates", "from_coordinates"]


def coordinates(X: HorizontalElement, *, grassmann: bool = False) -> Array:
    r"""The independent entries of (A, B), such that the inner product of coordinates is that of the elements.

    For :math:`A^T = -A` they are the entries below the diagonal; for Hamiltonian
    :math:`A = [[P, Q], [R, -P^T]]` the entries of P and of the symmetric parts Q and R (see
    :meth:`manifold_opt.arrays.adjoints.Adjoint.coordinates`); then follow all entries of B. Their number is the
    dimension of the space.

    Parameters
    ----------
    X : HorizontalElement
        With blocks A (..., n, n) and B (..., N - n, n).
    grassmann : bool
        Whether A is zero by the nature of the space: then only B has coordinates.

    Returns
    -------
    numpy.ndarray
        Coordinates (..., d).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import SymplecticStiefel
    >>> from manifold_opt.arrays.coordinates import coordinates
    >>> space, rng = SymplecticStiefel(10, 4), np.random.default_rng(0)
    >>> section = space.global_section(space.random_point(rng))
    >>> X = section.lift(space.random_tangent(rng, section.point))
    >>> c = coordinates(X)
    >>> c.shape == (space.dimension,) and bool(np.isclose(c @ c, X.inner(X)))
    True
    """
    B = X.B.reshape(*X.batch, _size(X))
    if grassmann or X.adjoint is None:
        return B
    return np.concatenate([X.adjoint.coordinates(X.A), B], axis=-1)


def from_coordinates(c: Array, like: HorizontalElement, *, grassmann: bool = False) -> HorizontalElement:
    r"""The element with given coordinates, the inverse of :func:`coordinates`.

    Parameters
    ----------
    c : numpy.ndarray
        Coordinates (..., d).
    like : HorizontalElement
        An element of the same space and stack, for shapes and adjoint.
    grassmann : bool
        Whether only B has coordinates.

    Returns
    -------
    HorizontalElement

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import HorizontalElement, TransposeAdjoint
    >>> from manifold_opt.arrays.coordinates import from_coordinates
    >>> zero = HorizontalElement(np.zeros((2, 2)), np.zeros((1, 2)), TransposeAdjoint())
    >>> from_coordinates(np.array([1.0, 2.0, 3.0]), zero).to_dense()
    array([[ 0., -1., -2.],
           [ 1.,  0., -3.],
           [ 2.,  3.,  0.]])
    """
    split = c.shape[-1] - _size(like)
    B = c[..., split:].reshape(like.B.shape)
    if grassmann or like.adjoint is None:
        return HorizontalElement(np.zeros_like(like.A), B, like.adjoint)
    return HorizontalElement(like.adjoint.from_coordinates(c[..., :split], like.A.shape[-1]), B, like.adjoint)


def _size(X: HorizontalElement) -> int:
    """Number of entries of B in one member of the stack."""
    return int(np.prod(X.B.shape[len(X.batch):]))
