"""Deliberately wrong backends: each must be caught, and the report must point at the right operation and quantity."""
import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle import NumpyBackend

CASES = oracle.load_cases(["stiefel-6x2-float64-*", "grassmann-6x2-float64-*", "symplectic_stiefel-6x2-float64-*",
                           "euclidean-3x2-float64-*", "transformer-small-float64-*"], level="full")


class TransposedSection(NumpyBackend):
    """Lifts by the transposed section."""

    def lift_gradient(self, space, Lambda, dL):
        if space == "euclidean":
            return super().lift_gradient(space, Lambda, dL)
        return super().lift_gradient(space, np.ascontiguousarray(Lambda.T), dL)


class TransposedOwnSection(NumpyBackend):
    """Returns its own section transposed."""

    def global_section(self, space, Y):
        Lambda = super().global_section(space, Y)
        return Lambda if space == "euclidean" else Lambda.T


class RootOverDelta(NumpyBackend):
    """Adds delta below the root."""

    def update(self, method, hyper, A, B, moments, t):
        result = super().update(method, hyper, A, B, moments, t)
        if method == "adam":
            for block in "AB":
                root = np.sqrt(result[f"B2_{block}_new"] + hyper["delta"])
                result[f"W_{block}"] = -hyper["learning_rate"] * result[f"B1_{block}_new"] / root
        return result


class Uncorrected(NumpyBackend):
    """Leaves the moments without bias correction."""

    def update(self, method, hyper, A, B, moments, t):
        result = super().update(method, hyper, A, B, moments, t)
        for name, X in (("A", A), ("B", B)) if method.startswith("adam") else ():
            for k, value in ((1, X), (2, X * X)):
                rho = hyper[f"rho{k}"]
                result[f"B{k}_{name}_new"] = rho * moments[f"B{k}_{name}"] + (1 - rho) * value
        return result


class CorrectedOneStepLate(NumpyBackend):
    """Corrects the bias at t + 1."""

    def update(self, method, hyper, A, B, moments, t):
        return super().update(method, hyper, A, B, moments, t + 1)


class CayleyForGeodesic(NumpyBackend):
    """Takes the Cayley transform for the exponential."""

    def move(self, space, retraction, Lambda, W_A, W_B):
        return super().move(space, "cayley", Lambda, W_A, W_B)


class EuclideanGradient(NumpyBackend):
    """Projects the gradient as the embedded metric does."""

    def riemannian_gradient(self, space, Y, dL):
        if space != "stiefel":
            return super().riemannian_gradient(space, Y, dL)
        return dL - 0.5 * Y @ (Y.T @ dL + dL.T @ Y)


class SquaredLengthTwice(NumpyBackend):
    """Counts the off-diagonal blocks twice."""

    def metric(self, space, Y, Delta1, Delta2):
        return super().metric(space, Y, Delta1, Delta2) * (1 if space == "euclidean" else 2)


class ColumnForRow(NumpyBackend):
    """Takes the softmax over the queries instead of the keys."""

    def transformer_forward(self, params, x, heads, skip):
        result = super().transformer_forward(params, x, heads, skip)
        S = np.swapaxes(result["keys"], -1, -2) @ result["queries"] / np.sqrt(x.shape[2]).astype(x.dtype)
        E = np.exp(S - S.max(axis=-1, keepdims=True))
        P = E / E.sum(axis=-1, keepdims=True)
        return {**result, "probabilities": P}


class SumForMean(NumpyBackend):
    """Sums the cross-entropy over the batch."""

    def transformer_gradient(self, params, x, target, loss, heads, skip):
        result = super().transformer_gradient(params, x, target, loss, heads, skip)
        factor = len(x) if loss == "cross_entropy" else 1
        return {name: value * factor for name, value in result.items()}


class Stale(NumpyBackend):
    """Forgets the second moments from step to step."""

    def step(self, space, method, retraction, hyper, Lambda, dL, moments, t):
        moments = {name: np.zeros_like(X) if name.startswith("B2") else X for name, X in moments.items()}
        return super().step(space, method, retraction, hyper, Lambda, dL, moments, t)


@pytest.mark.parametrize("backend, operation, quantities", [
    (TransposedSection, "lift_gradient", {"A", "B"}),
    (TransposedOwnSection, "global_section", {"defect_point"}),
    (RootOverDelta, "update", {"W_A", "W_B"}),
    (Uncorrected, "update", {"B1_A_new", "B1_B_new"}),
    (CorrectedOneStepLate, "update", {"B1_A_new", "B1_B_new"}),
    (CayleyForGeodesic, "retract", {"R"}),
    (EuclideanGradient, "riemannian_gradient", {"grad"}),
    (SquaredLengthTwice, "metric", {"metric"}),
    (ColumnForRow, "transformer_forward", {"probabilities"}),
    (SumForMean, "transformer_gradient", {"loss"}),
    (Stale, "step", {"B2_A_new", "B2_B_new"}),
], ids=lambda value: getattr(value, "__name__", ""))
def test_wrong_backend_is_caught(backend, operation, quantities):
    report = oracle.check(backend(), CASES)
    first = report.first_departure
    assert (first.verdict, first.operation) == ("departs", operation)
    assert first.quantity in quantities
    assert first.error > 1e3 * first.tolerance
    assert report.exit_code == 1 and f"look first at {operation}, quantity {first.quantity}" in str(report)


def test_wrong_step_is_caught_at_its_first_quantity():
    """A backend that offers whole steps only is told which intermediate departs."""
    class StepOnly:
        def __init__(self, backend):
            self.step = backend.step

    for backend, quantities in ((TransposedSection, {"A", "B"}), (RootOverDelta, {"W_A", "W_B"}),
                                (CayleyForGeodesic, {"R"})):
        first = oracle.check(StepOnly(backend()), CASES).first_departure
        assert (first.operation, first.quantity in quantities) == ("step", True), first


def test_wrong_step_without_intermediates_is_caught():
    class PointOnly:
        def step(self, *arguments):
            return {"Y_new": CayleyForGeodesic().step(*arguments)["Y_new"]}

    first = oracle.check(PointOnly(), "steps_stiefel").first_departure
    assert (first.operation, first.quantity) == ("step", "Y_new")
