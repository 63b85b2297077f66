"""Every known mistake is caught, and the report says which it is."""
import csv
import json
from math import floor, log10
from pathlib import Path

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.format import DATA
from manifold_opt.oracle.judge import compare
from manifold_opt.oracle.mistakes import MISTAKES
from manifold_opt.oracle.question import questions

NOTES = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))["notes"]


@pytest.fixture(scope="module")
def asked():
    """The questions of the float64 cases, by operation."""
    found = {}
    for case in oracle.load_cases():
        if case.dtype == np.float64 and case.kind != "refusal":
            for question in questions(case):
                found.setdefault(question.operation, []).append((case, question))
    return found


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.operation}: {mistake.words}")
def test_it_is_caught_and_named(mistake, asked):
    errors, named, first = [], 0, ""
    for case, question in asked[mistake.operation]:
        wrong = {name: X for name, X in mistake.of(question).items() if name in question.expected}
        if wrong:
            result = compare(case, question, {**question.expected, **wrong})
            if result.verdict != "agrees":
                errors.append(result.error)
                named += mistake.words in result.diagnosis
                first = first or result.quantity
    # a mistake may be too small to be told from others in single questions
    assert errors and named >= 0.9 * len(errors)
    note, = (note for note in NOTES if (note["operation"], note["mistake"]) == (mistake.operation, mistake.words))
    assert note["quantity"] == first and note["questions"] == len(errors)
    sizes = [error for error in errors if error < np.inf]
    assert note["smallest"] == f"1e{floor(log10(min(sizes)))}" and note["largest"] == f"1e{floor(log10(max(sizes)))}"


def test_there_is_a_note_for_each():
    assert len(NOTES) == len(MISTAKES) > 80
    assert len({(mistake.operation, mistake.words) for mistake in MISTAKES}) == len(MISTAKES)


def test_the_page_has_the_notes():
    with (Path(__file__).parents[2] / "docs" / "oracle_mistakes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    assert rows == [[note[name] for name in ("operation", "mistake", "quantity", "smallest", "largest")]
                    for note in NOTES]


def test_the_report_names_the_form_of_a_departure():
    class Port(oracle.NumpyBackend):
        def update(self, method, hyper, A, B, moments, t):
            result = super().update(method, hyper, A, B, moments, t)
            for block in "AB":
                root = np.sqrt(result[f"B2_{block}_new"] + hyper["delta"])
                result[f"W_{block}"] = -hyper["learning_rate"] * result[f"B1_{block}_new"] / root
            return result

    report = oracle.check(Port(), "stiefel-6x2-float64-adam-cayley", operations=["update"])
    assert "departures of this form: delta inside the root" in str(report)
    assert report.verdict == ("departs: 1 of 1 checks; look first at update, quantity W_A; departures of this form: "
                              "delta inside the root")


def test_an_unknown_mistake_has_no_form():
    class Port(oracle.NumpyBackend):
        def retract(self, *arguments):
            return super().retract(*arguments) * (1 + 1e-5)

    report = oracle.check(Port(), "stiefel-6x2-float64-adam-cayley", operations=["retract"])
    assert not report.first_departure.diagnosis and "of this form" not in str(report)
