"""The command line: exit codes, selection, JSON."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from manifold_opt.__main__ import main


def test_passes_and_prints(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    code = main(["verify", "--space", "Stiefel(5,2)", "--space", "Euclidean(3)", "--dtype", "float64", "--seeds", "2",
                 "--json", str(file)])
    printed = capsys.readouterr().out
    assert code == 0
    assert "lift: maps Y to Delta" in printed and "0 failed" in printed and "on 2 spaces" in printed
    rows = json.loads(file.read_text())
    assert rows["passed"] and {row["seed"] for row in rows["records"]} == {0, 1}
    assert {row["dtype"] for row in rows["records"]} == {"float64"}


def test_fails_with_a_wrong_method(capsys: pytest.CaptureFixture[str]) -> None:
    method = "verify.mutants:AdamOneStepAhead"
    code = main(["verify", "--space", "Stiefel(5,2)", "--dtype", "float64", "--method", method])
    printed = capsys.readouterr().out
    assert code == 1
    assert "FAILED: adam: the textbook algorithm" in printed and "verify.run(Stiefel(5, 2), rng=0" in printed


@pytest.mark.parametrize("arguments", [["--space", "Torus(2)"], ["--space", "Stiefel(2,5)"], ["--space", "Stiefel"],
                                       ["--seeds", "0"], ["--method", "manifold_opt:NoSuchThing"]])
def test_bad_input(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", *arguments]) == 2
    assert "must be" in capsys.readouterr().err
