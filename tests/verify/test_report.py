"""Reports and runs: truth value, determinism, exports, messages, spaces of the user's own."""
from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from manifold_opt import Adam, Grassmann, Stiefel, SymplecticStiefel, oracle, verify


class Sphere:
    """A user's own space with a few methods, on vectors instead of columns."""

    shape = (5,)

    def random_point(self, rng: np.random.Generator) -> Any:
        Y = rng.standard_normal(5)
        return Y / np.linalg.norm(Y)

    def project_tangent(self, Y: Any, Z: Any) -> Any:
        return Z - np.sum(Y * Z, axis=-1, keepdims=True) * Y

    def point_defect(self, Y: Any) -> Any:
        return abs(np.sum(Y * Y, axis=-1) - 1)

    def geodesic(self, Y: Any, Delta: Any) -> Any:
        length = np.linalg.norm(Delta)
        return Y * np.cos(length) + Delta * np.sinc(length / np.pi)

    def __repr__(self) -> str:
        return "Sphere()"


class WrongSphere(Sphere):
    def geodesic(self, Y: Any, Delta: Any) -> Any:
        return Y * np.cos(np.linalg.norm(Delta)) + Delta

    def project_tangent(self, Y: Any, Z: Any) -> Any:
        return Z - 0.5 * np.sum(Y * Z, axis=-1, keepdims=True) * Y


def test_own_space_is_verified() -> None:
    report = verify.run(Sphere())
    assert report, report.summary()
    measured = {record.identity for record in report}
    assert {"point: on the space", "projection: idempotent", "geodesic: DR(0) = identity",
            "geodesic: stays on the space", "geodesic: Taylor slope"} <= measured
    reasons = {name: reason for _, name, reason in report.not_covered}
    assert reasons["metric: symmetric"] == "needs metric"
    assert measured | set(reasons) == set(verify.IDENTITIES)


def test_own_wrong_space_fails() -> None:
    failed = verify.run(WrongSphere()).failed
    assert {"projection: idempotent", "geodesic: stays on the space"} <= failed


def test_subclass_like_object_with_dimension() -> None:
    class WithDimension(Sphere):
        dimension = 3
    assert verify.run(WithDimension()).failed == {"projection: rank is the dimension"}


def test_own_identity() -> None:
    trace = verify.Identity("mine: unit columns", "diag(Y^T Y) = 1", r"\mathrm{diag}(Y^TY) = 1", "here",
                            lambda trial: abs(np.sum(trial.Y**2, axis=-2) - 1), verify.Bound(10))
    assert verify.run(Stiefel(6, 2), identities=[trace])
    assert not verify.run(SymplecticStiefel(6, 2), identities=[trace])


def test_errors_of_the_space_are_failures() -> None:
    class Broken(Sphere):
        def geodesic(self, Y: Any, Delta: Any) -> Any:
            raise RuntimeError("no geodesic today")
    report = verify.run(Broken())
    assert not report and "RuntimeError: no geodesic today" in report.summary()


def test_nan_is_a_failure() -> None:
    class Undefined(Sphere):
        def geodesic(self, Y: Any, Delta: Any) -> Any:
            return Y * np.nan
    report = verify.run(Undefined())
    assert "geodesic: stays on the space" in report.failed and "geodesic: Taylor slope" in report.failed
    assert json.loads(report.to_json())["passed"] is False


def test_empty_report_is_false() -> None:
    assert not verify.IdentityReport([]) and not verify.run(Stiefel(4, 2), identities=[])


def test_reports_of_both_kinds_have_the_truth_value_of_their_verdict() -> None:
    """A port that departs, or offers nothing, makes `assert oracle.check(port)` fail, as a wrong space does here."""
    class Departs(oracle.NumpyBackend):
        def retract(self, *arguments: Any) -> Any:
            return 1.001 * super().retract(*arguments)
    right = oracle.check(oracle.NumpyBackend(), cases="steps_stiefel*"), verify.run(Stiefel(4, 2))
    wrong = oracle.check(Departs(), cases="steps_stiefel*"), verify.run(WrongSphere())
    nothing = oracle.check(object(), cases="steps_stiefel*"), verify.run(Stiefel(4, 2), identities=[])
    for reports, truth, code in ((right, True, 0), (wrong, False, 1), (nothing, False, 2)):
        for report in reports:
            assert isinstance(report, verify.Report) and isinstance(report, oracle.Report)
            assert (bool(report), report.exit_code) == (truth, code), str(report)


def test_deterministic_and_independent_of_the_selection() -> None:
    first, second = (verify.run(SymplecticStiefel(8, 4), rng=7) for _ in range(2))
    assert first.to_json() == second.to_json()
    for record in list(first)[::20]:
        alone = verify.run(SymplecticStiefel(8, 4), rng=7, identities=[record.identity]).records[0]
        assert alone.residual == record.residual
    assert verify.run(SymplecticStiefel(8, 4), rng=8).to_json() != first.to_json()


def test_generator_gives_a_seed_that_reproduces() -> None:
    report = verify.run(Stiefel(5, 2), rng=np.random.default_rng(3))
    again = verify.run(Stiefel(5, 2), rng=report.records[0].seed)
    assert again.to_json() == report.to_json()


def test_reproduce_line_repeats_the_record() -> None:
    for record in list(verify.run(SymplecticStiefel(8, 4), rng=11, dtype="float32", batch=(2, 2), cond=20.0, scale=0.5,
                                  method=Adam()))[::10]:
        again = eval(record.reproduce, {"verify": verify, "SymplecticStiefel": SymplecticStiefel, "Adam": Adam})
        assert again.records[0].residual == record.residual


def test_failure_message_says_all() -> None:
    record = verify.run(WrongSphere(), rng=5, identities=["projection: idempotent"]).records[0]
    for part in ("FAILED", "projection: idempotent", "P_Y P_Y Z = P_Y Z", "seed 5", "shape (5,)", "rng=5", "bound"):
        assert part in str(record)


def test_exports() -> None:
    report = verify.run(Grassmann(6, 2))
    columns = report.to_dict()
    assert {len(column) for column in columns.values()} == {len(report)}
    rows = json.loads(report.to_json())["records"]
    assert [row["identity"] for row in rows] == columns["identity"]
    assert rows[0]["residual"] == columns["residual"][0]
    table = report.table().splitlines()
    assert len(table) == len(report) + 1 and all(line.endswith("yes") for line in table[1:])
    assert str(report).splitlines()[-1].startswith(f"{len(report)} passed, 0 failed")


def test_sum_and_worst() -> None:
    one, two = (verify.run(Stiefel(6, 2), rng=seed, identities=["point: on the space"]) for seed in (0, 1))
    both = one + two
    assert len(both) == 2
    residuals = [record.residual for record in both]
    assert both.worst()["point: on the space"].residual == max(residuals)


def test_ill_conditioned_float32_is_not_covered_rather_than_passed() -> None:
    report = verify.run(SymplecticStiefel(8, 4), dtype="float32", cond=1e4, identities=["projection: idempotent"])
    assert not report and "no digit is left in float32" in report.not_covered[0][2]


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"rng": "x"}, TypeError, "rng must be a seed"), ({"rng": True}, TypeError, "rng must be a seed"),
    ({"identities": ["no such"]}, ValueError, "names of verify.IDENTITIES")])
def test_bad_arguments(arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        verify.run(Stiefel(4, 2), **arguments)


def test_no_space() -> None:
    with pytest.raises(TypeError, match="space must have the attribute shape"):
        verify.run(object())
