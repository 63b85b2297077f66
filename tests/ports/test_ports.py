"""The worked ports of docs/ports agree with the oracle in all that they cover, and faults planted in them are found."""
import csv
import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.answers import write_questions
from manifold_opt.oracle.format import DATA
from manifold_opt.oracle.npz import npz_bytes

DOCS = Path(__file__).parents[2] / "docs" / "ports"
STEP = {"riemannian_gradient", "lift", "lift_gradient", "update", "retract", "move", "step", "trajectory"}
TRANSFORMER = {"transformer_forward", "transformer_gradient"}
GEOMETRY = {"global_section", "horizontal_lift", "metric", "project_tangent"}
FRAMES = {"reflector_section", "reflector_lift", "reflector_move", "inverse_cayley", "principal_angles",
          "grassmann_distance", "grassmann_log"}
UNITARY = {"unitary_section", "unitary_gradient", "unitary_lift_gradient", "unitary_update", "unitary_retract",
           "unitary_move", "unitary_step", "unitary_energy"}
STACKS = {"riemannian_gradient_stack", "lift_gradient_stack", "retract_stack", "move_stack"}
CLAIMS = {  # operations that a port answers in every case, and those that it does not answer on the symplectic spaces
    "JAX": (STEP | TRANSFORMER | GEOMETRY | FRAMES | STACKS | UNITARY | {"restore", "training"}, set()),
    "PyTorch": (STEP | TRANSFORMER | UNITARY, set()),
    "C++": (STEP | {"global_section", "restore"}, GEOMETRY - {"global_section"}),
    "JavaScript": (STEP | TRANSFORMER | {"restore", "training"}, GEOMETRY)}
LEVELS = {"JAX": "smoke", "PyTorch": "core"}   # what compiles each shape anew is checked in full by the slow test

FAULTS = [
    ("C++", "manifold.hpp", "solve(I - 0.5 * W, I + 0.5 * W)", "solve(I + 0.5 * W, I - 0.5 * W)",
     "stiefel-6x2-*-momentum-cayley", "retract", "R"),
    ("C++", "manifold.hpp", "std::sqrt(s) + h.at(\"delta\")", "std::sqrt(s + h.at(\"delta\"))",
     "*-6x2-*-adam-cayley", "update", "W_A"),
    ("JavaScript", "manifold.mjs", "(rho - rho ** t) * m", "(rho - rho ** (t + 1)) * m",
     "*stiefel-6x2-float32-adam-*", "update", "B1_A_new"),
    ("JavaScript", "manifold.mjs", "(i < q) === (j < p) ? 1 : -1", "(i < q) === (j < p) ? -1 : 1",
     "symplectic_*-6x2-float64-gradient-*", "riemannian_gradient", "grad"),
    ("JavaScript", "transformer.mjs", "dS = scale(1 / Math.sqrt(Z.rows)", "dS = scale(1 / Math.sqrt(V.rows)",
     "transformer-small-*", "transformer_gradient", "d_blocks.key"),
    ("JAX", "jax_manifold.py", "identity - W / 2, identity + W / 2", "identity + W / 2, identity - W / 2",
     "grassmann-6x2-float64-momentum-cayley", "retract", "R"),
    ("JAX", "jax_unitary.py", "dL_energy=gradient.conj()", "dL_energy=gradient",
     "complex_stiefel-5x2-*-energy", "unitary_energy", "dL_energy_im"),
    ("JAX", "jax_unitary.py", "X.real**2 + X.imag**2", "X.real**2 - X.imag**2",
     "complex_stiefel-5x2-float64-adam-cayley", "unitary_update", "B2_A_new"),
    ("PyTorch", "torch_backend.py", "else (A - adjoint(space, A)) / 2", "else A - adjoint(space, A)",
     "stiefel-6x2-float64-*-cayley", "lift_gradient", "A"),
]


@pytest.fixture(scope="module")
def table():
    """The script that writes the table of who agrees, which knows how to run the ports."""
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("who_agrees")
    finally:
        sys.path.remove(str(DOCS))


def port_of(table, name):
    """A port, unless its tools are missing."""
    port = table.PORTS[name]
    if port.version() is None:
        pytest.skip(f"the tools of the port to {name} are not there")
    return port


@pytest.mark.parametrize("name", CLAIMS)
def test_the_port_agrees(table, name):
    port = port_of(table, name)
    report = port.check(port.folder, level=LEVELS.get(name, "hard"))
    assert report, str(report)
    always, not_symplectic = CLAIMS[name]
    covered = {result.operation for result in report.covered}
    lost = [(result.operation, result.case) for result in report.results if result.verdict == "not covered"]
    assert covered == (always | not_symplectic) & {result.operation for result in report.results}
    assert all(operation not in always for operation, _ in lost)
    assert all(case.startswith("symplectic_") for operation, case in lost if operation in not_symplectic)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEVELS)
