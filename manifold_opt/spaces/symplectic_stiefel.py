"""The symplectic Stiefel manifold SpSt(n2, N2)."""
from __future__ import annotations

from typing import final

from manifold_opt.groups.symplectic import SymplecticGroup
from manifold_opt.spaces.symplectic_space import SymplecticSpace
from manifold_opt.tangent import ReductiveTangentSpace

__all__ = ["SymplecticStiefel"]


@final
class SymplecticStiefel(SymplecticSpace):
    r"""The symplectic Stiefel manifold :math:`SpSt(n_2, N_2) = \{Y : Y^TJ_{N_2}Y = J_{n_2}\} = Sp(N_2)/Sp(N_2 - n_2)`.

    With n2 = N2 it is the group Sp(N2) itself. Metric, gradient and lift are those of the right-invariant Riemannian
    metric; see :class:`~manifold_opt.spaces.pseudo_riemannian_space.PseudoRiemannianSpace` for the other one.
    Source: Bendokat and Zimmermann, arXiv:2108.12447, section 4.

    Parameters
    ----------
    N2 : int
        Number of rows, even.
    n2 : int
        Number of columns, even, 2 <= n2 <= N2.

    Raises
    ------
    TypeError
        If N2 or n2 is not an integer.
    ValueError
        If one of them is odd, or not 1 <= n2 <= N2.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import SymplecticStiefel
    >>> space, rng = SymplecticStiefel(8, 4), np.random.default_rng(0)
    >>> Y = space.random_point(rng, condition=100.0)
    >>> Delta, dL = space.random_tangent(rng, Y), rng.normal(size=(8, 4))
    >>> np.allclose(space.metric(Y, space.riemannian_gradient(Y, dL), Delta), np.sum(dL * Delta))
    True

    The symplectic group as a space of points:

    >>> group = SymplecticStiefel(4, 4)
    >>> M = group.canonical_point()
    >>> M = group.cayley(M, 0.1 * group.random_tangent(rng, M))
    >>> bool(group.group.defect(M) < 1e-14)
    True
    """

    def __init__(self, N2: int, n2: int) -> None:
        super().__init__(SymplecticGroup(N2), ReductiveTangentSpace(SymplecticGroup.adjoint, N2, n2))
