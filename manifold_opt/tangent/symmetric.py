"""The global tangent space of the Grassmann kinds: A = 0."""
from __future__ import annotations

from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array, dtype_of_field
from manifold_opt.tangent.global_tangent_space import MatrixTangentSpace

__all__ = ["SymmetricTangentSpace"]


@final
class SymmetricTangentSpace(MatrixTangentSpace):
    r"""The matrices :math:`[[0, -B^*], [B, 0]]`, of the symmetric spaces :math:`G/H` in which H acts on the frame as
    well: the Grassmann and symplectic Grassmann manifolds.

    Paper: v4, section 2. Parameters and errors: :class:`~manifold_opt.tangent.MatrixTangentSpace`.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import TransposeAdjoint
    >>> from manifold_opt.tangent import SymmetricTangentSpace
    >>> SymmetricTangentSpace(TransposeAdjoint(), 3, 2).element(np.array([2.0, 3.0])).to_dense()
    array([[ 0.,  0., -2.],
           [ 0.,  0., -3.],
           [ 2.,  3.,  0.]])
    """

    tangent_requirement = "Y*Delta = 0"

    def project_frame(self, a: Array) -> Array:
        """Zero."""
        return np.zeros_like(a)

    def representative(self, Y: Array, Q: Array) -> Array:
        r"""The product QO for which :math:`Y^*QO` is self-adjoint with eigenvalues in the right half plane."""
        return np.asarray(Q @ self.adjoint.alignment(self.adjoint(Y) @ Q))

    @property
    def frame_dimension(self) -> int:
        """Zero."""
        return 0

    def frame_coordinates(self, A: Array) -> Array:
        """None at all."""
        return A[..., 0, :0].real

    def frame_block(self, c: Array) -> Array:
        """Zero."""
        return np.zeros((*c.shape[:-1], self.n, self.n), dtype_of_field(c.dtype, self.field))