def test_the_port_agrees_in_all_cases(table, name):
    port = port_of(table, name)
    report = port.check(port.folder)
    assert report, str(report)


@pytest.mark.parametrize("name, file, right, wrong, cases, operation, quantity", FAULTS,
                         ids=[f"{fault[0]}-{fault[-1]}" for fault in FAULTS])
def test_a_planted_fault_is_found(table, tmp_path, name, file, right, wrong, cases, operation, quantity):
    port = port_of(table, name)
    shutil.copytree(port.folder, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / file).write_text(text.replace(right, wrong), encoding="utf-8")
    report = port.check(tmp_path, cases=cases)
    first = report.first_departure
    assert report.exit_code == 1
    assert (first.operation, first.quantity) == (operation, quantity)
    assert first.error > 1e3


def test_a_program_that_breaks_off_is_no_agreement(tmp_path):
    (tmp_path / "port.mjs").write_text("process.exit(3);")
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    with pytest.raises(ValueError, match="end with exit code 0: got 3"):
        oracle.check_command(f"node {tmp_path / 'port.mjs'}", "steps_euclidean")


def self_test(folder):
    """What the judge in JavaScript says of the oracle's self-test."""
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    return subprocess.run(["node", str(folder / "judge.mjs"), str(DATA)], capture_output=True, text=True)


def test_the_judge_passes_the_self_test():
    run = self_test(DOCS / "js")
    count = len(json.loads((DATA / "selftest.json").read_text())["trials"])
    assert run.stdout == f"{count} of {count} verdicts as expected\n" and run.returncode == 0


@pytest.mark.parametrize("right, wrong, trial", [
    ("if (!(error <= largest)) largest", "if (error > largest) largest", "nan"),
    ("Math.sqrt((p.shape ?", "1.2 * Math.sqrt((p.shape ?", "above-tolerance"),
    (" || (missing.length && unknown.length)", "", "moments-misnamed|gradients-misnamed|misnamed"),
    ("for (let k = 0; k < steps; k++)", "for (let k = 0; k < 1; k++)", "third-step"),
    ("type === \"<f4\" && p.dtype === \"float64\"", "false", "narrow")])
def test_a_fault_in_the_judge_is_found(tmp_path, right, wrong, trial):
    shutil.copytree(DOCS / "js", tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "judge.mjs").read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / "judge.mjs").write_text(text.replace(right, wrong), encoding="utf-8")
    run = self_test(tmp_path)
    assert run.returncode == 1 and re.search(rf"^({trial}) ", run.stdout, re.MULTILINE)


def test_the_judge_agrees_with_this_one(tmp_path):
    """The answers of the port in JavaScript, and the same with one wrong entry."""
    if shutil.which("node") is None:
        pytest.skip("there is no node")
    questions, answers = tmp_path / "questions.npz", tmp_path / "answers.npz"
    write_questions(questions, oracle.load_cases(["*-6x2-float64-adam-cayley", "transformer-small-*"]))
    subprocess.run(["node", str(DOCS / "js" / "answer.mjs"), str(questions), str(answers)], check=True)
    judge = ["node", str(DOCS / "js" / "judge.mjs"), str(DATA), str(answers)]
    assert subprocess.run(judge).returncode == 0
    with np.load(answers) as archive:
        arrays = dict(archive)
    arrays["stiefel-6x2-float64-adam-cayley/retract/R"][4, 0, 0] += 1e-9
    answers.write_bytes(npz_bytes(arrays))
    run = subprocess.run(judge, capture_output=True, text=True)
    assert run.returncode == 1 and run.stdout == "departs stiefel-6x2-float64-adam-cayley/retract R\n"


def test_the_table_says_who_agrees(table):
    rows = table.read()
    assert list(rows) == list(table.PORTS)
    with table.TABLE.open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file)) == table.HEAD
    for name, (always, not_symplectic) in CLAIMS.items():
        told = rows[name][table.HEAD.index("operations")].split(", ")
        assert set(told) == always | {f"{operation}*" for operation in not_symplectic}
    for row in rows.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row[table.HEAD.index("date")])


@pytest.mark.parametrize("page", sorted(page.name for page in DOCS.glob("*.rst") if page.stem != "index"))
def test_the_page_includes_a_port(page):
    included = re.findall(r"^\.\. literalinclude:: (\S+)$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert included and all((DOCS / file).is_file() for file in included)
    assert f"   {Path(page).stem}\n" in (DOCS / "index.rst").read_text(encoding="utf-8")
