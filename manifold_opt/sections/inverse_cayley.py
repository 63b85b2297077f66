"""The inverse of the Cayley retraction, in closed form."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.groups.adjoint import checked_inverse
from manifold_opt.tangent import MatrixTangentSpace

__all__ = ["inverse_cayley"]


def inverse_cayley(Y: Array, Q: Array, tangent_space: MatrixTangentSpace) -> Array:
    r"""The tangent vector :math:`\Delta = YA + Y_\perp B` at Y whose Cayley retraction is Q; ValueError where there is
    none.

    With :math:`a = Y^*Q` and :math:`b = Q - Ya`, from :math:`Q = (2Y + Y_\perp B)M^{-1} - Y`:
    :math:`M^{-1} = \frac12(a + I)`, :math:`Y_\perp B = bM` and :math:`A = 2(I + \frac14B^*B - M)`.
    A quarter turn of the circle has the Cayley coordinate 2 tan(pi/4):

    >>> from manifold_opt import Stiefel
    >>> inverse_cayley(np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]]), Stiefel(2, 1).tangent_space)
    array([[0.],
           [2.]])
    """
    adjoint = tangent_space.adjoint
    Q = tangent_space.representative(Y, Q)
    identity = np.eye(Y.shape[-1], dtype=Y.dtype)
    a = adjoint(Y) @ Q
    M = 2 * _inverse_of_sum(a + identity, Y, Q)
    b = Q - Y @ a
    # once more, since the first product leaves a rounding error along Y
    b = b - Y @ (adjoint(Y) @ b)
    # A is in the algebra, so that it is half of A - A*, in which I and B*B cancel
    A = -2 * tangent_space.project_frame(M)
    return np.asarray(Y @ A + b @ M)


def _inverse_of_sum(sum_: Array, Y: Array, Q: Array) -> Array:
    """The inverse of Y*Q + I; ValueError where it is no larger than the rounding errors of Y*Q in some direction.

    Its condition number says nothing of that: next to the antipode -Y all of the sum is rounding.
    """
    requirement = "-1 must not be an eigenvalue of Y*Q for the inverse Cayley retraction"
    inverse = checked_inverse(sum_, requirement)
    lengths = np.linalg.norm(Y, 2, axis=(-2, -1)) * np.linalg.norm(Q, 2, axis=(-2, -1))
    rounding = tolerance(1.0, Y.dtype, Y.shape[-2]) * lengths
    with np.errstate(over="ignore"):
        worst = float(np.max(rounding * np.linalg.norm(inverse, axis=(-2, -1)), initial=0.0))
    if not worst < 1e-2:
        raise ValueError(f"{requirement}: Y*Q + I is {1 / worst:.1e} times its rounding error in some direction")
    return inverse
