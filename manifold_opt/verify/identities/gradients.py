"""The Riemannian gradient."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import transposed
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import Trial

__all__: list[str] = []

PLACE = "v4, section 2 (Riemannian gradient); Bendokat, Zimmermann 2021, section 6"


@identity("gradient: tangent", "grad L is tangent at Y", r"\mathrm{grad}\,L \in T_Y\mathcal M", PLACE, Bound(10),
          needs=("riemannian_gradient", "tangent_defect"))
def gradient_tangent(trial: Trial) -> Array:
    """The defect, relative to |dL| |Y|^3 (times |Y|^2 for a vertical part taken away), the size of the terms."""
    gradient = trial.space.riemannian_gradient(trial.Y, trial.dL)
    return trial.relative(trial.space.tangent_defect(trial.Y, gradient), trial.norm(trial.dL),
                          trial.sigma ** (5 if trial.is_grassmann else 3))


@identity("gradient: represents the differential", "g(grad L, Delta) = Tr(dL^T Delta)",
          r"g(\mathrm{grad}\,L, \Delta) = \mathrm{Tr}(\nabla L^T\Delta)", PLACE, Bound(20, p=1),
          needs=("riemannian_gradient", "metric"))
def gradient_pairing(trial: Trial) -> Array:
    """Both sides, relative to |dL| |Y| times the length of Delta."""
    gradient = trial.space.riemannian_gradient(trial.Y, trial.dL)
    difference = trial.space.metric(trial.Y, gradient, trial.Delta) - trial.dot(trial.dL, trial.Delta)
    size = trial.norm(trial.dL) * trial.sigma if not trial.is_isometric else trial.norm(trial.dL)
    return trial.relative(difference, size, trial.length(trial.Delta))


@identity("gradient: is XY", "grad L = X Y, X = 2 P_g(dL Y^T), less its vertical part",
          r"\mathrm{grad}\,L = XY,\ X = 2P_{\mathfrak g}(\nabla L\,Y^T)", PLACE, Bound(10),
          needs=("riemannian_gradient", "group", "tangent_space"), where=("matrix spaces",))
def gradient_is_XY(trial: Trial) -> Array:
    """Against the dense algebra element, relative to |dL| |Y|^2 (times |Y|^2 more for the vertical part)."""
    Y = trial.Y
    XY = 2 * trial.space.group.project_algebra(trial.dL @ transposed(Y)) @ Y
    XY = trial.space.tangent_space.drop_vertical(Y, XY)
    return trial.relative(trial.space.riemannian_gradient(Y, trial.dL) - XY, trial.norm(trial.dL),
                          trial.sigma ** (4 if trial.is_grassmann else 2))


@identity("gradient: section lifts it directly", "lift_gradient(dL) = lift(grad L)",
          r"\lambda(Y)^{-1}\Omega(Y, \mathrm{grad}\,L)\lambda(Y)\text{ from }\nabla L", "v4, section 4", Bound(20),
          needs=("riemannian_gradient", "global_section"))
def lift_gradient(trial: Trial) -> Array:
    """The shortcut of the section against the lift of the gradient, relative to |dL| |Y|^3 |Lambda|."""
    section = trial.section("transported")
    gradient = trial.space.riemannian_gradient(trial.Y, trial.dL)
    difference = section.lift_gradient(trial.dL) - section.lift(gradient)
    size = trial.Lambda_norm() if trial.adjoint is not None else 1.0
    return trial.relative(difference.norm(), trial.norm(trial.dL), trial.sigma**2, size**2)


@identity("gradient: reflector lifts it directly", "lift_gradient(dL) = lift(grad L)",
          r"\lambda(Y)^{-1}\Omega(Y, \mathrm{grad}\,L)\lambda(Y)\text{ from }\nabla L", "v4, section 4", Bound(20),
          needs=("riemannian_gradient", "global_section"), where=("matrix spaces",))
def lift_gradient_reflector(trial: Trial) -> Array:
    """The same for the implicit section."""
    section = trial.section("reflector")
    gradient = trial.space.riemannian_gradient(trial.Y, trial.dL)
    difference = section.lift_gradient(trial.dL) - section.lift(gradient)
    size = trial.Lambda_norm("reflector")
    return trial.relative(difference.norm(), trial.norm(trial.dL), trial.sigma**2, size**2)


@identity("gradient: pseudo-Riemannian pairing", "<grad~ L, Delta> = Tr(dL^T Delta)",
          r"\langle\widetilde{\mathrm{grad}}\,L, \Delta\rangle = \mathrm{Tr}(\nabla L^T\Delta)",
          "Bendokat, Zimmermann 2021, section 3", Bound(20),
          needs=("pseudo_riemannian_gradient", "pseudo_riemannian_metric"))
def pseudo_gradient_pairing(trial: Trial) -> Array:
    """The gradient of the bi-invariant metric on quotients of Sp(N2), relative to |dL| |Delta| |Y|^4."""
    gradient = trial.space.pseudo_riemannian_gradient(trial.Y, trial.dL)
    difference = (trial.space.pseudo_riemannian_metric(trial.Y, gradient, trial.Delta)
                  - trial.dot(trial.dL, trial.Delta))
    return trial.relative(difference, trial.norm(trial.dL), trial.norm(trial.Delta), trial.sigma**4)


@identity("gradient: weight decay does nothing on quotients of O(N)", "grad 1/2 |Y|^2 = 0",
          r"\mathrm{grad}\,\tfrac12\|Y\|^2 = 0", "|Y|^2 = n on the space", Bound(20),
          needs=("riemannian_gradient",), where=("quotients of O(N)",))
def weight_decay(trial: Trial) -> Array:
    """The Riemannian gradient of the decay term, whose Euclidean one is Y itself, relative to |Y|."""
    return trial.relative(trial.space.riemannian_gradient(trial.Y, trial.Y), trial.norm(trial.Y))


@identity("gradient: weight decay improves the condition on quotients of Sp(N2)",
          "d/dt 1/2 |geodesic(Y, -t grad)|^2 < 0 for grad = grad 1/2 |Y|^2",
          r"\tfrac{d}{dt}\tfrac12\|\gamma(t)\|^2 < 0", "|Y|^2 is not constant on the space", Bound(0, q=0),
          needs=("riemannian_gradient",), where=("quotients of Sp(N2)", "no Grassmann kinds"))
def weight_decay_of_symplectic_points(trial: Trial) -> Array:
    """1 where the derivative along the negative gradient is not negative though Y is not orthogonal.

    On the symplectic Grassmann manifold |Y|^2 is no function of the subspace.
    """
    gradient = trial.space.riemannian_gradient(trial.Y, trial.Y)
    slope = -trial.dot(trial.Y, gradient)
    needed = trial.sigma > 1.05
    return np.asarray(needed & ~(slope < 0), float)
