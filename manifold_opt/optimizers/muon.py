"""Muon on the global tangent space: momentum whose matrices are made orthogonal, tangent steps on Stiefel manifolds."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.spectral import orthogonal_factor, tangent_orthogonal_factor
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.schedule import Rate, check_fraction, check_rate, rate_at
from manifold_opt.tangent import (HorizontalElement, MatrixTangentSpace, ReductiveTangentSpace, SymmetricTangentSpace,
                                  VectorTangentSpace)

__all__ = ["Muon"]


@final
@dataclass(frozen=True)
class Muon(Method):
    r"""Momentum, and the step of spectral norm :math:`\eta` along which the loss falls most.

    .. math:: B_1 \leftarrow \alpha B_1 + \bar B, \qquad W = \eta\,
        \underset{\|W\|_2 \le 1,\ W \in \mathfrak g^{hor}}{\mathrm{arg\,min}} \langle B_1, W\rangle .

    On vector spaces of matrices and on the Grassmann manifold W is :math:`-\eta\,\mathrm{msign}(B_1)`, with
    :math:`\mathrm{msign}(U\Sigma V^T) = UV^T`; arrays with one axis count as columns, those with more as stacks of
    matrices. On the Stiefel manifold, where msign leaves the tangent space, W is found by the dual problem
    (:func:`~manifold_opt.arrays.tangent_orthogonal_factor`) and is tangent to rounding; the norm there is that of the
    tangent vector :math:`\Delta = YA + Y_\perp B`. Unlike Adam's, these steps do not depend on the section.

    Sources: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; J. Bernstein, "Modular
    manifolds", 2025 (the problem on Stiefel manifolds).

    Parameters
    ----------
    learning_rate : float or callable
        The rate :math:`\eta \ge 0`, which is the spectral norm of every step: a number, or a function of t = 1, 2, ...
    alpha : float
        The share of the old moment that is kept, in [0, 1).

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number or out of its range; from :meth:`init` on other spaces than those above, whose
        spectral norms would depend on the section.

    Examples
    --------
    All singular values of the first step are the rate:

    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.optimizers import Muon
    >>> space, rng = Stiefel(6, 2), np.random.default_rng(0)
    >>> section = space.global_section(space.random_point(rng))
    >>> G = section.lift_gradient(rng.normal(size=(6, 2)))
    >>> W, _ = Muon(0.1).update(G, Muon(0.1).init(G), 1)
    >>> Delta = section.push(W)
    >>> bool(space.tangent_defect(section.point, Delta) < 1e-16), np.linalg.svd(Delta, compute_uv=False).round(14)
    (True, array([0.1, 0.1]))
    """

    learning_rate: Rate = 1e-2
    alpha: float = 0.95

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        check_fraction("alpha", self.alpha)

    def init(self, like: HorizontalElement) -> Moments:
        """The moment is zero."""
        space = like.space
        if not isinstance(space, VectorTangentSpace):
            known = isinstance(space, (ReductiveTangentSpace, SymmetricTangentSpace)) and space.adjoint.is_compact
            if not known:
                raise ValueError("Muon must be given parameters in vector spaces or on Stiefel or Grassmann "
                                 f"manifolds, real or complex: got {space!r}")
        return {"B1": like.map(np.zeros_like)}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """Momentum, then the steepest direction."""
        B1 = moments["B1"] * self.alpha + G
        return _steepest(B1) * -rate_at("learning_rate", self.learning_rate, t), {"B1": B1}


def _steepest(G: HorizontalElement) -> HorizontalElement:
    """The element of spectral norm one with the largest inner product with G."""
    space = G.space
    if isinstance(space, ReductiveTangentSpace):
        # <G, W> counts half the product of the frame blocks
        A, B, _ = tangent_orthogonal_factor(0.5 * G.A, G.B)
        return HorizontalElement(A.astype(G.dtype, copy=False), B.astype(G.dtype, copy=False), space)
    if isinstance(space, MatrixTangentSpace):
        return HorizontalElement(G.A, orthogonal_factor(G.B), space)
    return HorizontalElement(G.A, _factor_of_array(G.B, len(space.B_shape)), space)


def _factor_of_array(B: Array, axes: int) -> Array:
    """The orthogonal factors of arrays of so many axes: numbers and rows of numbers as columns."""
    if axes >= 2:
        return orthogonal_factor(B)
    columns = B.reshape(*B.shape[:B.ndim - axes], -1, 1)
    return orthogonal_factor(columns).reshape(B.shape)
