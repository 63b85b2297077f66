"""Global sections: the defining equations, lift and push, transport, restoration, drift."""
from __future__ import annotations

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.sections import TransportedSection
from manifold_opt.tangent import HorizontalElement
from manifold_opt.verify.identity import Bound, Identity, identity, register
from manifold_opt.verify.trial import NotCovered, Trial

__all__ = ["DRIFT_STEPS"]

SECTION = "v4, section 2 and appendix B"
TRANSPORT = "v4, section 4"
DRIFT_STEPS = 64
"""Number of steps after which the drift of the bare algorithm is measured."""


def _register(kind: str) -> None:
    """The identities that hold for either kind of section."""

    def over_Y(trial: Trial) -> Array:
        """The frame columns, relative to the norm of the section."""
        columns = trial.Lambda(kind)[..., trial.adjoint.frame(*trial.shape)]
        return trial.relative(columns - trial.Y, trial.Lambda_norm(kind))

    def in_group(trial: Trial) -> Array:
        """Both Lambda* Lambda = I and Lambda Lambda* = I, relative to the squared norm of the section."""
        Lambda, inverse, identity_matrix = _inverse(trial, kind)
        return np.maximum(trial.relative(inverse @ Lambda - identity_matrix, trial.Lambda_norm(kind) ** 2),
                          trial.relative(Lambda @ inverse - identity_matrix, trial.Lambda_norm(kind) ** 2))

    def push_of_lift(trial: Trial) -> Array:
        """Relative to |Delta| |Lambda|^2."""
        section = trial.section(kind)
        size = 1.0 if trial.adjoint is None else trial.Lambda_norm(kind) ** 2
        return trial.relative(section.push(section.lift(trial.Delta)) - trial.Delta, trial.norm(trial.Delta), size)

    def lift_of_push(trial: Trial) -> Array:
        """For elements of the global tangent space that do not come from a lift, relative to |W| |Lambda|^2."""
        section, W = trial.section(kind), _random_element(trial)
        size = 1.0 if trial.adjoint is None else trial.Lambda_norm(kind) ** 2
        return trial.relative((section.lift(section.push(W)) - W).norm(), W.norm(), size)

    def act(trial: Trial) -> Array:
        """The action on N x 3 arrays against the dense product."""
        X = trial.normal("act", (trial.N, 3))
        return trial.relative(trial.section(kind).act(X) - trial.Lambda(kind) @ X, trial.norm(X),
                              trial.Lambda_norm(kind))

    def deterministic(trial: Trial) -> Array:
        """1 where two sections over the same point differ in any bit."""
        again = trial.space.global_section(trial.Y.copy(), kind).to_dense()
        trial.section(kind)
        return np.asarray(not np.array_equal(again, trial.Lambda(kind)), float)

    matrix, power = ("matrix spaces",), float(kind == "reflector")
    for name, formula, latex, residual, bound, where in (
            ("over Y", "lambda(Y) E = Y", r"\lambda(Y)E = Y", over_Y, Bound(20, p=power), matrix),
            ("in the group", "Lambda* Lambda = Lambda Lambda* = I", r"\Lambda^*\Lambda = \Lambda\Lambda^* = I",
             in_group, Bound(20, p=1), matrix),
            ("push inverts lift", "push(lift(Delta)) = Delta", r"\Lambda\bar BE = \Delta", push_of_lift,
             Bound(20, p=1), ()),
            ("lift inverts push", "lift(push(B)) = B", r"\Lambda^{-1}\Omega(Y, \Lambda\bar BE)\Lambda = \bar B",
             lift_of_push, Bound(20), ("of positive dimension",)),
            ("acts as its dense form", "act(X) = Lambda X", r"\Lambda X", act, Bound(20, p=power), matrix),
            ("deterministic", "lambda(Y) twice is the same, bit for bit", r"\lambda(Y) = \lambda(Y)", deterministic,
             Bound(0, q=0), ())):
        register(Identity(f"section ({kind}): {name}", formula, latex, SECTION, residual, bound, ("global_section",),
                          where))


