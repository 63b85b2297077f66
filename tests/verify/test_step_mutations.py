"""Retractions with the mistakes that long steps bring out: each must be named, and the library's own pass."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifold_opt import Grassmann, Stiefel, verify
from manifold_opt.sections import RETRACTIONS, Cayley, Geodesic, Retraction, TransportedSection
from manifold_opt.sections.group_step import FractionStep, GroupStep, LowRankStep
from manifold_opt.sections.low_rank import low_rank_step
from manifold_opt.tangent import HorizontalElement

SPACE = Stiefel(8, 3)
STEPS = [name for name in verify.IDENTITIES if name.startswith(("step:", "run:"))]


class Changed(GroupStep):
    """A step whose new columns are changed after the product with the section."""

    def __init__(self, step: Any) -> None:
        self.inner, self.directions, self.is_long = step, step.directions, step.is_long

    def frame_coefficients(self) -> Any:
        return self.inner.frame_coefficients()

    def advance(self, Y: Any, V: Any) -> Any:
        Y_new, R = self.inner.advance(Y, V)
        Q, triangle = np.linalg.qr(Y_new)
        return Q * np.sign(np.diagonal(triangle, axis1=-2, axis2=-1))[..., None, :], R


class HiddenRestoration(Retraction):
    """Orthonormalizes the point after each step: no longer linear in the section, and drift is hidden."""

    def step(self, W: Any) -> Any:
        return Changed(Cayley().step(W))


class PlainInverse(Retraction):
    """The closed Cayley form with a plain inverse at every length, which loses the square of the length."""

    def step(self, W: Any) -> Any:
        identity = np.eye(W.A.shape[-1], dtype=W.dtype)
        M = identity - 0.5 * W.A + 0.25 * W.adjoint(W.B) @ W.B
        return FractionStep(W.B, identity - np.linalg.inv(M))


class FactorOfTheWrongSign(Retraction):
    """A twin with M = I + A/2 + B*B/4."""

    def step(self, W: Any) -> Any:
        return Cayley().step(HorizontalElement(-W.A, W.B, W.space))


class UnscaledTaylor(Retraction):
    """The series of the exponential without scaling."""

    def step(self, W: Any) -> Any:
        def phi1(X: Any) -> Any:
            with np.errstate(all="ignore"):
                total = term = np.broadcast_to(np.eye(X.shape[-1], dtype=X.dtype), X.shape)
                for k in range(2, 400):
                    term = term @ X / k
                    total = total + term
            return np.nan_to_num(total, nan=1.0, posinf=1.0, neginf=-1.0)
        return low_rank_step(W, phi1)


class GrowingRounding(Retraction):
    """Adds to each step a rounding error that grows with its length, as factoring V = Y_perp B once did."""

    def step(self, W: Any) -> Any:
        step = Geodesic().step(W)
        alpha, beta = step.frame_coefficients()
        growth = (np.finfo(W.dtype).eps * W.norm()).astype(W.dtype)[..., None, None]
        exact = step.advance(np.broadcast_to(np.eye(*alpha.shape[-2:], dtype=W.dtype), alpha.shape),
                             np.zeros_like(alpha[..., :, :1]) * np.ones(step.directions.shape[-1], W.dtype))[1]
        return LowRankStep(step.directions, alpha * (1 + growth), beta, exact, np.zeros((*alpha.shape[:-2],
                           step.directions.shape[-1], step.directions.shape[-1]), W.dtype))


@pytest.mark.parametrize(("name", "mutant", "expected"), [
    ("cayley", HiddenRestoration(), {"step: linear in the section"}),
    ("cayley", PlainInverse(), {"step: in the group at every length", "run: steps of all lengths stay on the space"}),
    ("cayley_factor", PlainInverse(), {"step: closed-form Cayley is the low-rank one"}),
    ("cayley_factor", FactorOfTheWrongSign(), {"step: closed-form Cayley is the low-rank one"}),
    ("cayley", FactorOfTheWrongSign(), {"step: derivative of Cayley along its length",
                                        "step: derivative of Cayley in blocks"}),
    ("cayley", Geodesic(), {"step: derivative of Cayley along its length", "step: derivative of Cayley in blocks"}),
    ("geodesic", UnscaledTaylor(), {"step: in the group at every length",
                                    "run: steps of all lengths stay on the space"}),
    ("geodesic", GrowingRounding(), {"step: in the group at every length",
                                     "run: steps of all lengths stay on the space"})],
    ids=lambda value: type(value).__name__ if isinstance(value, Retraction) else None)
def test_mistake_is_named(name: str, mutant: Any, expected: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RETRACTIONS, name, mutant)
    failed = verify.run(SPACE, identities=STEPS).failed
    assert expected <= failed, f"{expected - failed} passed"


def test_slope_of_the_exponential_is_wrong_along_a_cayley_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a line search was once given: X itself in place of the derivative."""
    from manifold_opt.verify.identities import steps
    monkeypatch.setattr(steps, "cayley_derivative", lambda X, t: X)
    assert verify.run(SPACE, identities=STEPS).failed == {"step: derivative of Cayley in blocks"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("space", [SPACE, Stiefel(3, 2), Stiefel(7, 4), Stiefel(5, 5), Stiefel(9, 1), Grassmann(3, 2),
                                   Grassmann(8, 4), Grassmann(5, 1)], ids=str)
def test_the_library_passes(space: Any, dtype: str) -> None:
    for seed in range(3):
        report = verify.run(space, rng=seed, dtype=dtype, batch=(3,), identities=STEPS)
        assert report and len(report) == len(STEPS), report.summary()


def test_a_section_with_a_defect_keeps_it_at_every_length() -> None:
    """On O(N) the defect S of Lambda becomes R* S R, of the same norm: errors add up, and are never multiplied."""
    rng, defect = np.random.default_rng(0), 1e-9
    D = rng.standard_normal((8, 8))
    D = 0.5 * defect * (D + D.T) / np.linalg.norm(D + D.T)
    Lambda = SPACE.group.random(rng) @ (np.eye(8) + D)
    for name in ("cayley", "geodesic", "cayley_factor"):
        section = TransportedSection.from_dense(Lambda, SPACE.tangent_space)
        for _ in range(100):
            W = SPACE.tangent_space.random(rng)
            section = section.move(W * (10.0 ** rng.uniform(-12, 6) / float(W.norm())), name)
        assert SPACE.group.defect(section.to_dense()) == pytest.approx(SPACE.group.defect(Lambda), rel=1e-4)
