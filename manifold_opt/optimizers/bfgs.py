"""BFGS in the coordinates of the global tangent space."""
from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.optimizers.method import Method, Moments
from manifold_opt.optimizers.scaling import norm, row_exponents
from manifold_opt.optimizers.schedule import Rate, check_number, check_rate, rate_at
from manifold_opt.sections import GlobalSection
from manifold_opt.tangent import HorizontalElement

__all__ = ["BFGS", "descent_direction", "update_inverse_hessian"]


@final
@dataclass(frozen=True)
class BFGS(Method):
    r"""BFGS: an inverse Hessian H on the independent coordinates of (A, B), from differences of gradients.

    With the coordinates g of the differential, the last step s and the difference y of the last two differentials,

    .. math::

        H \leftarrow (I - \varrho sy^T)H(I - \varrho ys^T) + \varrho ss^T, \quad \varrho = 1/y^Ts, \quad W = -\eta Hg.

    The global tangent space is one vector space, so that differences of differentials at different points make sense
    without parallel transport; this asks for the transported section. Differentials rather than gradients: on the
    O(N) spaces both are the same, on the symplectic ones the metric depends on the point (see
    :meth:`~manifold_opt.sections.GlobalSection.lift_differential`).

    Safeguards, each for every member of a stack by itself: a pair (s, y) without positive curvature,
    :math:`y^Ts \le 10^{-10}\|y\|\|s\|`, is not used; H starts as the identity and is scaled by
    :math:`y^Ts/y^Ty` before its first update; where :math:`-Hg` is no descent direction, H is reset to the identity;
    a velocity longer than `max_norm` is shortened.

    :class:`~manifold_opt.Optimizer` takes one step of the given rate, without looking at the loss, and keeps one H for
    each point (d x d numbers for a space of dimension d). :func:`~manifold_opt.minimize` adds a line search, which a
    loss that is far from quadratic needs, and keeps one H for all parameters.

    Paper: v4, section 3, which names BFGS as a further method to be generalized. Source: J. Nocedal and S. J. Wright,
    Numerical Optimization, Springer 2006, chapter 6; on manifolds W. Huang, K. Gallivan and P.-A. Absil, SIAM J.
    Optim. 25 (2015), 1660-1685.

    Parameters
    ----------
    learning_rate : float or callable
        The factor :math:`\eta \ge 0` of the quasi-Newton step: a number, or a function of the step t = 1, 2, ...
    max_norm : float
        Longest velocity, > 0; in the norm of the global tangent space.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no number or out of its range.

    Examples
    --------
    The trailing eigenvector of a matrix, to rounding in a few steps:

    >>> import numpy as np
    >>> from manifold_opt import BFGS, Optimizer, Stiefel
    >>> M = np.diag([1.0, 2.0, 3.0, 4.0])
    >>> y, optimizer = np.full((4, 1), 0.5), Optimizer(BFGS(max_norm=0.5), Stiefel(4, 1))
    >>> state = optimizer.init(y)
    >>> for step in range(40):
    ...     y, state = optimizer.step(y, 2 * M @ y, state)
    >>> np.allclose(np.abs(y[:, 0]), [1, 0, 0, 0], atol=1e-12)
    True
    """

    learning_rate: Rate = 1.0
    max_norm: float = 1.0

    def __post_init__(self) -> None:
        check_rate("learning_rate", self.learning_rate)
        check_number("max_norm", self.max_norm, positive=True)

    def global_gradient(self, section: GlobalSection, dL: Array) -> HorizontalElement:
        """The differential in the global tangent space."""
        return section.lift_differential(dL)

    def init(self, like: HorizontalElement) -> Moments:
        """The inverse Hessian is the identity; number of updates, last step and last differential are zero."""
        g = np.zeros_like(like.space.coordinates(like))
        H = np.broadcast_to(np.eye(g.shape[-1], dtype=g.dtype), (*g.shape, g.shape[-1])).copy()
        return {"H": H, "updates": np.zeros(g.shape[:-1], np.int64), "s": np.zeros_like(g), "g": g}

    def update(self, G: HorizontalElement, moments: Moments, t: int) -> tuple[HorizontalElement, Moments]:
        """Update H with the last step, then take the step -eta H g."""
        g = G.space.coordinates(G)
        H, updates = moments["H"], moments["updates"]
        if t > 1:
            H, updates = update_inverse_hessian(H, updates, moments["s"], g - moments["g"])
        p, H = descent_direction(H, g)
        s = rate_at("learning_rate", self.learning_rate, t) * p
        s *= np.minimum(1.0, self.max_norm / np.maximum(norm(s), np.finfo(s.dtype).tiny)).astype(s.dtype)[..., None]
        return G.space.element(s), {"H": H, "updates": updates, "s": s, "g": g}


