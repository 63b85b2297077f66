"""Cases in complex numbers: optional, in the convention of the gradient, and with one second moment for both parts."""
import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.unitary_quantities import UNITARY_OPERATIONS

CASES = oracle.load_cases("unitary")


def complex_array(arrays, name):
    return arrays[f"{name}_re"] + 1j * arrays[f"{name}_im"]


def test_a_port_without_complex_numbers_is_judged_on_the_rest():
    class Port:
        step = oracle.NumpyBackend().step

    report = oracle.check(Port(), ["unitary", "stiefel-6x2-float64-adam-cayley"])
    assert report.passed and {result.operation for result in report.covered} == {"step"}
    assert set(UNITARY_OPERATIONS) <= set(report.uncovered)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_stored_points_are_isometries(case):
    name = {"unitary_step": "Y_new", "unitary_energy": "Y", "unitary_nearest": "nearest"}[case.kind]
    Y = complex_array(case.arrays, name)
    defect = np.swapaxes(Y.conj(), -1, -2) @ Y - np.eye(Y.shape[-1])
    assert np.abs(defect).max() < 20 * case.eps


@pytest.mark.parametrize("case", [case for case in CASES if case.kind == "unitary_energy"], ids=lambda case: case.id)
def test_the_gradient_of_the_energy_is_its_derivative(case):
    """By differences along both parts of every entry; the energy is quadratic, so that they are exact."""
    H, Y = (complex_array(case.arrays, name).astype(complex) for name in "HY")
    dL = complex_array(case.arrays, "dL_energy")
    for place in np.ndindex(Y.shape):
        slopes = []
        for unit in (1, 1j):
            D = np.zeros_like(Y)
            D[place] = unit
            slopes.append((np.vdot(Y + D, H @ (Y + D)) - np.vdot(Y - D, H @ (Y - D))).real / 2)
        assert np.isclose(slopes[0] + 1j * slopes[1], dL[place], rtol=0, atol=50 * case.eps)


@pytest.mark.parametrize("case", [case for case in CASES if case.kind == "unitary_nearest"], ids=lambda case: case.id)
def test_the_nearest_point_is_the_polar_factor(case):
    """M = YH with a Hermitian positive definite H."""
    M, Y = (complex_array(case.arrays, name).astype(complex) for name in ("M_given", "nearest"))
    H = Y.conj().T @ M
    assert np.abs(Y.conj().T @ Y - np.eye(Y.shape[1])).max() < 20 * case.eps and np.abs(Y @ H - M).max() < 20 * case.eps
    assert np.abs(H - H.conj().T).max() < 20 * case.eps and np.linalg.eigvalsh(H).min() > 0.1


def test_second_moments_of_each_part_are_caught():
    class Port(oracle.NumpyBackend):
        def unitary_update(self, method, hyper, A_re, A_im, B_re, B_im, moments, t):
            result = super().unitary_update(method, hyper, A_re, A_im, B_re, B_im, moments, t)
            for block, parts in (("A", (A_re, A_im)), ("B", (B_re, B_im))):
                for part, X in zip(("re", "im"), parts):
                    result[f"W_{block}_{part}"] = -hyper["learning_rate"] * X / (np.abs(X) + hyper["delta"])
            return result

    first = oracle.check(Port(), "complex_stiefel-5x2-float64-adam-cayley").first_departure
    assert (first.operation, first.quantity, first.message) == ("unitary_update", "W_A_re", "step 1")
    assert first.diagnosis == "a second moment of its own for each part"


def test_complex_answers_are_told_to_come_as_parts():
    class Port:
        def unitary_gradient(self, space, Y_re, Y_im, dL_re, dL_im):
            result = oracle.NumpyBackend().unitary_gradient(space, Y_re, Y_im, dL_re, dL_im)
            return {"grad_re": complex_array(result, "grad"), "grad_im": result["grad_im"]}

    first = oracle.check(Port(), "complex_grassmann-5x2-float64-adam-cayley").first_departure
    assert first.verdict == "fails" and "grad_re must be real" in first.message
