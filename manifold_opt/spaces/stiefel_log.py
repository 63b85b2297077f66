"""The Riemannian logarithm on the real and the complex Stiefel manifold with the canonical metric."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import in_field, transposed
from manifold_opt.arrays.rotations import skew_exponential
from manifold_opt.groups.adjoint import Adjoint
from manifold_opt.groups.nearest import sylvester
from manifold_opt.tangent import HorizontalElement, MatrixTangentSpace

__all__ = ["rotation_logarithm", "stiefel_logarithm"]

MOST_ITERATIONS = 500


def stiefel_logarithm(a: Array, b: Array, space: MatrixTangentSpace) -> HorizontalElement:
    r"""The element of :math:`\mathfrak g^{hor}` whose exponential has the frame columns [a; b]; ValueError where the
    iteration does not end.

    The matrix-algebraic algorithm: with :math:`b = Qr` complete [a; r] to a rotation (a unitary matrix) V of n + p
    columns, p = min(n, N - n), and turn the added columns until the complement block C of
    :math:`\log V = [[A, -B^*], [B, C]]` vanishes: :math:`V \leftarrow V\,\mathrm{diag}(I, e^\Gamma)` with
    :math:`S\Gamma + \Gamma S = C`, :math:`S = \frac1{12}BB^* - \frac12I`. It converges locally, at a linear rate.
    Sources: R. Zimmermann, SIAM J. Matrix Anal. Appl. 38 (2017), 322-342 (algorithm and convergence); R. Zimmermann and
    K. Hueper, SIAM J. Matrix Anal. Appl. 43 (2022), 953-980 (the equation for the turn).

    Parameters
    ----------
    a, b : numpy.ndarray
        Frame and complement blocks (..., n, n) and (..., N - n, n) of a point in double precision.
    space : MatrixTangentSpace
        The global tangent space.

    Returns
    -------
    HorizontalElement

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.spaces.stiefel_log import stiefel_logarithm
    >>> X = stiefel_logarithm(np.array([[0.6]]), np.array([[0.0], [0.8]]), Stiefel(3, 1).tangent_space)
    >>> np.allclose(X.B.ravel(), [0, np.arccos(0.6)])
    True
    """
    n, rows = a.shape[-1], b.shape[-2]
    if rows == 0:
        return HorizontalElement(rotation_logarithm(a), b, space)
    Q, r = np.linalg.qr(b)
    V = _completed(np.concatenate([a, r], axis=-2), space.adjoint)
    smallest = 16 * np.finfo(a.dtype).eps * np.sqrt(V.shape[-1])
    previous = np.inf
    for _ in range(MOST_ITERATIONS):
        X = rotation_logarithm(V)
        C, B = X[..., n:, n:], X[..., n:, :n]
        size = float(np.max(np.linalg.norm(C, axis=(-2, -1)), initial=0.0))
        if size <= smallest and not size < 0.5 * previous:
            return HorizontalElement(X[..., :n, :n], Q @ B, space)
        previous = size
        S = 0.5 * np.eye(C.shape[-1]) - B @ transposed(B) / 12
        Gamma = -sylvester(S, S, C)
        Gamma = 0.5 * (Gamma - transposed(Gamma))
        if not np.isfinite(Gamma).all():
            break
        V = np.concatenate([V[..., :n], V[..., n:] + V[..., n:] @ skew_exponential(Gamma)], axis=-1)
    raise ValueError("Q must be near Y: the iteration for the logarithm does not converge")


def rotation_logarithm(V: Array) -> Array:
    r"""The skew-symmetric (skew-Hermitian) logarithm of rotations (unitary matrices) (..., m, m) with angles below
    :math:`\pi`; ValueError where one is :math:`\pi` to working precision.

    By way of :math:`K = (V + I)^{-1}(V - I)`, whose eigenvalues are :math:`i\tan\frac\theta2`.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.spaces.stiefel_log import rotation_logarithm
    >>> rotation_logarithm(np.array([[0.0, -1.0], [1.0, 0.0]])) / np.pi
    array([[ 0. , -0.5],
           [ 0.5,  0. ]])
    """
    identity = np.eye(V.shape[-1])
    try:
        K = np.linalg.solve(V + identity, V - identity)
    except np.linalg.LinAlgError:
        K = np.full_like(V, np.inf)
    # tan(theta/2) beyond this is 1/rounding
    if not np.max(np.abs(K), initial=0.0) < 1e-3 / np.finfo(V.dtype).eps:
        raise ValueError("a rotation must have no angle of pi for its logarithm: Q is too far from Y")
    kappa, U = np.linalg.eigh(-0.5j * (K - transposed(K)))
    X = in_field((U * (2j * np.arctan(kappa))[..., None, :]) @ transposed(U), V.dtype)
    return np.asarray(0.5 * (X - transposed(X)))


def _completed(columns: Array, adjoint: Adjoint) -> Array:
    """The group element in the component of the identity with given first columns, whose last diagonal block is
    self-adjoint, and positive but for one sign where the group has two components.
    """
    n = columns.shape[-1]
    rest = np.linalg.qr(columns, mode="complete")[0][..., n:]
    U, _, Vh = np.linalg.svd(rest[..., n:, :])
    turned = transposed(Vh).copy()
    component = adjoint.component(np.concatenate([columns, rest @ turned @ transposed(U)], axis=-1))
    turned[..., -1] *= component[..., None]
    return np.asarray(np.concatenate([columns, rest @ turned @ transposed(U)], axis=-1))
