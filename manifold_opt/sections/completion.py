"""From a point Y to the columns that complete it to a group element Lambda = [Y, Y_perp]."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.adjoints import Adjoint, SymplecticAdjoint, symplectic_form
from manifold_opt.arrays.checks import Array

__all__ = ["complete", "orthogonal_completion", "symplectic_completion"]


def complete(Y: Array, adjoint: Adjoint) -> Array:
    """The deterministic completion that belongs to an adjoint.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., N, n) with Y*Y = I.
    adjoint : Adjoint
        The adjoint of the group.

    Returns
    -------
    numpy.ndarray
        Columns Y_perp (..., N, N - n) such that [Y, Y_perp], placed as in E, is in the group.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import TransposeAdjoint
    >>> from manifold_opt.sections.completion import complete
    >>> Y = np.eye(4, 2)
    >>> Y_perp = complete(Y, TransposeAdjoint())
    >>> np.allclose(Y.T @ Y_perp, 0)
    True
    """
    return symplectic_completion(Y) if isinstance(adjoint, SymplecticAdjoint) else orthogonal_completion(Y)


def orthogonal_completion(Y: Array) -> Array:
    r"""The last N - n columns of the complete QR decomposition of Y.

    Deterministic: they are columns n+1..N of the product of the n Householder reflections that LAPACK's geqrf applies
    to
    Y, each of which sends its column to a vector whose leading entry has the sign opposite to the column's.
    Drawing a random complement, projecting it and orthonormalizing it, which other libraries do, loses orthogonality
    where the complement happens to lie near the span of Y, and makes Adam depend on the draw.

    Paper: v4, section 2 (global sections) and appendix B, where the QR decomposition is proposed.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., N, n) with orthonormal columns.

    Returns
    -------
    numpy.ndarray
        Orthonormal columns (..., N, N - n), orthogonal to Y.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.sections.completion import orthogonal_completion
    >>> orthogonal_completion(np.array([[0.6], [0.8]]))
    array([[-0.8],
           [ 0.6]])
    """
    N, n = Y.shape[-2:]
    if n == N:
        return np.zeros((*Y.shape[:-1], 0), Y.dtype)
    return np.ascontiguousarray(np.linalg.qr(Y, mode="complete")[0][..., n:])


def symplectic_completion(Y: Array) -> Array:
    r"""A symplectic basis of :math:`\{x : Y^TJx = 0\}`, from a Hermitian eigendecomposition.

    With K an orthonormal basis of that space, :math:`S = K^TJK` is skew-symmetric and regular. Every eigenvalue
    :math:`\omega > 0` of the Hermitian matrix iS with unit eigenvector v gives the symplectic pair of columns
    :math:`K\sqrt2\,\mathrm{Im}\,v/\sqrt\omega`, :math:`K\sqrt2\,\mathrm{Re}\,v/\sqrt\omega`. Deterministic: eigenvalues
    ascend, and the phase of v makes its largest entry real and positive. This replaces the symplectic Gram-Schmidt
    process and symplectic Householder transformations, which are unstable because the group is not compact.

    Parameters
    ----------
    Y : numpy.ndarray
        Points (..., 2N, 2n) with Y*Y = I.

    Returns
    -------
    numpy.ndarray
        Columns (..., 2N, 2(N - n)), positions first, then momenta.

    Raises
    ------
    ValueError
        If the symplectic form is degenerate on the complement to working precision, which means that Y is too
        ill-conditioned for its dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.arrays import SymplecticAdjoint
    >>> from manifold_opt.groups.symplectic import random_symplectic
    >>> from manifold_opt.sections.completion import symplectic_completion
    >>> Y = random_symplectic(np.random.default_rng(0), (8, 2), 100.0)
    >>> Y_perp, adjoint = symplectic_completion(Y), SymplecticAdjoint()
    >>> np.allclose(adjoint(Y_perp) @ Y_perp, np.eye(6)) and np.allclose(adjoint(Y) @ Y_perp, 0)
    True
    """
    N2, n2 = Y.shape[-2:]
    half = (N2 - n2) // 2
    if half == 0:
        return np.zeros((*Y.shape[:-1], 0), Y.dtype)
    J = symplectic_form(N2, Y.dtype.type)
    K = np.linalg.qr(J.T @ Y, mode="complete")[0][..., n2:]
    S = np.swapaxes(K, -1, -2) @ J @ K
    omega, V = np.linalg.eigh(0.5j * (S - np.swapaxes(S, -1, -2)))
    omega, V = omega[..., half:], V[..., half:]
    if not omega[..., 0].min(initial=1.0) > N2 * np.finfo(Y.dtype).eps:
        raise ValueError("the symplectic form must be regular on the complement of Y: its smallest eigenvalue is "
                         f"{omega[..., 0].min():.1e}; Y is too ill-conditioned for {Y.dtype}")
    largest = np.take_along_axis(V, np.argmax(np.abs(V), axis=-2)[..., None, :], axis=-2)
    V = V * (np.conj(largest) / np.abs(largest)) * np.sqrt(2 / omega).astype(Y.dtype)[..., None, :]
    return np.asarray(K @ np.concatenate([V.imag, V.real], axis=-1))
