"""Cases of logarithms, nearest points, transports, Muon, decay and rates: that their numbers are what they are called.

Each by a way other than that by which they were made.
"""
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.optimize import minimize

from manifold_opt import oracle
from manifold_opt.oracle.conventions import adjoint

OPTIONAL = ("stiefel_log", "stiefel_distance", "nearest_point", "parallel_transport", "component", "muon_update",
            "adam_w_step", "learning_rate")


def of(*groups):
    return pytest.mark.parametrize("case", oracle.load_cases(groups), ids=lambda case: case.id)


def lifted(Y, Delta):
    half = Delta - Y @ (Y.T @ Delta) / 2
    return half @ Y.T - Y @ half.T


def double(case):
    return {name: X.astype(np.float64) for name, X in case.arrays.items()}


@of("stiefel_log")
def test_the_geodesic_of_the_logarithm_ends_in_the_other_point(case):
    a = double(case)
    assert np.abs(expm(lifted(a["Y"], a["Delta"])) @ a["Y"] - a["Y_end"]).max() < 20 * case.eps
    assert np.isclose(np.linalg.norm(lifted(a["Y"], a["Delta"])) / np.sqrt(2), a["distance"], rtol=0, atol=9 * case.eps)


@of("nearest")
def test_the_nearest_point_is_a_point_and_a_stationary_one(case):
    """M - Y is (Y^T)* S with a self-adjoint S below one, for both adjoints: then all other points are farther."""
    a, space = double(case), case.parameters["space"]
    Y, rest = a["nearest"], a["M_given"] - a["nearest"]
    assert np.abs(adjoint(space, Y) @ Y - np.eye(Y.shape[1])).max() < 50 * case.eps
    S = np.linalg.lstsq(adjoint(space, Y.T), rest, rcond=None)[0]
    assert np.abs(adjoint(space, Y.T) @ S - rest).max() < 50 * case.eps
    assert np.abs(S - adjoint(space, S)).max() < 50 * case.eps and np.linalg.norm(S, 2) < 1


@of("transport")
def test_transported_vectors_solve_the_equation_of_the_connection(case):
    """In the embedding: the canonical metric's Christoffel symbols, and the torsion of the canonical connection."""
    a, p = double(case), case.parameters
    Y0, Omega = a["Y"], lifted(a["Y"], a["Delta"])
    n = Y0.shape[1]

    def derivative(t, z):
        Y, Z = expm(t * Omega) @ Y0, z.reshape(Y0.shape)
        V = Omega @ Y
        if p["space"] == "grassmann":
            return -(Y @ (V.T @ Z)).ravel()
        # from the geodesic equation Y'' + Y' Y'^T Y + Y ((Y^T Y')^2 + Y'^T Y') = 0
        symbols = (V @ Z.T + Z @ V.T) @ Y / 2 + Y @ (Y.T @ V @ Y.T @ Z + Y.T @ Z @ Y.T @ V + V.T @ Z + Z.T @ V) / 2
        if p["connection"] == "canonical":
            # it differs by half the horizontal part of the bracket
            L = lifted(Y, Z)
            symbols = symbols - (Omega @ L - L @ Omega) @ Y / 2
        return -symbols.ravel()

    carried = solve_ivp(derivative, (0, 1), a["Z"].ravel(), method="DOP853", rtol=1e-11, atol=1e-12).y[:, -1]
    assert np.abs(carried.reshape(-1, n) - a["transported"]).max() < 1e-8 + 100 * case.eps


@of("components")
def test_components_are_signs_of_determinants(case):
    Y = case.arrays["Y"]
    assert case.arrays["component"] == (np.sign(np.linalg.det(Y)) if len(Y) == Y.shape[1] else 1)


@of("muon")
def test_no_direction_is_steeper(case):
    """The dual problem has the same value: the least nuclear norm of [A/2 + S; B] over symmetric S."""
    a, p = double(case), case.parameters
    W_A, W_B = (a[f"W_{block}"] / -p["hyper"]["learning_rate"] for block in "AB")
    A, B = a["B1_A_new"] / 2, a["B1_B_new"]
    assert np.linalg.norm(np.concatenate([W_A, W_B]) if W_A.any() else W_B, 2) < 1 + 20 * case.eps

    def nuclear(s):
        S = np.array([[s[0], s[1]], [s[1], s[2]]])
        return np.linalg.svd(np.concatenate([A + S, B]), compute_uv=False).sum()

    least = minimize(nuclear, np.zeros(3), tol=1e-12).fun if p["space"] == "stiefel" else np.linalg.norm(B, "nuc")
    assert np.isclose(np.sum(A * W_A) + np.sum(B * W_B), least, rtol=1e-7 + 20 * case.eps)


@of("decay")
def test_decay_takes_a_share_of_the_weights_and_of_no_isometry(case):
    a, p = double(case), case.parameters
    h = p["hyper"]
    adam = {b: -h["learning_rate"] * a[f"B1_{b}_new"] / (np.sqrt(a[f"B2_{b}_new"]) + h["delta"]) for b in "AB"}
    decay = {b: a[f"W_{b}"] - adam[b] for b in "AB"}
    if p["space"] == "stiefel":
        assert max(np.abs(decay[block]).max() for block in "AB") < case.eps
    elif p["space"] == "euclidean":
        share = h["learning_rate"] * h["weight_decay"]
        assert np.abs(decay["B"] + share * a["Lambda"]).max() < 4 * case.eps
    else:
        assert np.abs(decay["B"]).max() > 1e-3


def test_what_is_optional_may_be_left_out():
    class Port:
        update = oracle.NumpyBackend().update

    report = oracle.check(Port(), ["stiefel_log", "nearest", "transport", "components", "muon", "decay", "rates",
                                   "steps_euclidean"])
    assert report.passed and set(report.uncovered) >= set(OPTIONAL)


@pytest.mark.parametrize("operation, wrong, quantity", [
    ("stiefel_log", lambda Y, Y_end: Y_end - Y, "Delta"),
    ("nearest_point", lambda space, M: np.linalg.qr(M)[0], "nearest"),
    ("parallel_transport", lambda space, connection, Y, Delta, Z: expm(lifted(Y, Delta)) @ Z, "transported"),
    ("component", lambda space, Y: 1.0, "component"),
    ("learning_rate", lambda schedule, hyper, t: hyper.get("rate", hyper.get("eta1")), "rate")])
def test_wrong_ports_are_caught(operation, wrong, quantity):
    port = type("Port", (), {operation: staticmethod(wrong)})
    first = oracle.check(port(), operations=[operation]).first_departure
    assert (first.verdict, first.operation, first.quantity) == ("departs", operation, quantity)
