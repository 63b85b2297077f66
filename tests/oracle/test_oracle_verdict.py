"""What "agrees" means: names, coverage, requirements, expected departures, levels, blocks."""
import sys

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle import NumpyBackend
from manifold_opt.oracle.expectations import LEVELS

CASE = "stiefel-6x2-float64-adam-cayley"


class RenamedGradients(NumpyBackend):
    """Returns the gradients under the names of the parameters."""

    def transformer_gradient(self, *arguments):
        result = super().transformer_gradient(*arguments)
        return {name.removeprefix("d_"): value for name, value in result.items()}


class RenamedMoments(NumpyBackend):
    """Doubles the moments, and returns those of A under another name."""

    def update(self, *arguments):
        result = super().update(*arguments)
        for name in [name for name in result if name.startswith("B")]:
            result[f"{name[:2]}_{name[3]}_next" if name[3] == "A" else name] = 2 * result.pop(name)
        return result


@pytest.mark.parametrize("backend, case, words", [
    (RenamedGradients, "transformer-small-float64-relative", "unknown quantity 'classifier': is it 'd_classifier'"),
    (RenamedMoments, CASE, "unknown quantity 'B1_A_next': is it 'B1_A_new'")])
def test_unknown_names_without_their_counterpart_fail(backend, case, words):
    first = oracle.check(backend(), case).first_departure
    assert first.verdict == "fails" and words in first.message


def test_unknown_names_beside_their_counterparts_are_ignored():
    class Port:
        def update(self, *arguments):
            return {**NumpyBackend().update(*arguments), "W_A_raw": None}

    assert oracle.check(Port(), CASE)


def test_update_returns_all_that_its_method_has():
    class Port:
        def update(self, *arguments):
            return {name: X for name, X in NumpyBackend().update(*arguments).items() if name.startswith("W")}

    first = oracle.check(Port(), CASE).first_departure
    assert first.verdict == "fails" and "there is no B1_A_new, B1_B_new, B2_A_new, B2_B_new" in first.message
    assert oracle.check(Port(), "stiefel-6x2-float64-gradient-cayley")


def test_the_report_counts_quantities_and_lists_what_was_not_returned():
    class Port:
        def step(self, *arguments):
            return {name: X for name, X in NumpyBackend().step(*arguments).items() if name in ("A", "Lambda_new")}

    report = oracle.check(Port(), CASE)
    result, = report.covered
    assert (result.compared, result.expected, bool(report)) == (2, 12, True)
    assert " 2/12 " in str(report) and "not returned by step: grad, B, B1_A_new" in str(report)


def test_wide_answers_are_said_once():
    class Port:
        def retract(self, *arguments):
            return NumpyBackend().retract(*arguments).astype(np.float64)

    report = oracle.check(Port(), "stiefel-6x2-float32-*")
    assert report and str(report).count("float64 returned for float32 by retract") == 1


def test_coverage_is_part_of_the_verdict():
    class Port:
        def retract(self, space, *arguments):
            return NumpyBackend().retract(space, *arguments)

        def move(self, space, *arguments):
            raise NotImplementedError("no kernel for 'qr' on METAL")

        def lift_gradiant(self, *arguments):
            raise AssertionError

    report = oracle.check(Port(), CASE)
    assert report.verdict.startswith("agrees: 1 checks; not covered: ")
    assert "move (no kernel for 'qr' on METAL)" in report.verdict and "lift_gradient (not offered)" in report.verdict
    assert "the backend has 'lift_gradiant', which is no operation: is it 'lift_gradient'?" in str(report)
    assert report.exit_code == 0
    required = oracle.check(Port(), CASE, require=["move", "retract"])
    assert required.exit_code == 1 and "required, but not covered: no kernel" in required.first_departure.message
    with pytest.raises(ValueError, match="operations must be among .*is it retract"):
        oracle.check(Port(), CASE, require=["retrakt"])


def test_coverage_in_part():
    class Port:
        def retract(self, space, retraction, W_A, W_B):
            if retraction == "geodesic":
                raise NotImplementedError("no expm")
            return NumpyBackend().retract(space, retraction, W_A, W_B)

    report = oracle.check(Port(), ["stiefel-6x2-float64-adam-cayley", "stiefel-6x2-float64-adam-geodesic"],
                          operations=["retract"])
    assert report.verdict == "agrees: 1 checks; not covered: retract (1 of 2 cases: no expm)"


def test_a_backend_of_which_nothing_is_found_fails_under_pytest_too():
    with pytest.raises(AssertionError, match="nothing covered"):
        oracle.assert_agrees(object(), CASE)
    with pytest.raises(AssertionError, match="nothing covered"):
        oracle.assert_agrees(object(), CASE, uncovered="skip")
    with pytest.raises(ValueError, match="uncovered must be"):
        oracle.assert_agrees(object(), CASE, uncovered="pass")


class HalfStep(NumpyBackend):
    """Takes half a step along the geodesic."""

    def retract(self, space, retraction, W_A, W_B):
        half = 0.5 if retraction == "geodesic" else 1.0
        return super().retract(space, retraction, half * W_A, half * W_B)


