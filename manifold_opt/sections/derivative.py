r"""How fast a section moves along a retraction: :math:`\frac{d}{dt}\Lambda\mathcal R(tX) = \Lambda\mathcal R(tX)Z`."""
from __future__ import annotations

import numpy as np

from manifold_opt.tangent import HorizontalElement

__all__ = ["cayley_derivative"]


def cayley_derivative(X: HorizontalElement, t: float) -> HorizontalElement:
    r"""The element Z, in whose blocks the curve :math:`\Lambda(t) = \Lambda\,\mathrm{cay}(tX)` has the derivative
    :math:`\dot\Lambda E = \Lambda ZE`.

    The derivative of the Cayley transform along t is :math:`MXM` with :math:`M = (I - \frac t2X)^{-1}`, since
    :math:`\mathrm{cay}(tX) + I = 2M`; and as M commutes with X, it is :math:`\mathrm{cay}(tX)\,M^*XM`. In blocks, with
    the n x n matrix :math:`m = (I - \frac t2A + \frac{t^2}4B^*B)^{-1}`, elimination gives

    .. math:: A_Z = m^*Am, \quad B_Z = B(m - \tfrac t2A_Z).

    So a loss L has the derivative :math:`\langle D, Z\rangle` along the curve, with the differential D at
    :math:`\Lambda(t)`; that of the geodesic is :math:`\langle D, X\rangle` with X itself.

    Parameters
    ----------
    X : HorizontalElement
        Direction in the global tangent space.
    t : float
        Place on the curve.

    Returns
    -------
    HorizontalElement

    Raises
    ------
    numpy.linalg.LinAlgError
        If the transform is undefined at t (symplectic spaces).

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt import Stiefel
    >>> from manifold_opt.sections import cayley_derivative
    >>> space, rng = Stiefel(5, 2), np.random.default_rng(0)
    >>> section = space.global_section(space.random_point(rng))
    >>> X, h = section.lift(space.random_tangent(rng, section.point)), 1e-6
    >>> difference = (section.move(X * (1 + h), "cayley").point - section.move(X * (1 - h), "cayley").point) / (2 * h)
    >>> np.allclose(section.move(X, "cayley").push(cayley_derivative(X, 1.0)), difference, atol=1e-8)
    True
    """
    adjoint = X.adjoint
    t = float(t)
    m = np.linalg.inv(np.eye(X.A.shape[-1], dtype=X.dtype) - 0.5 * t * X.A + (0.25 * t * t) * (adjoint(X.B) @ X.B))
    A = adjoint(m) @ X.A @ m
    # what the projection drops turns the representative and not the point
    return HorizontalElement(X.space.project_frame(A), X.B @ (m - 0.5 * t * A), X.space)
