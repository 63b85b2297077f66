"""Forward errors of every primitive against 60-digit arithmetic, in eps, with the law that bounds them.

``PYTHONPATH=tests python tests/verify/forward_errors.py`` prints the table.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import decimals as d
import mpmath
import numpy as np

from manifold_opt import Adam, Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel
from manifold_opt.groups import symplectic_form
from manifold_opt.tangent import HorizontalElement

EPS = 2.0**-52
LENGTHS = (1e-6, 1.0, 50.0, 361.0, 767.0)
CONDITIONS = (1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class ForwardError:
    """One row: the error in eps, and the bound C cond^p of its law, in eps too."""

    primitive: str
    space: str
    setting: str
    error: float
    C: float
    p: float
    condition: float
    length: float = 1.0

    @property
    def bound(self) -> float:
        return self.C * self.condition**self.p * max(1.0, self.length)

    @property
    def law(self) -> str:
        return f"{self.C:g} eps" + (" cond" if self.p == 1 else "") + (" max(1, |B|)" if self.length != 1 else "")


def condition_of(Y: Any) -> float:
    return float(np.linalg.cond(Y))


def sections() -> Iterator[ForwardError]:
    """Defining equations of the sections, Lambda*Lambda = I and Lambda E = Y, evaluated in 60 digits."""
    for space, cond in orthogonal_cases() + symplectic_cases():
        Y = point(space, cond)
        for kind in ("transported", "reflector"):
            if kind == "reflector" and cond > 10:
                continue  # defined near orthogonal points only
            Lambda = d.big(space.global_section(Y, kind).to_dense())
            symplectic = not space.adjoint.is_compact
            size = float(np.linalg.norm(d.rounded(Lambda), ord=2))
            group = float(d.norm(d.adjoint(Lambda, symplectic) @ Lambda - d.eye(len(Lambda)))) / size**2
            over = float(d.norm(Lambda[:, space.adjoint.frame(*space.shape)] - d.big(Y))) / size
            yield row(f"section ({kind})", space, cond, Y, max(group, over), 40, 1)


def lifts() -> Iterator[ForwardError]:
    """Lift, pseudo-Riemannian lift, Riemannian gradient, metric, of the given floats."""
    for space, cond in orthogonal_cases() + symplectic_cases():
        symplectic, rng = not space.adjoint.is_compact, np.random.default_rng(1)
        Y = point(space, cond)
        Delta, dL = tangent(space, Y), rng.standard_normal(space.shape)
        bY, bDelta, bdL = d.big(Y), d.big(Delta), d.big(dL)
        grad = d.gradient(bY, bdL, symplectic)
        scale = d.norm(bdL) * np.linalg.norm(Y, 2) ** 2
        if isinstance(space, (Grassmann, SymplecticGrassmann)):
            grad = grad - bY @ (d.adjoint(bY, symplectic) @ grad)
            scale = scale * np.linalg.norm(Y, 2) ** 2
        yield row("gradient", space, cond, Y, d.relative_error(space.riemannian_gradient(Y, dL), grad, scale), 5, 0)
        if symplectic:
            pseudo = d.orthogonal_lift(bY, bDelta, True)
            scale = d.norm(bDelta) * np.linalg.norm(Y, 2) ** 3
            yield row("pseudo-Riemannian lift", space, cond, Y,
                      d.relative_error(space.pseudo_horizontal_lift(Y, Delta), pseudo, scale), 5, 0)
        if isinstance(space, SymplecticGrassmann):
            yield from metric_representative(space, cond, Y, Delta)
            continue
        Omega = d.right_invariant_lift(bY, bDelta) if symplectic else d.orthogonal_lift(bY, bDelta, False)
        yield row("lift", space, cond, Y, d.relative_error(space.horizontal_lift(Y, Delta), Omega), 5, 1)
        exact = d.right_invariant_metric(bY, bDelta, bDelta) if symplectic else d.norm(Omega) ** 2 / 2
        error = abs(float((d.big(space.metric(Y, Delta, Delta)) - exact) / exact))
        yield row("metric", space, cond, Y, error, 10, 1)


def metric_representative(space: Any, cond: float, Y: Any, Delta: Any) -> Iterator[ForwardError]:
    """The representative orthogonal to all vertical vectors, by the normal equations in 60 digits."""
    bY, n = d.big(Y), space.shape[1]
    basis = []
    for i in range(n):
        for j in range(n):
            A = np.zeros((n, n))
            A[i, j] = 1
            A = A - space.adjoint(A)
            if A.any() and not any(np.array_equal(abs(A), abs(other)) for other in basis):
                basis.append(A)
    vertical = [bY @ d.big(A) for A in basis]
    J, K = d.big(symplectic_form(len(Y))), d.inverse(bY.T @ bY)

    def flat(Z: Any) -> Any:
        return (Z - J.T @ bY @ K @ bY.T @ J @ Z / 2) @ K
    flats = [flat(V) for V in vertical]
    gram = np.array([[np.sum(V * F) for F in flats] for V in vertical], object)
    right = np.array([[np.sum(F * d.big(Delta))] for F in flats], object)
    exact = d.big(Delta) - sum(c * V for c, V in zip(d.solve(gram, right)[:, 0], vertical))
    scale = mpmath.sqrt(np.sum(d.big(Delta) * d.big(Delta)))
    yield row("metric representative", space, cond, Y,
              d.relative_error(space.metric_representative(Y, Delta), exact, scale), 5, 1)
    Omega = d.right_invariant_lift(bY, exact)
    R = d.big(np.linalg.qr(Y, mode="r"))
    yield row("lift", space, cond, Y, d.relative_error(space.horizontal_lift(Y, Delta), Omega,
                                                       d.norm(d.big(Delta) @ d.inverse(R))), 5, 1)


def retractions() -> Iterator[ForwardError]:
    """Exponential and Cayley transform of given blocks (A, B) through a given section: Lambda R(B) E."""
    for space in (Stiefel(12, 3), Grassmann(12, 3), Stiefel(20, 3)):
        for length in LENGTHS:
            yield from retraction_rows(space, 1.0, length, f"|B| = {length:g}")
    for space in (Stiefel(3, 2), Stiefel(7, 4), Stiefel(4, 4)):
        # N < 2n: directions at rest beside fast ones, or no complement at all; here the length of the step enters
        for length in LENGTHS:
            yield from retraction_rows(space, 1.0, length, f"|B| = {length:g}", grows=True)
    for space, cond in symplectic_cases():
        yield from retraction_rows(space, cond, 1.0, f"cond = {cond:g}")


def retraction_rows(space: Any, cond: float, length: float, setting: str, *,
                    grows: bool = False) -> Iterator[ForwardError]:
    Y = point(space, cond)
    section = space.global_section(Y)
    W = section.lift(tangent(space, Y))
    W = W * (length / float(W.norm()))
    Lambda, X = d.big(section.to_dense()), d.big(W.to_dense())
    frame = space.adjoint.frame(*space.shape)
    for name, dense in (("geodesic", d.expm), ("cayley", d.cayley)):
        truth = (Lambda @ dense(X))[:, frame]
        size = max(float(d.norm(truth)), float(np.linalg.norm(section.to_dense(), 2)))
        error = d.relative_error(section.move(W, name).point, truth, size)
        yield ForwardError(name, repr(space), setting, error / EPS, 5, 0, cond, length if grows else 1.0)


def riemannian_geodesics() -> Iterator[ForwardError]:
    """exp(Omega - Omega^T) exp(Omega^T) Y with the exact lift of the given floats: the lift costs one cond."""
    for cond in CONDITIONS:
        space = SymplecticStiefel(6, 2)
        Y = point(space, cond)
        Delta = tangent(space, Y)
        Delta = Delta / np.linalg.norm(space.horizontal_lift(Y, Delta))
        Omega = d.right_invariant_lift(d.big(Y), d.big(Delta))
        truth = d.expm(Omega - Omega.T) @ (d.expm(Omega.T) @ d.big(Y))
        yield row("Riemannian geodesic", space, cond, Y,
                  d.relative_error(space.riemannian_geodesic(Y, Delta), truth), 5, 1)


def adam_steps() -> Iterator[ForwardError]:
    """One whole step: lift of the gradient, moments, Cayley, from given floats of section, moments and gradient."""
    adam, step = Adam(), 3
    for space, cond in orthogonal_cases() + symplectic_cases():
        rng = np.random.default_rng(2)
        Y = point(space, cond)
        section = space.global_section(Y)
        moments = {"B1": section.lift_gradient(rng.standard_normal(space.shape)),
                   "B2": section.lift_gradient(rng.standard_normal(space.shape)).square()}
        G = section.lift_gradient(rng.standard_normal(space.shape))
        W, _ = adam.update(G, moments, step)
        exact = [d.adam_step(*(d.big(getattr(X, block)) for X in (G, moments["B1"], moments["B2"])), step,
                             adam.learning_rate, adam.rho1, adam.rho2, adam.delta) for block in ("A", "B")]
        yield row("Adam velocity", space, cond, Y, max(d.relative_error(block, truth, adam.learning_rate * block.size)
                                                       for block, truth in zip((W.A, W.B), exact)), 5, 0)
        Lambda = d.big(section.to_dense())
        frame = space.adjoint.frame(*space.shape)
        truth = (Lambda @ d.cayley(dense(exact[0], exact[1], space)))[:, frame]
        yield row("Adam step", space, cond, Y, d.relative_error(section.move(W, "cayley").point, truth), 5, 0)


def dense(A: Any, B: Any, space: Any) -> Any:
    """[[A, -B*], [B, 0]] in 60 digits, with the positions of the blocks that the float form has."""
    positions = HorizontalElement(1.0 + np.arange(A.size).reshape(A.shape),
                                  1.0 + A.size + np.arange(B.size).reshape(B.shape), space.tangent_space).to_dense()
    entries = np.concatenate([A.ravel(), B.ravel()])
    X = d.big(np.zeros(positions.shape))
    for i, j in np.argwhere(positions):
        X[i, j] = entries[int(abs(positions[i, j])) - 1] * int(np.sign(positions[i, j]))
    return X


def orthogonal_cases() -> list[tuple[Any, float]]:
    return [(Stiefel(8, 3), 1.0), (Grassmann(8, 3), 1.0), (Stiefel(5, 5), 1.0)]


def symplectic_cases() -> list[tuple[Any, float]]:
    return [(space, cond) for space in (SymplecticStiefel(8, 4), SymplecticGrassmann(8, 4)) for cond in CONDITIONS]


def point(space: Any, cond: float) -> Any:
    more = {} if space.adjoint.is_compact else {"condition": cond}
    return space.random_point(np.random.default_rng(0), **more)


def tangent(space: Any, Y: Any) -> Any:
    return space.random_tangent(np.random.default_rng(3), Y)


def row(primitive: str, space: Any, cond: float, Y: Any, error: float, C: float, p: float) -> ForwardError:
    return ForwardError(primitive, repr(space), f"cond = {cond:g}", error / EPS, C, p, condition_of(Y))


PRIMITIVES: dict[str, Callable[[], Iterator[ForwardError]]] = {
    "sections": sections, "lifts": lifts, "retractions": retractions, "riemannian_geodesics": riemannian_geodesics,
    "adam_steps": adam_steps}


def table(rows: list[ForwardError]) -> str:
    lines = [f"{'primitive':<24} {'space':<28} {'setting':<14} {'error/eps':>10} {'bound/eps':>10}  law"]
    lines += [f"{r.primitive:<24} {r.space:<28} {r.setting:<14} {r.error:10.2f} {r.bound:10.1f}  {r.law}" for r in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    with d.digits():
        print(table([one for rows in PRIMITIVES.values() for one in rows()]))