def _inverse(trial: Trial, kind: str) -> tuple[Array, Array, Array]:
    Lambda = trial.Lambda(kind)
    return Lambda, trial.adjoint(Lambda), np.eye(trial.N, dtype=trial.dtype)


def _reach(trial: Trial) -> Array:
    """The size of a moved section, times the length of the step, in which the rounding of a velocity grows."""
    return trial.Lambda_norm() * max(1.0, trial.scale)


def _random_element(trial: Trial) -> HorizontalElement:
    """A random element of the global tangent space."""
    element: HorizontalElement = trial.space.tangent_space.random(trial.rng("element"), trial.batch, trial.dtype)
    return element


_register("transported")
_register("reflector")


@identity("transport: the group element moves along", "Lambda <- Lambda R(W)",
          r"\Lambda \leftarrow \Lambda\,\mathcal R(W)", TRANSPORT, Bound(40), needs=("global_section", "group"),
          where=("matrix spaces",))
def transport(trial: Trial) -> Array:
    """The moved section against the dense exp and cay, relative to |Lambda|, times the length."""
    section, X, residuals = trial.section("transported"), trial.W.to_dense(), []
    for name, dense in (("geodesic", trial.space.group.exp), ("cayley", trial.space.group.cayley)):
        moved = section.move(trial.W, name).to_dense()
        residuals.append(trial.relative(moved - trial.Lambda() @ dense(X), _reach(trial)))
    return np.maximum(*residuals)


@identity("transport: reflector moves to the same point", "the retracted point does not depend on the section",
          r"\lambda_1(Y)\mathcal R(W_1)E = \lambda_2(Y)\mathcal R(W_2)E", TRANSPORT, Bound(40, p=1),
          needs=("global_section",), where=("matrix spaces",))
def section_independence_reflector(trial: Trial) -> Array:
    """Transported against implicit section, for both retractions, relative to |Lambda|, times the length."""
    sections = trial.section("transported"), trial.section("reflector")
    residuals = []
    for name in ("geodesic", "cayley"):
        try:
            points = [section.move(section.lift(trial.Delta), name).point for section in sections]
        except ValueError as error:
            if trial.is_isometric:
                raise
            raise NotCovered(str(error)) from error
        residuals.append(trial.relative(points[0] - points[1], _reach(trial)))
    return np.maximum(*residuals)


@identity("transport: independent of the section", "the retracted point does not depend on the section",
          r"\lambda(Y)h\,\mathcal R(h^{-1}\bar Bh)E = \lambda(Y)\mathcal R(\bar B)E,\ h \in H", TRANSPORT,
          Bound(40, p=1), needs=("global_section", "group"), where=("matrix spaces", "proper quotients"))
def section_independence(trial: Trial) -> Array:
    """The library's section against one turned by a random element of H, relative to |Lambda|, times the length."""
    section, (N, n) = trial.section("transported"), trial.shape
    h = trial.group_element("isotropy", N - n, 2.0)
    complement = trial.Lambda()[..., trial.adjoint.complement(N, n)] @ h
    turned = TransportedSection(trial.Y, complement, trial.space.tangent_space)
    residuals = []
    for name in ("geodesic", "cayley"):
        moved = turned.move(turned.lift(trial.Delta), name).point
        residuals.append(trial.relative(moved - section.move(trial.W, name).point, _reach(trial)))
    return np.maximum(*residuals)


@identity("transport: Cayley and its inverse", "M^-1 = (a + I)/2, B = b M, A = 2(I + B*B/4 - M)",
          r"M^{-1} = \tfrac12(Y^*Q + I),\ B = Y_\perp^*QM,\ A = 2(I + \tfrac14B^*B - M)", TRANSPORT, Bound(40),
          needs=("global_section",), where=("matrix spaces",))
