"""Points, tangent vectors, the projection and the metric."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.fields import to_reals
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import NotCovered, Trial

__all__: list[str] = []

SECTION_2 = "v4, section 2"
EUCLIDEAN = "Edelman, Arias, Smith 1998, section 2; Bendokat, Zimmermann 2021, section 4"


@identity("point: on the space", "Y*Y = I", r"Y^*Y = I", SECTION_2, Bound(10), needs=("point_defect",))
def point_on_space(trial: Trial) -> Array:
    """The defect of random points, relative to the squared norm of Y."""
    return np.asarray(trial.space.point_defect(trial.Y) / trial.sigma**2)


@identity("point: E is canonical", "E*E = I exactly", r"E^*E = I", SECTION_2, Bound(0, q=0),
          needs=("canonical_point", "point_defect"))
def canonical_point(trial: Trial) -> Array:
    """The defect of the canonical point."""
    return np.asarray(trial.space.point_defect(trial.space.canonical_point(trial.dtype)))


@identity("point: defect sees a departure", "|((1+h)Y)*((1+h)Y) - I| = (2h + h^2) sqrt(n)",
          r"\|(1+h)^2Y^*Y - I\| = (2h + h^2)\sqrt n", SECTION_2, Bound(10), needs=("point_defect",),
          where=("matrix spaces",))
def defect_sees_departure(trial: Trial) -> Array:
    """The defect of points that are too long by a power of two, compared with its closed form."""
    h = 2.0**-6
    defect = trial.space.point_defect(trial.Y * trial.dtype.type(1 + h))
    return np.asarray(abs(defect - (2 * h + h * h) * np.sqrt(trial.shape[1])) / trial.sigma**2)


@identity("tangent: random tangents are tangent", "Y*Delta + Delta*Y = 0 (Y*Delta = 0 on Grassmann kinds)",
          r"Y^*\Delta + \Delta^*Y = 0", SECTION_2, Bound(10, p=1), needs=("tangent_defect",))
def random_tangent(trial: Trial) -> Array:
    """The defect, relative to |Delta| |Y|, with 1 for |Delta| where the draw happens to be short."""
    Delta = trial.random_tangent("tangent defect")
    return np.asarray(trial.space.tangent_defect(trial.Y, Delta) / (trial.sigma * np.maximum(trial.norm(Delta), 1.0)))


@identity("tangent: defect sees a departure", "the defect of Y is |Y*Y + Y*Y| (|Y*Y| where A = 0)",
          r"\|Y^*Y + Y^*Y\| = 2\sqrt n", SECTION_2, Bound(20),
          needs=("tangent_defect", "tangent_space"), where=("matrix spaces",))
def tangent_defect_sees_departure(trial: Trial) -> Array:
    """Y is never tangent at Y: its defect is that of the identity as a frame block."""
    expected = np.linalg.norm(trial.space.tangent_space.frame_defect(np.eye(trial.shape[1])))
    return np.asarray(abs(trial.space.tangent_defect(trial.Y, trial.Y) - expected) / trial.sigma**2)


@identity("tangent: random tangents fill the tangent space", "rank of dim + 3 random tangents = dim",
          r"\mathrm{rank}(\Delta_1, \dots, \Delta_{d+3}) = d", SECTION_2, Bound(0, q=0),
          needs=("random_tangent", "dimension"), where=("small",))
def random_tangents_fill(trial: Trial) -> Array:
    """The rank of a stack of random tangent vectors at the first point."""
    _need_digits(trial)
    if trial.condition > 200:
        raise NotCovered("for points with a condition number of at most 200, as the tangents' lengths spread with it")
    Y = _first(trial, trial.Y)
    dimension = trial.space.dimension
    Delta = trial.space.random_tangent(trial.rng("fill"), np.repeat(Y[None], dimension + 3, axis=0))
    rows = to_reals(np.reshape(Delta, (dimension + 3, -1)))
    threshold = 1e-4 * float(np.min(np.linalg.norm(rows, axis=-1))) if dimension else 1e-4
    return np.asarray(abs(int(np.sum(np.linalg.svd(rows, compute_uv=False) > threshold)) - dimension))


@identity("projection: rank is the dimension", "rank P_Y = dim M", r"\mathrm{rank}\,P_Y = \dim\mathcal M", SECTION_2,
          Bound(0, q=0), needs=("project_tangent", "dimension"), where=("small",))
def projection_rank(trial: Trial) -> Array:
    """The number of singular values of the projection, as a matrix at the first point, that are not zero.

    Those of an idempotent matrix are zero or at least one, so that one half separates them.
    """
    _need_digits(trial)
    Y = _first(trial, trial.Y)
    count = to_reals(Y.reshape(-1)).size
    basis = np.eye(count, dtype=Y.real.dtype).view(Y.dtype).reshape(count, *trial.shape)
    P = to_reals(trial.space.project_tangent(np.repeat(Y[None], count, axis=0), basis).reshape(count, -1))
    return np.asarray(abs(int(np.sum(np.linalg.svd(P, compute_uv=False) > 0.5)) - trial.space.dimension))


@identity("projection: idempotent", "P_Y P_Y Z = P_Y Z", r"P_YP_YZ = P_YZ", EUCLIDEAN, Bound(20, p=2),
          needs=("project_tangent",))
def projection_idempotent(trial: Trial) -> Array:
    """The projection of a projection, relative to the larger of argument and result."""
    PZ = trial.space.project_tangent(trial.Y, trial.Z)
    return trial.relative(trial.space.project_tangent(trial.Y, PZ) - PZ, np.maximum(trial.norm(trial.Z),
                                                                                    trial.norm(PZ)))


@identity("projection: tangent", "P_Y Z is tangent at Y", r"P_YZ \in T_Y\mathcal M", EUCLIDEAN, Bound(10, p=2),
          needs=("project_tangent", "tangent_defect"))
def projection_tangent(trial: Trial) -> Array:
    """The defect of projections."""
    PZ = trial.space.project_tangent(trial.Y, trial.Z)
    return trial.relative(trial.space.tangent_defect(trial.Y, PZ), trial.sigma, trial.norm(trial.Z))


@identity("projection: leaves tangents alone", "P_Y Delta = Delta", r"P_Y\Delta = \Delta", EUCLIDEAN, Bound(20, p=2),
          needs=("project_tangent",))
def projection_fixes(trial: Trial) -> Array:
    """The projection of tangent vectors."""
    Delta = trial.tangent("fixed")
    return trial.relative(trial.space.project_tangent(trial.Y, Delta) - Delta, trial.norm(Delta))


@identity("projection: self-adjoint in the metric", "g(P_Y Z1, Z2) = g(Z1, P_Y Z2)", r"g(P_YZ_1, Z_2) = g(Z_1, P_YZ_2)",
          EUCLIDEAN, Bound(20, p=2), needs=("project_tangent", "metric"))
def projection_self_adjoint(trial: Trial) -> Array:
    """Both sides for arbitrary arrays, relative to the product of the norms in the metric."""
    Y, Z1, Z2, space = trial.Y, trial.Z, trial.normal("Z2", trial.shape), trial.space
    left, right = space.metric(Y, space.project_tangent(Y, Z1), Z2), space.metric(Y, Z1, space.project_tangent(Y, Z2))
    return trial.relative(left - right, trial.norm(Z1), trial.norm(Z2))


@identity("metric: symmetric", "g(Delta1, Delta2) = g(Delta2, Delta1)",
          r"g(\Delta_1, \Delta_2) = g(\Delta_2, \Delta_1)", SECTION_2, Bound(10, p=1), needs=("metric",))
def metric_symmetric(trial: Trial) -> Array:
    """Relative to the product of the lengths."""
    Y, D1, D2 = trial.Y, trial.Delta, trial.Delta2
    return trial.relative(trial.space.metric(Y, D1, D2) - trial.space.metric(Y, D2, D1), *_lengths(trial, D1, D2))


@identity("metric: bilinear", "g(a Delta1 + Delta2, Delta1) = a g(Delta1, Delta1) + g(Delta2, Delta1)",
          r"g(a\Delta_1 + \Delta_2, \Delta_1) = a\,g(\Delta_1, \Delta_1) + g(\Delta_2, \Delta_1)", SECTION_2,
          Bound(20, p=1), needs=("metric",))
def metric_bilinear(trial: Trial) -> Array:
    """With a = 3, relative to the sum of the lengths."""
    Y, D1, D2, g = trial.Y, trial.Delta, trial.Delta2, trial.space.metric
    length1, length2 = _lengths(trial, D1, D2)
    return trial.relative(g(Y, 3 * D1 + D2, D1) - 3 * g(Y, D1, D1) - g(Y, D2, D1), 3 * length1 + length2, length1)


@identity("metric: positive definite", "g(Delta, Delta) > 0", r"g(\Delta, \Delta) > 0", SECTION_2, Bound(0, q=0),
          needs=("metric",), where=("of positive dimension",))
def metric_positive(trial: Trial) -> Array:
    """1 where the squared length of a nonzero tangent vector is not positive."""
    return np.asarray(~(trial.space.metric(trial.Y, trial.Delta, trial.Delta) > 0), float)


@identity("metric: invariant under isometries of the group",
          "g(QY; Q Delta1, Q Delta2) = g(Y; Delta1, Delta2), Q^T Q = I",
          r"g_{QY}(Q\Delta_1, Q\Delta_2) = g_Y(\Delta_1, \Delta_2),\ Q^TQ = I", SECTION_2, Bound(20, p=1),
          needs=("metric", "group"), where=("matrix spaces",))
def metric_invariant(trial: Trial) -> Array:
    """Under orthogonal group elements: all of O(N), the unitary ones of Sp(N2)."""
    Q, Y, D1, D2, g = trial.group_element("isometry"), trial.Y, trial.Delta, trial.Delta2, trial.space.metric
    return trial.relative(g(Q @ Y, Q @ D1, Q @ D2) - g(Y, D1, D2), *_lengths(trial, D1, D2))


@identity("metric: independent of the representative", "g(YQ; Delta1 Q, Delta2 Q) = g(Y; Delta1, Delta2), Q*Q = I",
          r"g_{YQ}(\Delta_1Q, \Delta_2Q) = g_Y(\Delta_1, \Delta_2)", SECTION_2, Bound(20, p=1),
          needs=("metric", "group"), where=("matrix spaces", "Grassmann kinds"))
def metric_representative(trial: Trial) -> Array:
    """Under the change of basis of the subspace, by any element of the small group."""
    Q, Y, D1, D2 = trial.group_element("basis", trial.shape[1], 2.0), trial.Y, trial.Delta, trial.Delta2
    g = trial.space.metric
    return trial.relative(g(Y @ Q, D1 @ Q, D2 @ Q) - g(Y, D1, D2), *_lengths(trial, D1, D2))


def _lengths(trial: Trial, *vectors: Array) -> list[Array]:
    """Lengths before a vertical part is taken away: the size of the terms."""
    return [trial.length(Delta) for Delta in vectors]


def _first(trial: Trial, Y: Array) -> Array:
    return np.asarray(np.reshape(Y, (-1, *trial.shape))[0])


def _need_digits(trial: Trial) -> None:
    """A rank is well defined only if rounding errors stay well below the threshold."""
    if trial.eps * trial.condition**2 > 1e-5:
        raise NotCovered(f"no rank is defined in {trial.dtype} at condition number {trial.condition:.0e}")
