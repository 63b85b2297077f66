"""Orthogonalized steps (Muon): where they stay in the global tangent space, and where they must be made to."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.spectral import orthogonal_factor, tangent_orthogonal_factor
from manifold_opt.sections import TransportedSection
from manifold_opt.tangent import HorizontalElement, ReductiveTangentSpace, SymmetricTangentSpace
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import NotCovered, Trial

__all__: list[str] = []

PLACE = "Jordan et al. 2024; Bernstein 2025"
NEEDS = ("global_section",)
GRASSMANN = ("quotients of O(N)", "Grassmann kinds", "proper quotients", "small")
STIEFEL = ("quotients of O(N)", "no Grassmann kinds", "proper quotients", "small")


@identity("Muon: stays in the global tangent space on Grassmann", "msign(dense B) = dense msign(B)",
          r"\mathrm{msign}(\bar B) = \overline{\mathrm{msign}(B)}", PLACE, Bound(50), needs=NEEDS, where=GRASSMANN)
def stays_on_grassmann(trial: Trial) -> Array:
    """For blocks of condition number at most three: the orthogonal factor magnifies rounding by that."""
    X = _conditioned(trial)
    factor = HorizontalElement(X.A, orthogonal_factor(X.B), X.space)
    return trial.relative(orthogonal_factor(X.to_dense()) - factor.to_dense(), np.sqrt(trial.shape[1]))


@identity("Muon: does not depend on the section on Grassmann", "msign(h'^T B) = h'^T msign(B)",
          r"\mathrm{msign}(h'^TB) = h'^T\mathrm{msign}(B)", PLACE, Bound(100), needs=NEEDS, where=GRASSMANN)
def independent_of_the_section(trial: Trial) -> Array:
    """The points after a step of norm 0.1 from two sections over Y."""
    X, points = _conditioned(trial), []
    N, n = trial.shape
    turn = trial.group_element("turn of the complement", N - n)
    section = trial.section("transported")
    turned = TransportedSection(section.point, section.Y_perp @ turn, section.tangent_space)
    Delta = section.push(X)
    for one in (section, turned):
        lifted = one.lift(Delta)
        W = HorizontalElement(lifted.A, -0.1 * orthogonal_factor(lifted.B), lifted.space)
        points.append(one.move(W, "geodesic").point)
    return trial.relative(points[0] - points[1], np.sqrt(n))


@identity("Muon: leaves the global tangent space on Stiefel", "msign(dense B) has a complement block",
          r"\mathrm{msign}(\bar B) \notin \mathfrak g^{hor}", PLACE, Bound(0, q=0), needs=NEEDS, where=STIEFEL)
def leaves_on_stiefel(trial: Trial) -> Array:
    """1 where the complement block of the orthogonal factor vanishes for all of eight random elements."""
    space = trial.space.tangent_space
    if not isinstance(space, ReductiveTangentSpace) or trial.shape[1] == 1 or trial.shape[0] - trial.shape[1] < 2:
        raise NotCovered("for Stiefel manifolds with 1 < n < N - 1, since a skew-symmetric number is zero")
    dense = orthogonal_factor(space.random(trial.rng("eight elements"), (8,), trial.dtype).to_dense())
    return np.full(trial.batch, float(np.max(np.abs(dense[..., space.n:, space.n:])) < 1e-3))


@identity("Muon: tangent and steepest on Stiefel", "W_A = -W_A^T, |W| <= 1, <G, W> = min over S = S^T of |G + S|_*",
          r"\max_{W_A = -W_A^T,\,\|W\| \le 1}\langle G, W\rangle = \min_{S = S^T}\|[A + S; B]\|_*", PLACE,
          Bound(100, q=0.5), needs=NEEDS, where=STIEFEL)
def steepest_on_stiefel(trial: Trial) -> Array:
    """The gap of the dual problem, or what the norm exceeds one by; the symmetric part is zero exactly."""
    space = trial.space.tangent_space
    if not isinstance(space, ReductiveTangentSpace) or trial.shape[0] < 2 * trial.shape[1]:
        raise NotCovered("for Stiefel manifolds with N >= 2n, where the dual problem is smooth")
    X = space.random(trial.rng("a gradient"), trial.batch, np.result_type(trial.dtype, np.float64))
    A, B, gap = tangent_orthogonal_factor(X.A, X.B)
    excess = np.linalg.norm(np.concatenate([A, B], axis=-2), ord=2, axis=(-2, -1)) - 1
    symmetric = np.linalg.norm(A + trial.adjoint(A), axis=(-2, -1))
    return np.asarray(np.maximum(np.maximum(gap, excess), symmetric))


def _conditioned(trial: Trial) -> HorizontalElement:
    """Elements of the Grassmann kind whose block has singular values from 1 to 3."""
    space = trial.space.tangent_space
    if not isinstance(space, SymmetricTangentSpace):
        raise NotCovered("for Grassmann manifolds")
    U, sigma, Vh = np.linalg.svd(trial.normal("block", space.B_shape), full_matrices=False)
    values = np.linspace(1, 3, sigma.shape[-1]).astype(trial.dtype)
    return HorizontalElement(np.zeros((*trial.batch, *space.A_shape), trial.dtype), (U * values) @ Vh, space)