def update_inverse_hessian(H: Array, updates: Array, s: Array, y: Array) -> tuple[Array, Array]:
    r"""The BFGS update of inverse Hessians (..., d, d), left out where the curvature is not positive; `updates` (...)
    counts those that each has seen, and the first one scales the identity.

    s and y are brought to the order of one by powers of two, so that their products neither overflow nor underflow.

    The secant equation H y = s holds after an update:

    >>> import numpy as np
    >>> from manifold_opt.optimizers.bfgs import update_inverse_hessian
    >>> s, y = np.array([1.0, 0.0, 2.0]), np.array([2.0, 1.0, 1.0])
    >>> H, updates = update_inverse_hessian(np.eye(3), np.array(0), s, y)
    >>> np.allclose(H @ y, s), int(updates)
    (True, 1)
    """
    ks, ky = row_exponents(s), row_exponents(y)
    s, y = np.ldexp(s, -ks[..., None]), np.ldexp(y, -ky[..., None])
    # with s = 2^ks s', y = 2^ky y' the inverse Hessian is 2^(ks - ky) H'
    shift = (ks - ky)[..., None, None]
    ys, yy = np.sum(y * s, axis=-1), np.sum(y * y, axis=-1)
    use = ys > 1e-10 * np.linalg.norm(y, axis=-1) * np.linalg.norm(s, axis=-1)
    rho = np.where(use, 1.0 / np.where(use, ys, 1.0), 0.0).astype(H.dtype)[..., None]
    first = (use & (updates == 0))[..., None, None]
    scale = np.where(use, ys / np.where(use, yy, 1.0), 1.0).astype(H.dtype)[..., None, None]
    H = np.where(first, np.ldexp(H * scale, shift), H)
    Hy = (np.ldexp(H, -shift) @ y[..., None])[..., 0]
    yHy = np.sum(y * Hy, axis=-1)[..., None]
    v = s * (0.5 * (1.0 + rho * yHy)) - Hy
    correction = rho[..., None] * (v[..., :, None] * s[..., None, :] + s[..., :, None] * v[..., None, :])
    return H + np.ldexp(correction, shift), updates + use


def descent_direction(H: Array, g: Array) -> tuple[Array, Array]:
    """The quasi-Newton directions p = -H g (..., d) with the inverse Hessians that give them; where -H g does not
    descend, H is reset to the identity.

    >>> import numpy as np
    >>> from manifold_opt.optimizers.bfgs import descent_direction
    >>> p, H = descent_direction(-np.eye(2), np.array([1.0, 2.0]))
    >>> p, H
    (array([-1., -2.]), array([[1., 0.],
           [0., 1.]]))
    """
    p = -(H @ g[..., None])[..., 0]
    scaled_p, scaled_g = (np.ldexp(c, -row_exponents(c)[..., None]) for c in (p, g))
    descends = np.sum(scaled_p * scaled_g, axis=-1) < 0
    if not descends.all():
        H = np.where(descends[..., None, None], H, np.eye(H.shape[-1], dtype=H.dtype))
        p = np.where(descends[..., None], p, -g)
    return p, H
