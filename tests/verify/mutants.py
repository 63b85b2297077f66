"""Thirteen mistakes that stand, or stood, in published libraries, as faulty spaces, sections, methods and functions."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from manifold_opt import Adam
from manifold_opt.groups import symplectic_form
from manifold_opt.tangent import HorizontalElement
from manifold_opt.arrays.matrix_functions import exponential
from manifold_opt.sections import TransportedSection
from manifold_opt.sections.low_rank import low_rank_step
from manifold_opt.sections.retraction import Retraction


def t(M: Any) -> Any:
    return np.swapaxes(M, -1, -2)


class Mutant:
    """A space in which some methods are replaced by faulty ones; everything else is the original's."""

    def __init__(self, space: Any, **methods: Any) -> None:
        self._space, self._methods = space, methods

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._methods:
            return self._methods[name]
        return getattr(self._space, name)

    def __repr__(self) -> str:
        return f"Mutant({self._space!r}, {', '.join(self._methods)})"


def cayley_with_a_gradient_conversion(Y: Any, Delta: Any) -> Any:
    """1: W = Delta Y^T - Y Delta^T converts gradients; (I - YY^T/2) is missing: DR(0) = Delta + YY^T Delta."""
    W = Delta @ t(Y) - Y @ t(Delta)
    identity = np.eye(Y.shape[-2])
    return np.linalg.solve(identity - 0.5 * W, (identity + 0.5 * W) @ Y)


def projection_that_is_a_gradient(Y: Any, Z: Any) -> Any:
    """2: Z - Y Z^T Y is tangent but not idempotent."""
    return Z - Y @ t(Z) @ Y


def geodesic_with_a_wrong_block(Y: Any, Delta: Any) -> Any:
    """3: the closed form of the Euclidean metric with the block S = Delta^T Delta in the wrong corner."""
    n = Y.shape[-1]
    A, S = t(Y) @ Delta, t(Delta) @ Delta
    block = np.concatenate([np.concatenate([A, np.broadcast_to(np.eye(n), A.shape)], axis=-1),
                            np.concatenate([-S, A], axis=-1)], axis=-2)
    E = exponential(block)
    return np.concatenate([Y, Delta], axis=-1) @ E[..., :n]


def symplectic_grassmann_gradient(Y: Any, dL: Any) -> Any:
    """4: J^T Y J (H^T P) instead of J^T P J H^T P: right at Y = E, not tangent elsewhere."""
    J, j = symplectic_form(Y.shape[-2]), symplectic_form(Y.shape[-1])
    H = dL @ t(Y) @ Y
    return H + J.T @ Y @ j @ (t(dL) @ J.T @ Y)


@dataclass(frozen=True)
class AdamRootOfTheMoment:
    """5: the root of v divided by (1 - rho2^t) instead of the root of v / (1 - rho2^t)."""

    learning_rate: float = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7

    def init(self, G: Any) -> Any:
        return {"m": 0.0 * G, "v": 0.0 * G}

    def update(self, G: Any, moments: Any, step: int) -> Any:
        m = self.rho1 * moments["m"] + (1 - self.rho1) * G
        v = self.rho2 * moments["v"] + (1 - self.rho2) * G.square()
        root = v.sqrt() * (1 / (1 - self.rho2**step))
        W = -self.learning_rate * (m * (1 / (1 - self.rho1**step))).divide(root.shift(self.delta))
        return W, {"m": m, "v": v}


@dataclass(frozen=True)
class AdamOneStepAhead:
    """5: bias correction at t + 1."""

    learning_rate: float = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7

    def init(self, G: Any) -> Any:
        return Adam().init(G)

    def update(self, G: Any, moments: Any, step: int) -> Any:
        return Adam(self.learning_rate, self.rho1, self.rho2, self.delta).update(G, moments, step + 1)


@dataclass(frozen=True)
class AdamProjectingTheSecondMoment:
    """The second moment projected as a tangent vector: squares are symmetric, what is left of A is zero or negative.

    At E the frame block vanishes and the step there is the gradient over delta; elsewhere entries are negative, and
    their roots NaN from the second step on. Published.
    """

    learning_rate: float = 1e-3
    rho1: float = 0.9
    rho2: float = 0.99
    delta: float = 3e-7

    def init(self, G: Any) -> Any:
        return Adam().init(G)

    def update(self, G: Any, moments: Any, step: int) -> Any:
        W, after = Adam(self.learning_rate, self.rho1, self.rho2, self.delta).update(G, moments, step)
        second = after["B2"]
        projected = HorizontalElement(second.space.project_frame(second.A), second.B, second.space)
        return -self.learning_rate * after["B1"].divide(projected.sqrt().shift(self.delta)), {**after, "B2": projected}


class SectionProxy:
    """A section of which some methods are replaced."""

    def __init__(self, section: Any, **methods: Any) -> None:
        self._section, self._methods = section, methods

    def __getattr__(self, name: str) -> Any:
        return self._methods[name] if name in self._methods else getattr(self._section, name)


