"""The runner: the library itself agrees, in each of its forms, and every kind of misbehavior has its verdict."""
import sys

import numpy as np
import pytest
from oracle.margins import exceeded

from manifold_opt import oracle
from manifold_opt.oracle import NumpyBackend
from manifold_opt.oracle.quantities import OPERATIONS


def test_the_library_agrees_with_every_case():
    report = oracle.check(NumpyBackend())
    assert report.passed, str(report)
    assert {result.operation for result in report.covered} == set(OPERATIONS)
    assert len(report.covered) == len(report.results) > 2000
    assert not exceeded(report, "NumPy")


@pytest.mark.parametrize("form, cases, operations", [
    ({"section": "reflector"}, ["steps_stiefel", "steps_grassmann", "degenerate"], ["global_section"]),
    ({"cayley": "cayley_factor"}, ["steps_*", "step_1000", "trajectories"], ["retract", "move", "step", "trajectory"]),
    ({"attention": "fused"}, ["transformer"], None)])
def test_every_form_of_the_library_agrees(form, cases, operations):
    if form.get("section") == "reflector":
        cases = [case for case in oracle.list_cases(cases) if "symplectic" not in case]
    report = oracle.check(NumpyBackend(**form), cases, operations=operations)
    assert report.passed, str(report)


def test_what_a_backend_lacks_is_not_covered():
    class Port:
        def lift_gradient(self, space, Lambda, dL):
            if space.startswith("symplectic"):
                raise NotImplementedError
            return NumpyBackend().lift_gradient(space, Lambda, dL)

    report = oracle.check(Port(), ["steps_stiefel", "steps_symplectic_stiefel"])
    assert {result.operation for result in report.covered} == {"lift_gradient"}
    assert all(result.case.startswith("stiefel") for result in report.covered)
    assert report.passed and report.exit_code == 0


def test_a_backend_that_covers_nothing_does_not_pass():
    report = oracle.check(object(), "steps_stiefel")
    assert not report.passed and report.exit_code == 2
    assert "nothing covered" in str(report)


@pytest.mark.parametrize("answer, verdict, words", [
    (lambda R: R[:-1], "fails", "must have shape (6, 6): got (5, 6)"),
    (lambda R: R * np.nan, "departs", "off by inf eps"),
    (lambda R: R + 1e-9, "departs", "tolerance"),
    (lambda R: 1 / 0, "fails", "ZeroDivisionError"),
    (lambda R: {"S": R}, "fails", "unknown quantity 'S': is it 'R'"),
    (lambda R: {}, "fails", "must return R: there is no R"),
    (lambda R: R + 5j, "fails", "R must be real floating-point numbers: got dtype complex128"),
    (lambda R: R.astype(str), "fails", "R must be real floating-point numbers: got dtype <U"),
    (lambda R: R.astype(object), "fails", "R must be real floating-point numbers: got dtype object"),
    (lambda R: R > 0, "fails", "R must be real floating-point numbers: got dtype bool"),
    (lambda R: R.astype("float32"), "fails", "R must be float64 in this case: got float32 (x64 is off?)"),
    (lambda R: sys.exit("gone"), "fails", "SystemExit: gone")])
def test_misbehavior_is_reported(answer, verdict, words):
    class Port:
        def retract(self, *arguments):
            return answer(NumpyBackend().retract(*arguments))

    result = oracle.check(Port(), "stiefel-6x2-float64-adam-cayley").first_departure
    assert result.verdict == verdict
    assert words in str(result)


def test_a_dict_without_the_quantities_fails():
    class Port:
        def step(self, *arguments):
            return {"lambda": 0}

    result = oracle.check(Port(), "stiefel-6x2-float64-adam-cayley").first_departure
    assert result.verdict == "fails" and "unknown quantity 'lambda': is it" in result.message


def test_a_backend_may_overwrite_its_arguments():
    class Port:
        def lift_gradient(self, space, Lambda, dL):
            result = NumpyBackend().lift_gradient(space, Lambda, dL)
            Lambda[:], dL[:] = 0, 0
            return result

        def move(self, space, retraction, Lambda, W_A, W_B):
            return NumpyBackend().move(space, retraction, Lambda, W_A, W_B)

    assert oracle.check(Port(), "steps_stiefel").passed


def test_errors_are_in_units_of_eps():
    """An error of 1,000 eps times the scale is reported as 1,000."""
    case, = oracle.load_cases("stiefel-6x2-float32-gradient-cayley")

    class Port:
        def riemannian_gradient(self, space, Y, dL):
            step = next(k for k in range(5) if np.array_equal(case.arrays["dL"][k], dL))
            grad = case.arrays["grad"][step].astype(np.float64)
            grad[0, 0] += 1000 * np.finfo(np.float32).eps * case.scales["grad"]
            return grad

    result = oracle.check(Port(), [case]).first_departure
    assert result.verdict == "departs" and np.isclose(result.error, 1000)
    assert np.isclose(result.tolerance, 40 * np.sqrt(6))


@pytest.mark.parametrize("arguments, words", [
    ({"cases": "nothing*"}, "no case or group matches 'nothing*'"),
    ({"operations": ["lifting"]}, "operations must be among")])
def test_bad_choices_are_errors(arguments, words):
    with pytest.raises(ValueError, match="^" + words.replace("*", r"\*")):
        oracle.check(NumpyBackend(), **arguments)


@pytest.mark.parametrize("name, words", [
    ("manifold_opt.oracle:", "must have the form MODULE or MODULE:OBJECT"),
    ("no_such_module:backend", "must be importable"),
    ("manifold_opt.oracle:NoBackend", "must be importable")])
def test_bad_backend_names_are_errors(name, words):
    with pytest.raises(ValueError, match=words):
        oracle.load_backend(name)