def test_expected_departures_are_strict():
    cases = ["stiefel-6x2-float64-adam-*", "grassmann-6x2-float64-adam-*"]
    known = oracle.check(HalfStep(), cases, xfail=["retract *-geodesic", "step *-geodesic"])
    assert known and "departs as expected: 4" in known.verdict and known.exit_code == 0
    narrow = oracle.check(HalfStep(), cases, xfail=["retract stiefel-*-geodesic"])
    assert [result.case for result in narrow.departures if result.operation == "retract"] == [
        "grassmann-6x2-float64-adam-geodesic"]
    wide = oracle.check(HalfStep(), cases, xfail=["retract *"])
    assert wide.exit_code == 1 and "agrees, though it is listed" in wide.first_departure.message
    with pytest.raises(ValueError, match="must have the form OPERATION PATTERN"):
        oracle.check(HalfStep(), cases, xfail=["retrakt *"])


def test_levels_contain_one_another():
    names = [set(oracle.list_cases(level=level)) for level in LEVELS]
    assert all(small < large for small, large in zip(names, names[1:])) and names[-1] == set(oracle.list_cases())
    assert len(names[0]) < 20
    assert {result.operation for result in oracle.check(NumpyBackend(), level="smoke").covered} >= {
        "lift", "metric", "step", "transformer_gradient"}
    with pytest.raises(ValueError, match="level must be one of"):
        oracle.list_cases(level="easy")


def test_modules_are_backends(tmp_path, monkeypatch):
    (tmp_path / "bare_port.py").write_text("from manifold_opt import oracle\nretract = oracle.NumpyBackend().retract\n")
    (tmp_path / "gone_port.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "bad_port.py").write_text("class Port:\n    def __init__(self):\n        raise RuntimeError('GPU')\n")
    monkeypatch.syspath_prepend(tmp_path)
    report = oracle.check(oracle.load_backend("bare_port"), CASE)
    assert report and {result.operation for result in report.covered} == {"retract"}
    for name, words in (("gone_port", "SystemExit: 3"), ("bad_port:Port", "RuntimeError: GPU")):
        with pytest.raises(ValueError, match=words):
            oracle.load_backend(name)
    for name in ("bare_port", "gone_port", "bad_port"):
        sys.modules.pop(name, None)


def test_sections_and_trajectories_hand_out_copies():
    class Port:
        def global_section(self, space, Y):
            result = NumpyBackend().global_section(space, Y)
            Y[:] = 0
            return result

        def step(self, space, method, retraction, hyper, Lambda, dL, moments, t):
            result = NumpyBackend().step(space, method, retraction, hyper, Lambda, dL, moments, t)
            Lambda[:], dL[:] = 0, 0
            return result

    cases = oracle.load_cases(["brockett-stiefel-6x2-adam-cayley", CASE])
    assert oracle.check(Port(), cases) and oracle.check(Port(), cases)


def transformer(params, x, wrong=None):
    """A forward pass whose fault, in one block, reaches everything after it."""
    found = {name: [] for name in ("queries", "keys", "values", "probabilities", "attention", "activations")}
    Z = np.swapaxes(x, 1, 2)
    for block in range(len(params["blocks.bias"])):
        Q, K, V = (np.swapaxes(params[f"blocks.{name}"][block], -1, -2) @ Z[:, None]
                   for name in ("query", "key", "value"))
        S = np.swapaxes(K, -1, -2) @ Q / np.sqrt(x.shape[2] / (1 + (wrong == ("probabilities", block))))
        E = np.exp(S - S.max(axis=-2, keepdims=True))
        P = E / E.sum(axis=-2, keepdims=True)
        Y = (V @ P).reshape(Z.shape)
        bias = params["blocks.bias"][block] * (wrong != ("activations", block))
        A = np.tanh(params["blocks.weight"][block] @ Y + bias[:, None])
        Z = Y + A
        for name, value in zip(found, (Q, K, V, P, Y, A)):
            found[name].append(value)
    logits = Z[:, :, -1] @ params["classifier"].T
    return {**{name: np.array(values) for name, values in found.items()}, "logits": logits}


@pytest.mark.parametrize("quantity", ["probabilities", "activations"])
@pytest.mark.parametrize("block", [0, 1, 2])
def test_a_fault_that_propagates_is_found_where_it_arises(quantity, block):
    class Port:
        def transformer_forward(self, params, x, heads, skip):
            found = transformer(params, x, (quantity, block))
            E = np.exp(found["logits"])
            return {**found, "y": E / E.sum(axis=1, keepdims=True)}

    first = oracle.check(Port(), "transformer-wide-float64-relative").first_departure
    assert (first.quantity, first.message) == (quantity, f"block {block + 1} of 3")


def test_a_fault_of_the_backward_pass_is_found_at_the_last_block_that_has_it():
    class Port:
        def transformer_gradient(self, *arguments):
            result = NumpyBackend().transformer_gradient(*arguments)
            for name in ("d_blocks.value", "d_blocks.key", "d_blocks.query", "d_blocks.weight", "d_blocks.bias"):
                result[name] = result[name].copy()
                result[name][:2] *= 1.5
            result["d_blocks.key"][1] *= 2
            return result

    first = oracle.check(Port(), "transformer-wide-float64-relative").first_departure
    assert (first.quantity, first.message) == ("d_blocks.bias", "block 2 of 3")