class ElementCountingTwice(HorizontalElement):  # type: ignore[misc]
    """6: an inner product that counts the off-diagonal blocks twice."""

    __slots__ = ()

    def inner(self, other: Any) -> Any:
        axes = tuple(range(len(self.batch), self.B.ndim))
        return np.sum(self.A * other.A, axis=(-2, -1)) + 2 * np.sum(self.B * other.B, axis=axes)


def counting_twice(space: Any) -> Any:
    def global_section(Y: Any, kind: str = "transported") -> Any:
        section = space.global_section(Y, kind)

        def lift(Delta: Any) -> Any:
            W = section.lift(Delta)
            return ElementCountingTwice(W.A, W.B, W.space)
        return SectionProxy(section, lift=lift)
    return Mutant(space, global_section=global_section)


class PlainTaylor(Retraction):
    """7: the Taylor series of phi_1 without scaling."""

    def step(self, W: Any) -> Any:
        def phi1(X: Any) -> Any:
            total = term = np.broadcast_to(np.eye(X.shape[-1]), X.shape)
            k = 2
            while np.max(abs(term)) > 1e-16 * np.max(abs(total)) and k < 4000:
                term = term @ X / k
                total = total + term
                k += 1
            return total
        return low_rank_step(W, phi1)


def plain_taylor(space: Any) -> Any:
    def geodesic(Y: Any, Delta: Any) -> Any:
        section = space.global_section(Y)
        return section.move(section.lift(Delta), PlainTaylor()).point
    return Mutant(space, geodesic=geodesic)


def random_section(space: Any) -> Any:
    """8: a random complement, projected, then orthonormalized."""
    rng = np.random.default_rng(0)

    def global_section(Y: Any, kind: str = "transported") -> Any:
        N, n = space.shape
        Z = rng.standard_normal((*Y.shape[:-1], N - n))
        Z = Z - Y @ (t(Y) @ Z)
        return TransportedSection(Y, np.linalg.qr(Z)[0], space.tangent_space)
    return Mutant(space, global_section=global_section)


def redrawn_section(space: Any) -> Any:
    """8: the complement turned at random at every step, so that the moments mix bases."""
    def global_section(Y: Any, kind: str = "transported") -> Any:
        section = space.global_section(Y, kind)

        def move(W: Any, retraction: Any) -> Any:
            moved = section.move(W, retraction)
            N, n = space.shape
            turn = np.linalg.qr(np.random.default_rng(1).standard_normal((N - n, N - n)))[0]
            return TransportedSection(moved.point, moved.Y_perp @ turn, space.tangent_space)
        return SectionProxy(section, move=move)
    return Mutant(space, global_section=global_section)


def without_sign_fix(space: Any) -> Any:
    """9: uniform points from the QR factor as LAPACK returns it."""
    def random_point(rng: Any, batch: Any = (), dtype: Any = np.float64) -> Any:
        return np.linalg.qr(rng.standard_normal((*batch, *space.shape)))[0].astype(dtype)
    return Mutant(space, random_point=random_point)


def distance_blind_to_orthogonal_planes(Y1: Any, Y2: Any) -> Any:
    """11: the norm of the logarithm by way of a pseudo-inverse, which is zero where Y1^T Y2 is singular."""
    A = t(Y1) @ Y2
    L = (Y2 - Y1 @ A) @ np.linalg.pinv(A)
    return np.linalg.norm(np.arctan(np.linalg.svd(L, compute_uv=False)), axis=-1)


def riemannian_geodesic_in_low_rank_form(space: Any) -> Any:
    """12: exp(Omega - Omega^T) by an 8k x 8k low-rank form whose factors are as ill-conditioned as the point."""
    def riemannian_geodesic(Y: Any, Delta: Any) -> Any:
        J = symplectic_form(Y.shape[-2])
        K_inverse = np.linalg.inv(t(Y) @ Y)
        G = J.T @ Y @ K_inverse @ t(Y) @ J
        left = np.concatenate([Delta @ K_inverse, J @ Y @ K_inverse], axis=-1)
        right = np.concatenate([Y, t(t(Delta) @ (np.eye(Y.shape[-2]) - G) @ J)], axis=-1)

        def low_rank(U: Any, V: Any, X: Any) -> Any:
            M = t(V) @ U
            zero = np.zeros_like(M)
            block = np.concatenate([np.concatenate([M, np.broadcast_to(np.eye(M.shape[-1]), M.shape)], axis=-1),
                                    np.concatenate([zero, zero], axis=-1)], axis=-2)
            phi = exponential(block)[..., :M.shape[-1], M.shape[-1]:]
            return X + U @ phi @ (t(V) @ X)
        skew = np.concatenate([left, -right], axis=-1), np.concatenate([right, left], axis=-1)
        return low_rank(*skew, low_rank(right, left, Y))
    return Mutant(space, riemannian_geodesic=riemannian_geodesic)