def cayley_inverse(trial: Trial) -> Array:
    """The velocity recovered from the retracted point, relative to |Lambda|^2."""
    if trial.is_isometric and trial.scale > 4:
        raise NotCovered("for steps of length at most 4, beyond which the inverse is ill-conditioned")
    adjoint, section = trial.adjoint, trial.section("transported")
    frame, complement = adjoint.frame(*trial.shape), adjoint.complement(*trial.shape)
    columns = adjoint(trial.Lambda()) @ section.move(trial.W, "cayley").point
    identity_matrix = np.eye(trial.shape[1], dtype=trial.dtype)
    M = np.linalg.inv(0.5 * (columns[..., frame, :] + identity_matrix))
    B = columns[..., complement, :] @ M
    A = 2 * (identity_matrix + 0.25 * adjoint(B) @ B - M)
    W = trial.W
    size = np.maximum(1.0, trial.scale) ** 4 * trial.Lambda_norm() ** 2
    return np.asarray(HorizontalElement(A - W.A, B - W.B, W.space).norm() / size)


@identity("transport: one-parameter subgroup", "Lambda exp(sB) exp(tB) = Lambda exp((s + t)B)",
          r"\Lambda e^{s\bar B}e^{t\bar B} = \Lambda e^{(s + t)\bar B}", "v4, section 4 (geodesic retraction)",
          Bound(40), needs=("global_section",))
def one_parameter_subgroup(trial: Trial) -> Array:
    """Two geodesic moves in the same direction against one, with s = 0.7 and t = 0.4."""
    section, W = trial.section("transported"), trial.W
    twice = section.move(0.7 * W, "geodesic").move(0.4 * W, "geodesic")
    once = section.move(0.7 * W + 0.4 * W, "geodesic")
    size = (trial.Lambda_norm() if trial.adjoint is not None else trial.sigma) * max(1.0, trial.scale)
    return trial.relative(twice.to_dense() - once.to_dense(), size)


@identity("transport: drift of the bare algorithm", f"defect of Y after {DRIFT_STEPS} steps",
          rf"\|Y_k^*Y_k - I\|,\ k = {DRIFT_STEPS}", TRANSPORT, Bound(10 * np.sqrt(DRIFT_STEPS)),
          needs=("global_section", "point_defect"), where=("matrix spaces",))
def drift(trial: Trial) -> Array:
    """The growth of the defect without restoration, relative to the largest |Y|^2 on the way."""
    trial.only_with_scale_one()
    section, rng = trial.section("transported"), trial.rng("drift")
    largest = trial.sigma
    for step in range(DRIFT_STEPS):
        noise = rng.standard_normal(trial.Y.shape).astype(trial.dtype)
        W = section.lift_gradient(noise)
        length = W.norm()
        W = W.map(lambda block: block * (0.1 / np.where(length > 0, length, 1.0)).astype(trial.dtype)[..., None, None])
        section = section.move(W, "cayley" if step % 2 else "geodesic")
        largest = np.maximum(largest, np.linalg.norm(section.point, ord=2, axis=(-2, -1)))
    return np.asarray(trial.space.point_defect(section.point) / largest**2)


@identity("transport: restoration squares the defect",
          "M = Lambda (I - D/2), D = Lambda* Lambda - I: M*M - I = -3/4 D^2 + 1/4 D^3",
          r"M^*M - I = -\tfrac34D^2 + \tfrac14D^3", "N. J. Higham, Functions of Matrices, 2008, chapter 8", Bound(20),
          needs=("global_section",), where=("matrix spaces",))
def restoration(trial: Trial) -> Array:
    """The defect after one restoration of a disturbed section, against the closed form, relative to |Lambda|^2."""
    noise = trial.normal("disturbance", (trial.N, trial.N))
    size = trial.Lambda_norm()[..., None, None].astype(trial.dtype)
    disturbed = trial.Lambda() + noise * (trial.eps**0.4 / (np.sqrt(trial.N) * size)).astype(trial.dtype)
    section = TransportedSection.from_dense(disturbed, trial.space.tangent_space)
    restored = section.restore().to_dense()
    identity_matrix = np.eye(trial.N, dtype=trial.dtype)
    D = trial.adjoint(disturbed) @ disturbed - identity_matrix
    after = trial.adjoint(restored) @ restored - identity_matrix
    return trial.relative(after + 0.75 * D @ D - 0.25 * D @ D @ D, trial.Lambda_norm() ** 2)
