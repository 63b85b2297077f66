"""The horizontal lift, and its relation to metric, splitting and global representation."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.verify.identity import Bound, identity
from manifold_opt.verify.trial import NotCovered, Trial

__all__: list[str] = []

LIFT = "v4, section 2 and appendix A"
PSEUDO = "Bendokat, Zimmermann 2021, section 3"


@identity("lift: in the algebra", "Omega* = -Omega", r"\Omega^* = -\Omega", LIFT, Bound(10),
          needs=("horizontal_lift", "group"), where=("matrix spaces",))
def lift_in_algebra(trial: Trial) -> Array:
    """The algebra defect of the lift, relative to the size of the lift."""
    Omega = trial.space.horizontal_lift(trial.Y, trial.Delta)
    return trial.relative(trial.space.group.algebra_defect(Omega), _size(trial, Omega))


@identity("lift: maps Y to Delta", "Omega(Y, Delta) Y = Delta", r"\Omega(Y, \Delta)Y = \Delta", LIFT, Bound(10, p=1),
          needs=("horizontal_lift",), where=("matrix spaces",))
def lift_maps(trial: Trial) -> Array:
    """Relative to |Omega| |Y|; on SpGr up to the vertical vector Y Y*(Omega Y) that changes the representative.

    The lift is in the algebra exactly, so that the rounding of Y = QR, which knows the condition number, shows here.
    """
    Omega = trial.space.horizontal_lift(trial.Y, trial.Delta)
    image = Omega @ trial.Y
    size = _size(trial, Omega) * trial.sigma
    if trial.is_grassmann:
        # a vertical part may be there only where the two metrics differ, and must be a vector YA with A* = -A
        A = trial.adjoint(trial.Y) @ image
        if trial.is_isometric:
            A = 0 * A
        symmetric = trial.norm(A + trial.adjoint(A)) / size
        image, size = image - trial.Y @ A, size * trial.sigma**2
        return np.asarray(np.maximum(trial.relative(image - trial.Delta, size), symmetric / trial.sigma**2))
    return trial.relative(image - trial.Delta, size)


@identity("lift: linear", "Omega(Y, a Delta1 + Delta2) = a Omega(Y, Delta1) + Omega(Y, Delta2)",
          r"\Omega(Y, a\Delta_1 + \Delta_2) = a\,\Omega(Y, \Delta_1) + \Omega(Y, \Delta_2)", LIFT, Bound(10, p=1),
          needs=("horizontal_lift",))
def lift_linear(trial: Trial) -> Array:
    """With a = 3."""
    lift, Y = trial.space.horizontal_lift, trial.Y
    Omega1, Omega2 = lift(Y, trial.Delta), lift(Y, trial.Delta2)
    return trial.relative(lift(Y, 3 * trial.Delta + trial.Delta2) - 3 * Omega1 - Omega2,
                          3 * _length(trial, trial.Delta, Omega1) + _length(trial, trial.Delta2, Omega2))


@identity("metric: half the product of lifts", "g(Delta1, Delta2) = 1/2 Tr(Omega1^T Omega2)",
          r"g(\Delta_1, \Delta_2) = \tfrac12\mathrm{Tr}(\Omega_1^T\Omega_2)", LIFT, Bound(10, p=1),
          needs=("horizontal_lift", "metric"), where=("matrix spaces",))
def metric_of_lifts(trial: Trial) -> Array:
    """Relative to the product of the lengths, for two vectors and for one."""
    Y, D1, D2, space = trial.Y, trial.Delta, trial.Delta2, trial.space
    O1, O2 = space.horizontal_lift(Y, D1), space.horizontal_lift(Y, D2)
    sizes = _length(trial, D1, O1), _length(trial, D2, O2)
    mixed = trial.relative(space.metric(Y, D1, D2) - 0.5 * trial.dot(O1, O2), *sizes)
    return np.maximum(mixed, trial.relative(space.metric(Y, D1, D1) - 0.5 * trial.dot(O1, O1), sizes[0] ** 2))


@identity("metric: product of global representations", "g(Delta1, Delta2) = 1/2 <A1, A2> + <B1, B2>",
          r"g(\Delta_1, \Delta_2) = \tfrac12\langle A_1, A_2\rangle + \langle B_1, B_2\rangle", "v4, section 4",
          Bound(10), needs=("metric", "global_section"), where=("on O(N) or flat",))
def metric_of_representations(trial: Trial) -> Array:
    """The off-diagonal blocks B and -B* of the dense element count once, relative to the product of the lengths."""
    difference = trial.space.metric(trial.Y, trial.Delta, trial.Delta2) - trial.W.inner(trial.W2)
    same = trial.space.metric(trial.Y, trial.Delta, trial.Delta) - trial.W.inner(trial.W)
    return np.maximum(trial.relative(difference, trial.norm(trial.Delta), trial.norm(trial.Delta2)),
                      trial.relative(same, trial.norm(trial.Delta) ** 2))


@identity("lift: conjugate is horizontal", "Lambda^-1 Omega Lambda = [[A, -B*], [B, 0]]",
          r"\lambda(Y)^{-1}\Omega\,\lambda(Y) \in \mathfrak g^{hor}", "v4, section 2 and appendix B", Bound(20),
          needs=("horizontal_lift", "global_section"), where=("quotients of O(N)",))
def lift_conjugate(trial: Trial) -> Array:
    """The dense conjugate against the blocks of the section, exactly in g^hor on quotients of O(N)."""
    return _conjugate_residual(trial, trial.space.horizontal_lift(trial.Y, trial.Delta))


@identity("lift: pseudo-Riemannian conjugate is horizontal", "Lambda^-1 Omega Lambda = [[A, -B*], [B, 0]]",
          r"\lambda(Y)^{-1}\Omega\,\lambda(Y) \in \mathfrak g^{hor}", PSEUDO, Bound(20, p=1),
          needs=("pseudo_horizontal_lift", "global_section"), where=("groups that are not compact",))
def pseudo_lift_conjugate(trial: Trial) -> Array:
    """On quotients of Sp(N2) the same holds for the lift of the bi-invariant metric."""
    return _conjugate_residual(trial, trial.space.pseudo_horizontal_lift(trial.Y, trial.Delta))


@identity("lift: conjugate has the blocks A and B", "A and B of Lambda^-1 Omega_R Lambda are those of the lift",
          r"\lambda(Y)^{-1}\Omega_R\lambda(Y)E = (A, B)", "Bendokat, Zimmermann 2021, section 4", Bound(20),
          needs=("horizontal_lift", "global_section"), where=("groups that are not compact",))
def riemannian_lift_blocks(trial: Trial) -> Array:
    """The frame columns agree (on SpGr: up to A, which belongs to the choice of the representative)."""
    Omega, Lambda = trial.space.horizontal_lift(trial.Y, trial.Delta), trial.Lambda()
    frame, complement = trial.adjoint.frame(*trial.shape), trial.adjoint.complement(*trial.shape)
    columns = trial.adjoint(Lambda) @ (Omega @ trial.Y)
    difference = columns - trial.W.to_dense()[..., frame]
    if trial.is_grassmann:
        difference = difference[..., complement, :]
    return trial.relative(difference, _size(trial, Omega), trial.Lambda_norm(), trial.sigma)


@identity("lift: vertical remainder on Sp(N2)", "Lambda^-1 Omega_R Lambda - [[A, -B*], [B, 0]] is not 0",
          r"\lambda(Y)^{-1}\Omega_R\lambda(Y) \notin \mathfrak g^{hor}", "Bendokat, Zimmermann 2021, section 4",
          Bound(0, q=0), needs=("horizontal_lift", "global_section"),
          where=("groups that are not compact", "proper quotients"))
def vertical_remainder(trial: Trial) -> Array:
    """1 where the remainder is below a thousandth of the lift: then the Riemannian lift is not the right one.

    At orthogonal points (condition number 1) of dimension N = n + 1 and the like the remainder may vanish.
    """
    if trial.condition < 1.5:
        raise NotCovered("for points with a condition number above 1.5")
    Omega, Lambda = trial.space.horizontal_lift(trial.Y, trial.Delta), trial.Lambda()
    remainder = trial.adjoint(Lambda) @ Omega @ Lambda - trial.W.to_dense()
    return np.asarray(trial.norm(remainder) < 1e-3 * trial.norm(trial.W.to_dense()), float)


@identity("splitting: vertical part vanishes on Y", "X - Omega(Y, XY) maps Y to 0 (to YA on Grassmann kinds)",
          r"X - \Omega(Y, XY) \in \mathfrak g^{ver,Y}", LIFT, Bound(20, p=1),
          needs=("horizontal_lift", "group", "tangent_defect"), where=("matrix spaces",))
def splitting_vertical(trial: Trial) -> Array:
    """The rest of an algebra element after its lift is taken away belongs to the isotropy algebra of Y."""
    X, rest = _split(trial)
    image = rest @ trial.Y
    if trial.is_grassmann:
        image = image - trial.Y @ (trial.adjoint(trial.Y) @ image)
    return trial.relative(image, trial.norm(X), trial.sigma ** (3 if trial.is_grassmann else 1))


@identity("splitting: orthogonal", "Tr(Omega(Y, XY)^T (X' - Omega(Y, X'Y))) = 0",
          r"\mathrm{Tr}\,\Omega(Y, XY)^T(X' - \Omega(Y, X'Y)) = 0", LIFT, Bound(20, p=1),
          needs=("horizontal_lift", "group"), where=("matrix spaces",))
def splitting_orthogonal(trial: Trial) -> Array:
    """Lifts are orthogonal to the isotropy algebra of Y, in the inner product that makes them lifts."""
    _, rest = _split(trial)
    Omega = trial.space.horizontal_lift(trial.Y, trial.Delta)
    return trial.relative(trial.dot(Omega, rest), _size(trial, Omega), np.maximum(trial.norm(rest), 1.0))


@identity("lift: pseudo-Riemannian, in the algebra", "Omega* = -Omega", r"\Omega^* = -\Omega", PSEUDO, Bound(10),
          needs=("pseudo_horizontal_lift", "group"))
def pseudo_lift_in_algebra(trial: Trial) -> Array:
    """The algebra defect, relative to |Delta| |Y|^3, the size of the terms."""
    Omega = trial.space.pseudo_horizontal_lift(trial.Y, trial.Delta)
    return trial.relative(trial.space.group.algebra_defect(Omega), trial.norm(trial.Delta), trial.sigma**3)


@identity("lift: pseudo-Riemannian, maps Y to Delta", "Omega(Y, Delta) Y = Delta", r"\Omega(Y, \Delta)Y = \Delta",
          PSEUDO, Bound(10), needs=("pseudo_horizontal_lift",))
def pseudo_lift_maps(trial: Trial) -> Array:
    """Relative to |Delta| |Y|^4, the size of the terms."""
    Omega = trial.space.pseudo_horizontal_lift(trial.Y, trial.Delta)
    return trial.relative(Omega @ trial.Y - trial.Delta, trial.norm(trial.Delta), trial.sigma**4)


@identity("metric: pseudo-Riemannian, half the product of lifts", "<Delta1, Delta2> = 1/2 Tr(Omega1* Omega2)",
          r"\langle\Delta_1, \Delta_2\rangle = \tfrac12\mathrm{Tr}(\Omega_1^*\Omega_2)", PSEUDO, Bound(10),
          needs=("pseudo_horizontal_lift", "pseudo_riemannian_metric"))
def pseudo_metric_of_lifts(trial: Trial) -> Array:
    """Relative to |Delta1| |Delta2| |Y|^4, the size of the terms."""
    Y, D1, D2, space = trial.Y, trial.Delta, trial.Delta2, trial.space
    O1, O2 = space.pseudo_horizontal_lift(Y, D1), space.pseudo_horizontal_lift(Y, D2)
    product = 0.5 * np.trace(trial.adjoint(O1) @ O2, axis1=-2, axis2=-1)
    return trial.relative(space.pseudo_riemannian_metric(Y, D1, D2) - product, trial.norm(D1), trial.norm(D2),
                          trial.sigma**4)


def _size(trial: Trial, Omega: Array) -> Array:
    """The size of the terms of a lift of Delta, or 1 where it is zero."""
    norm = np.maximum(trial.norm(Omega), 0.0 if trial.is_isometric else trial.length(trial.Delta))
    return np.where(norm > 0, norm, 1.0)


def _length(trial: Trial, Delta: Array, Omega: Array) -> Array:
    return np.maximum(trial.norm(Omega), 0.0 if trial.is_isometric else trial.length(Delta))


def _split(trial: Trial) -> tuple[Array, Array]:
    """A random algebra element X and X - Omega(Y, XY), with the reductive representative on Grassmann kinds."""
    X = trial.algebra("split")
    Delta = X @ trial.Y
    if trial.is_grassmann:
        Delta = Delta - trial.Y @ (trial.adjoint(trial.Y) @ Delta)
    return X, X - trial.space.horizontal_lift(trial.Y, Delta)


def _conjugate_residual(trial: Trial, Omega: Array) -> Array:
    Lambda = trial.Lambda()
    conjugate = trial.adjoint(Lambda) @ Omega @ Lambda
    return trial.relative(conjugate - trial.W.to_dense(), _size(trial, Omega), trial.Lambda_norm() ** 2)
