"""The complex Stiefel manifold: isometries of complex spaces."""
from __future__ import annotations

from typing import final

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_sampling
from manifold_opt.arrays.fields import standard_normal
from manifold_opt.groups.isometric import haar
from manifold_opt.groups.unitary import UnitaryGroup
from manifold_opt.spaces.stiefel import FrameManifold
from manifold_opt.tangent import ReductiveTangentSpace

__all__ = ["ComplexStiefel"]


@final
class ComplexStiefel(FrameManifold):
    r"""The complex Stiefel manifold :math:`\{Y \in C^{N \times n} : Y^HY = I\} = U(N)/U(N - n)`, canonical metric.

    Its points are the isometries from :math:`C^n` to :math:`C^N`, the tensors of isometric quantum circuits; with n = N
    it is the group U(N). Gradients are arrays G with :math:`dL(\Delta) = \mathrm{Re\,Tr}(G^H\Delta)`, that is
    :math:`G = \partial L/\partial a + i\,\partial L/\partial b = 2\,\partial L/\partial\bar Y` for Y = a + ib: what
    PyTorch leaves in ``.grad``, and the conjugate of what ``jax.grad`` returns. The metric is real,
    :math:`\mathrm{Re\,Tr}(\Delta_1^H(I - \frac12YY^H)\Delta_2)`.
    Paper: v4, section 2, with the conjugate transpose in place of the transpose.

    Parameters
    ----------
    N : int
        Number of rows (ambient dimension).
    n : int
        Number of columns, 1 <= n <= N.

    Raises
    ------
    TypeError
        If N or n is not an integer.
    ValueError
        If not 1 <= n <= N.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import ComplexStiefel
    >>> space, rng = ComplexStiefel(6, 2), np.random.default_rng(0)
    >>> Y = space.random_point(rng)
    >>> Delta, dL = space.random_tangent(rng, Y), rng.normal(size=(6, 2)) + 1j * rng.normal(size=(6, 2))
    >>> np.allclose(space.metric(Y, space.riemannian_gradient(Y, dL), Delta), np.vdot(dL, Delta).real)
    True
    >>> space.dimension
    20
    """

    def __init__(self, N: int, n: int) -> None:
        super().__init__(UnitaryGroup(N), ReductiveTangentSpace(UnitaryGroup.adjoint, N, n))

    @property
    def sure_length(self) -> float:
        r"""The length :math:`\sqrt{2/5}\,\pi` of :meth:`log`; infinite on U(N)."""
        return np.inf if self.shape[0] == self.shape[1] else float(np.sqrt(2 / 5) * np.pi)

    def random_point(self, rng: np.random.Generator, batch: tuple[int, ...] = (),
                     dtype: npt.DTypeLike = np.complex128) -> Array:
        """Uniformly distributed (Haar) points (*batch, N, n)."""
        batch, dtype = check_sampling(rng, batch, dtype, self.group.field)
        return haar(standard_normal(rng, (*batch, *self.shape), np.complex128)).astype(dtype)
