"""The command line, and the entry for the suites of others."""
import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from manifold_opt import oracle
from manifold_opt.__main__ import main

CASE = "stiefel-6x2-float64-adam-cayley"


def test_check_of_a_right_backend(capsys):
    assert main(["oracle", "check", "manifold_opt.oracle:NumpyBackend", "--cases", CASE]) == 0
    output = capsys.readouterr().out
    assert "lift_gradient" in output and output.endswith("agrees: 7 checks\n")


def test_check_of_a_wrong_backend_in_the_current_directory(tmp_path, monkeypatch, capsys):
    (tmp_path / "wrong_port.py").write_text("class Port:\n    def lift_gradient(self, space, Lambda, dL):\n"
                                            "        return dL[:2], dL[2:]\nport = Port()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    code = main(["oracle", "check", "wrong_port:port", "--cases", CASE, "--json", "report.json"])
    assert code == 1
    assert "look first at lift_gradient, quantity A" in capsys.readouterr().out
    results = json.loads((tmp_path / "report.json").read_text())
    assert [r["verdict"] for r in results if r["operation"] == "lift_gradient"] == ["departs"]


@pytest.mark.parametrize("arguments", [["check", "manifold_opt.oracle:Nothing"], ["check", "no_such_module"], ["check"],
                                       ["check", "manifold_opt.oracle", "--command", "true"],
                                       ["judge", "no_such_file.npz"], ["check", "--command", "no_such_program"],
                                       ["check", "manifold_opt.oracle:NumpyBackend", "--cases", "nothing"],
                                       ["list", "nothing"]])
def test_bad_input_has_exit_code_2(arguments, capsys):
    assert main(["oracle", *arguments]) == 2
    assert capsys.readouterr().err.startswith("manifold_opt: error: ")


def test_nothing_covered_has_exit_code_2():
    assert main(["oracle", "check", "types:SimpleNamespace", "--cases", CASE, "--quiet"]) == 2


def test_list(capsys):
    assert main(["oracle", "list", "trajectories"]) == 0
    assert capsys.readouterr().out.split() == oracle.list_cases("trajectories")


@pytest.mark.skipif(find_spec("flint") is None, reason="needs python-flint")
def test_export(tmp_path, capsys):
    assert main(["oracle", "export", str(tmp_path / "new"), "--groups", "steps_euclidean"]) == 0
    assert "steps_euclidean.npz" in capsys.readouterr().out
    assert len(oracle.load_cases(directory=tmp_path / "new")) == len(oracle.list_cases("steps_euclidean"))


def test_export_without_the_ball_arithmetic_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "flint", None)
    for name in [name for name in sys.modules if name.startswith("manifold_opt.oracle.make")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["oracle", "export", str(tmp_path)]) == 2
    assert "export needs python-flint, pip install 'manifold_opt[oracle]'" in capsys.readouterr().err


def test_schema_is_printed(capsys):
    assert main(["oracle", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Manifest of the reference cases"


@pytest.mark.skipif(find_spec("flint") is None, reason="needs python-flint")
def test_larger_cases_on_demand(tmp_path):
    assert main(["oracle", "export", str(tmp_path), "--groups", "steps_euclidean", "--large"]) == 0
    assert oracle.check(oracle.NumpyBackend(), directory=tmp_path).passed


def test_the_three_lines_of_another_suite(tmp_path):
    (tmp_path / "test_port.py").write_text(
        "from manifold_opt import oracle\n"
        "class Port(oracle.NumpyBackend):\n"
        "    def retract(self, space, retraction, W_A, W_B):\n"
        "        return super().retract(space, 'cayley', W_A, W_B)\n"
        f"@oracle.parametrize(['{CASE}', 'stiefel-6x2-float64-adam-geodesic'])\n"
        "def test_port(case):\n    oracle.assert_agrees(Port(), case)\n"
        f"@oracle.parametrize('{CASE}')\n"
        "def test_nothing(case):\n    oracle.assert_agrees(object(), case)\n"
        f"@oracle.parametrize('{CASE}', 'transformer', level='smoke')\n"
        "def test_few(case):\n    oracle.assert_agrees(Few(), case, uncovered='skip')\n"
        "class Few:\n    retract = oracle.NumpyBackend().retract\n")
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
                         capture_output=True, text=True, cwd=tmp_path)
    assert "2 failed, 2 passed, 2 skipped" in run.stdout
    assert "test_port[stiefel-6x2-float64-adam-geodesic]" in run.stdout
    assert "retract: R of stiefel-6x2-float64-adam-geodesic off by" in run.stdout


def test_agreement_is_asserted_for_loaded_cases():
    report = oracle.assert_agrees(oracle.NumpyBackend(), oracle.load_cases(CASE)[0])
    assert report.passed and {result.case for result in report.results} == {CASE}
