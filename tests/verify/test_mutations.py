"""A mutation that survives is a missing identity: each published mistake must fail, and the right identity name it."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from verify import mutants

from manifold_opt import Adam, Euclidean, Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel, verify

STIEFEL, GRASSMANN = Stiefel(8, 3), Grassmann(8, 3)
SPGR, SPST = SymplecticGrassmann(8, 4), SymplecticStiefel(8, 4)


def spaces() -> dict[str, tuple[Any, dict[str, Any], set[str]]]:
    """Faulty space, further arguments of `run`, and the identities that must name the mistake."""
    return {
        "1 Cayley with a gradient conversion": (
            mutants.Mutant(STIEFEL, cayley=mutants.cayley_with_a_gradient_conversion), {},
            {"cayley: DR(0) = identity", "cayley: Taylor slope", "cayley: follows the geodesic to order 2"}),
        "2 projection that is not idempotent": (
            mutants.Mutant(STIEFEL, project_tangent=mutants.projection_that_is_a_gradient), {},
            {"projection: idempotent", "projection: leaves tangents alone"}),
        "3 geodesic with a wrong block": (
            mutants.Mutant(STIEFEL, geodesic=mutants.geodesic_with_a_wrong_block), {},
            {"geodesic: constant speed", "geodesic: stays on the space", "geodesic: is exp(Omega) Y"}),
        "4 symplectic Grassmann gradient": (
            mutants.Mutant(SPGR, riemannian_gradient=mutants.symplectic_grassmann_gradient), {"cond": 5.0},
            {"gradient: tangent", "gradient: is XY"}),
        "5 root of the moment": (STIEFEL, {"method": mutants.AdamRootOfTheMoment()},
                                 {"adam: first step is the sign", "adam: the textbook algorithm"}),
        "5 root of the moment, vector space": (Euclidean(4), {"method": mutants.AdamRootOfTheMoment()},
                                               {"adam: the textbook algorithm"}),
        "5 bias correction at t + 1": (STIEFEL, {"method": mutants.AdamOneStepAhead()},
                                       {"adam: first step is the sign", "adam: the textbook algorithm"}),
        "13 second moment projected": (
            STIEFEL, {"method": mutants.AdamProjectingTheSecondMoment()},
            {"adam: first step is the sign", "adam: the textbook algorithm"}),
        "6 inner product counts blocks twice": (
            mutants.counting_twice(STIEFEL), {},
            {"metric: product of global representations", "element: product of dense forms"}),
        "7 unscaled Taylor series": (mutants.plain_taylor(STIEFEL), {},
                                     {"geodesic: stays on the space at long steps"}),
        "8 random section": (mutants.random_section(Stiefel(200, 50)),
                             {"batch": (), "identities": [name for name in verify.IDENTITIES if "section" in name]},
                             {"section (transported): deterministic", "section (transported): in the group"}),
        "8 section redrawn at every step": (mutants.redrawn_section(STIEFEL), {},
                                            {"transport: the group element moves along"}),
        "9 no sign fix": (mutants.without_sign_fix(STIEFEL), {}, {"sampling: mean"}),
        "11 distance of orthogonal planes": (
            mutants.Mutant(GRASSMANN, distance=mutants.distance_blind_to_orthogonal_planes), {},
            {"distance: separates points"}),
        "12 ill-conditioned exponential": (
            mutants.riemannian_geodesic_in_low_rank_form(SPST),
            {"cond": 1000.0, "identities": [name for name in verify.IDENTITIES if "riemannian_geodesic" in name]},
            {"riemannian_geodesic: is exp(Omega - Omega^T) exp(Omega^T) Y", "riemannian_geodesic: stays on the space"}),
    }


@pytest.mark.parametrize("name", list(spaces()))
@pytest.mark.parametrize("seed", [0, 1])
def test_mistake_is_named(name: str, seed: int) -> None:
    space, arguments, expected = spaces()[name]
    report = verify.run(space, rng=seed, **{"method": Adam(), **arguments})
    assert not report
    missed = expected - report.failed
    assert not missed, f"{missed} passed with mistake {name}\n{report.summary()}"
    for record in report.failures:
        assert f"rng={seed}" in record.reproduce and repr(record.identity)[1:-1] in record.reproduce


@pytest.mark.parametrize("name", list(spaces()))
def test_original_passes(name: str) -> None:
    """What the mistake changed is what failed: the original passes the same trial."""
    space, arguments, expected = spaces()[name]
    original = getattr(space, "_space", space)
    report = verify.run(original, **{**arguments, "method": Adam(), "identities": expected})
    assert report, report.summary()


def test_mistakes_elsewhere_pass_what_they_leave_alone() -> None:
    """A mistake in the projection does not fail the geodesic: the names are specific."""
    space, arguments, _ = spaces()["2 projection that is not idempotent"]
    assert not [name for name in verify.run(space, **arguments).failed if name.startswith(("lift", "transport"))]


def test_exponential_is_not_caught_at_E() -> None:
    """12 at a well-conditioned point loses no digits: the condition number is what the test needs."""
    space, _, expected = spaces()["12 ill-conditioned exponential"]
    assert verify.run(space, cond=1.01, identities=expected)


@pytest.mark.parametrize("fault", [lambda G: -G, lambda G: 1.01 * G, lambda G: (1 + 1e-8) * G, lambda G: 0 * G,
                                   lambda G: G + 1e-6 * np.eye(8, 3), lambda G: G[::-1].copy()])
def test_wrong_gradient_fails(fault: Any) -> None:
    """10: a check that prints a slope and passes a wrong gradient."""
    M, Y = np.diag(np.arange(1.0, 9.0)), STIEFEL.random_point(np.random.default_rng(0))

    def loss(Y: Any) -> Any:
        return np.sum(Y * (M @ Y)) + np.sum(Y[0])

    def gradient(Y: Any) -> Any:
        return 2 * M @ Y + np.eye(8)[:, :1] * np.ones(3)
    assert verify.check_gradient(STIEFEL, loss, gradient, Y)
    report = verify.check_gradient(STIEFEL, loss, lambda Y: fault(gradient(Y)), Y)
    assert not report and "gradient: directional derivative" in report.failed
