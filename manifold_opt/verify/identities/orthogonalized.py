"""Orthogonalized steps (Muon): where they stay in the global tangent space, and where they must be made to."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import inner
from manifold_opt.arrays.spectral import orthogonal_factor, tangent_orthogonal_factor
from manifold_opt.sections import TransportedSection
from manifold_opt.tangent import HorizontalElement, ReductiveTangentSpace, SymmetricTangentSpace, VectorTangentSpace
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


@identity("Muon: tangent and steepest on Stiefel", "W_A = -W_A^*, |W| <= 1, <G, W> = min over S = S^* of |G + S|_*",
          r"\max_{W_A = -W_A^*,\,\|W\| \le 1}\langle G, W\rangle = \min_{S = S^*}\|[A + S; B]\|_*", PLACE,
          Bound(100), needs=NEEDS, where=STIEFEL)
def steepest_on_stiefel(trial: Trial) -> Array:
    """The gap of the dual problem, or what the norm exceeds one by; the symmetric part is zero exactly."""
    if trial.shape[0] < 2 * trial.shape[1]:
        raise NotCovered("for Stiefel manifolds with N >= 2n, where the dual problem is smooth")
    G = _gradient(trial)
    A, B, gap = tangent_orthogonal_factor(G.A, G.B)
    return np.maximum(gap, _infeasible(trial, A, B))


@identity("Muon: tangent and of norm one on Stiefel", "W_A = -W_A^*, |W|_2 <= 1", r"W_A = -W_A^*,\ \|W\|_2 \le 1",
          PLACE, Bound(20), needs=NEEDS, where=STIEFEL)
def feasible_on_stiefel(trial: Trial) -> Array:
    """Where the dual problem is not smooth, N < 2n, too."""
    G = _gradient(trial)
    A, B, _ = tangent_orthogonal_factor(G.A, G.B)
    return _infeasible(trial, A, B)


@identity("Muon: does not depend on the section on Stiefel", "W(h'^* B) = h'^* W(B)", r"W(A, h'^*B) = (W_A, h'^*W_B)",
          PLACE, Bound(100), needs=NEEDS, where=STIEFEL)
def independent_of_the_section_on_stiefel(trial: Trial) -> Array:
    """The directions from two sections over Y, for blocks B of condition number three, as on Grassmann."""
    N, n = trial.shape
    if N < 2 * n:
        raise NotCovered("for Stiefel manifolds with N >= 2n, where the direction is unique")
    G, turn, space = _gradient(trial), trial.group_element("turn of the complement", N - n), trial.space.tangent_space
    B0 = _conditioned_block(trial, space.B_shape)
    A, B, _ = tangent_orthogonal_factor(G.A, B0)
    A_turned, B_turned, _ = tangent_orthogonal_factor(G.A, trial.adjoint(turn) @ B0)
    return np.asarray(trial.norm(np.concatenate([A_turned - A, turn @ B_turned - B], axis=-2)) / np.sqrt(n))


@identity("Muon: steepest on Grassmann and on vector spaces", "|msign(B)|_2 = 1, <B, msign(B)> = |B|_*",
          r"\|\mathrm{msign}(B)\|_2 = 1,\ \langle B, \mathrm{msign}(B)\rangle = \|B\|_*", PLACE, Bound(50), needs=NEEDS,
          where=("on O(N) or flat", "of positive dimension", "small"))
def steepest_where_it_stays(trial: Trial) -> Array:
    """All singular values of the factor are one; its product with B is the nuclear norm. Columns where there is one
    axis.
    """
    space = trial.space.tangent_space
    if not isinstance(space, (SymmetricTangentSpace, VectorTangentSpace)):
        raise NotCovered("for Grassmann manifolds and vector spaces")
    B = space.random(trial.rng("a gradient"), trial.batch, trial.dtype).B
    B = B if B.ndim >= len(trial.batch) + 2 else np.reshape(B, (*trial.batch, -1, 1))
    factor, nuclear = orthogonal_factor(B), np.sum(np.linalg.svd(B, compute_uv=False), axis=-1)
    ones = np.max(abs(np.linalg.svd(factor, compute_uv=False) - 1), axis=-1)
    short = abs(inner(B, factor, (-2, -1)) - nuclear) / nuclear
    return np.asarray(np.max(np.reshape(np.maximum(ones, short), (*trial.batch, -1)), axis=-1))


def _gradient(trial: Trial) -> HorizontalElement:
    """A random element of g^hor in double precision."""
    dtype = np.result_type(trial.dtype, np.float64)
    drawn: HorizontalElement = trial.space.tangent_space.random(trial.rng("a gradient"), trial.batch, dtype)
    return drawn


def _infeasible(trial: Trial, A: Array, B: Array) -> Array:
    """What the spectral norm of blocks exceeds one by, or the symmetric part of A."""
    excess = np.linalg.norm(np.concatenate([A, B], axis=-2), ord=2, axis=(-2, -1)) - 1
    return np.asarray(np.maximum(excess, np.linalg.norm(A + trial.adjoint(A), axis=(-2, -1))))


def _conditioned(trial: Trial) -> HorizontalElement:
    """Elements of the Grassmann kind whose block has singular values from 1 to 3."""
    space = trial.space.tangent_space
    if not isinstance(space, SymmetricTangentSpace):
        raise NotCovered("for Grassmann manifolds")
    block = _conditioned_block(trial, space.B_shape)
    return HorizontalElement(np.zeros((*trial.batch, *space.A_shape), trial.dtype), block, space)


def _conditioned_block(trial: Trial, shape: tuple[int, ...]) -> Array:
    """Random blocks with singular values from 1 to 3."""
    U, sigma, Vh = np.linalg.svd(trial.normal("block", shape), full_matrices=False)
    return np.asarray((U * np.linspace(1, 3, sigma.shape[-1]).astype(trial.dtype)) @ Vh)
