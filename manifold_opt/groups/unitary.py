"""The unitary group U(N): its adjoint, the conjugate transpose."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.arrays.fields import from_reals, standard_normal, to_reals
from manifold_opt.groups.base import MatrixGroup
from manifold_opt.groups.isometric import IsometricAdjoint, haar

__all__ = ["ConjugateTransposeAdjoint", "UnitaryGroup"]


@final
class ConjugateTransposeAdjoint(IsometricAdjoint):
    r"""The conjugate transpose, :math:`M^* = M^H`: the adjoint of U(N), whose frame is the first n columns.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import ConjugateTransposeAdjoint
    >>> ConjugateTransposeAdjoint()(np.array([[1.0, 2.0j]]))
    array([[1.-0.j],
           [0.-2.j]])
    """

    field = "complex"

    def coordinates(self, A: Array) -> Array:
        r"""The imaginary diagonal of skew-Hermitian A over :math:`\sqrt2`, then both parts of the entries below it."""
        rows, columns = np.tril_indices(A.shape[-1], -1)
        diagonal = np.einsum("...ii->...i", A).imag * A.real.dtype.type(0.5**0.5)
        return np.concatenate([diagonal, to_reals(A[..., rows, columns])], axis=-1)

    def from_coordinates(self, c: Array, n: int) -> Array:
        """Skew-Hermitian matrices (..., n, n)."""
        rows, columns = np.tril_indices(n, -1)
        below = from_reals(c[..., n:], "complex")
        A = np.zeros((*c.shape[:-1], n, n), below.dtype)
        A[..., rows, columns] = below
        A[..., columns, rows] = -below.conj()
        np.einsum("...ii->...i", A).imag = c[..., :n] * c.dtype.type(2**0.5)
        return A

    def dimension(self, n: int) -> int:
        """The number n^2."""
        return n * n


@final
class UnitaryGroup(MatrixGroup):
    r"""The unitary group :math:`U(N) = \{M \in C^{N \times N} : M^HM = I\}`; its Lie algebra: skew-Hermitian matrices.

    Arrays are complex; where a dtype is asked for, a real one stands for its complex counterpart.
    Paper: v4, section 2, whose formulas hold with the conjugate transpose in place of the transpose.

    Parameters
    ----------
    N : int
        Number of rows, at least 1.

    Raises
    ------
    TypeError
        If N is not an integer.
    ValueError
        If N < 1.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.groups import UnitaryGroup
    >>> group, rng = UnitaryGroup(4), np.random.default_rng(0)
    >>> X = group.project_algebra(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))
    >>> bool(group.defect(group.exp(X)) < 1e-14), group.dimension
    (True, 16)
    """

    adjoint = ConjugateTransposeAdjoint()

    def random(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
               dtype: npt.DTypeLike = np.complex128) -> Array:
        """Elements (*batch, N, N) from the Haar measure of U(N)."""
        batch, dtype = check_sampling(rng, batch, dtype, self.field)
        return haar(standard_normal(rng, (*batch, self.N, self.N), np.complex128)).astype(dtype)
