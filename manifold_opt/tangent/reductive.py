"""The global tangent space of the Stiefel kinds: A in the Lie algebra of the small group."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.tangent.global_tangent_space import MatrixTangentSpace

__all__ = ["ReductiveTangentSpace"]


@final
class ReductiveTangentSpace(MatrixTangentSpace):
    r"""The matrices :math:`[[A, -B^*], [B, 0]]` with :math:`A^* = -A`, of the reductive spaces :math:`G/H` in which H
    acts on the complement alone: Stiefel and symplectic Stiefel manifolds, and the groups themselves (n = N).

    Paper: v4, section 2. Parameters and errors: :class:`~manifold_opt.tangent.MatrixTangentSpace`.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import TransposeAdjoint
    >>> from manifold_opt.tangent import ReductiveTangentSpace
    >>> ReductiveTangentSpace(TransposeAdjoint(), 3, 2).element(np.array([1.0, 2.0, 3.0])).to_dense()
    array([[ 0., -1., -2.],
           [ 1.,  0., -3.],
           [ 2.,  3.,  0.]])
    """

    tangent_requirement = "Y*Delta + Delta*Y = 0"

    def project_frame(self, a: Array) -> Array:
        r"""The projection :math:`\frac12(a - a^*)` onto the algebra."""
        return np.asarray(0.5 * (a - self.adjoint(a)))

    def frame_defect(self, a: Array) -> Array:
        """The sum a + a*."""
        return np.asarray(a + self.adjoint(a))

    def drop_vertical(self, Y: Array, Delta: Array) -> Array:
        """Delta itself: no tangent vector is vertical."""
        return Delta

    def representative(self, Y: Array, Q: Array) -> Array:
        """Q itself: a point has one representative."""
        return Q

    @property
    def frame_dimension(self) -> int:
        """Dimension of the algebra of n x n matrices."""
        return self.adjoint.dimension(self.n)

    def frame_coordinates(self, A: Array) -> Array:
        """The coordinates of the algebra."""
        return self.adjoint.coordinates(A)

    def frame_block(self, c: Array) -> Array:
        """The algebra elements with the coordinates c."""
        return self.adjoint.from_coordinates(c, self.n)
