"""The self-test for judges written elsewhere: answers with known faults, and the verdict expected of each."""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.format import SCHEMA
from manifold_opt.oracle.npz import npz_bytes
from manifold_opt.oracle.quantities import OPERATIONS, QUANTITIES
from manifold_opt.oracle.question import SECTIONS, questions
from manifold_opt.oracle.wrong_transformers import wrong_pass

__all__ = ["NEEDED", "write_selftest", "trials"]

STEP, NARROW = "stiefel-6x2-float64-adam-cayley", "stiefel-6x2-float32-adam-cayley"
DEEP, POLE = "transformer-wide-float64-relative", "symplectic_stiefel-6x2-float64-refuse-pole"
COMPLEX = "complex_stiefel-5x2-float64-adam-cayley"
NEEDED = (STEP, NARROW, DEEP, POLE, COMPLEX)
"""The cases on which the self-test rests."""

Answers = dict[str, Array]


@dataclass(frozen=True)
class Trial:
    """Answers to one operation of a case, what a judge must say of them, and why."""

    name: str
    case: str
    operation: str
    verdict: str
    quantity: str
    why: str
    change: Callable[[Answers], Any]


def _set(quantity: str, function: Callable[[Array], Array]) -> Callable[[Answers], Any]:
    return lambda answers: answers.update({quantity: function(answers[quantity])})


def _move(old: str, new: str) -> Callable[[Answers], Any]:
    return lambda answers: answers.update({new: answers.pop(old)})


def trials(cases: Mapping[str, Case]) -> list[Trial]:
    """All trials; the cases give the tolerances at which two of them aim."""
    case = cases[STEP]
    edge = float(QUANTITIES["R"].tolerance or 0) * np.sqrt(case.parameters["shape"][0]) * case.eps * case.scales["R"]

    def third(R: Array) -> Array:
        R = R.copy()
        R[2, 0, 0] += 10 * edge
        return R

    def wrong_block(answers: Answers) -> None:
        a = cases[DEEP].arrays
        params = {name: a[name] for name in a if name.startswith("blocks.") or name == "classifier"}
        found = wrong_pass({**params, "blocks.bias": params["blocks.bias"] * [[1], [0], [1]]}, a["x"], False, "")
        answers.update({name: found[name] for name in answers})

    def one(R: Array, value: float) -> Array:
        R = R.copy()
        R[-1, -1, -1] = value
        return R

    step: list[tuple[str, str, str, str, str, Callable[[Answers], Any]]] = [
        ("right", "update", "agrees", "", "the stored values themselves", lambda a: None),
        ("below-tolerance", "retract", "agrees", "", "off by 0.9 of the tolerance",
         _set("R", lambda R: R + 0.9 * edge)),
        ("above-tolerance", "retract", "departs", "R", "off by 1.1 of the tolerance",
         _set("R", lambda R: R + 1.1 * edge)),
        ("nan", "retract", "departs", "R", "one entry is NaN", _set("R", lambda R: one(R, np.nan))),
        ("infinite", "retract", "departs", "R", "one entry is infinite", _set("R", lambda R: one(R, np.inf))),
        ("third-step", "retract", "departs", "R", "the third step only is wrong", _set("R", third)),
        ("transposed", "retract", "departs", "R", "every matrix is transposed",
         _set("R", lambda R: np.swapaxes(R, 1, 2))),
        ("shape", "retract", "fails", "R", "a row is missing", _set("R", lambda R: R[:, :-1])),
        ("no-leading-axis", "retract", "fails", "", "the first step only, without its axis", _set("R", lambda R: R[0])),
        ("complex", "retract", "fails", "R", "complex numbers, imaginary parts 0", _set("R", lambda R: R + 0j)),
        ("text", "retract", "fails", "R", "numbers as text", _set("R", lambda R: R.astype("U24"))),
        ("narrow", "retract", "fails", "R", "float32 in a float64 case", _set("R", lambda R: R.astype(np.float32))),
        ("misnamed", "retract", "fails", "", "a name that does not exist, without its counterpart", _move("R", "r")),
        ("extra", "retract", "agrees", "", "a name that does not exist, beside its counterpart",
         lambda a: a.update({"R_raw": a["R"] * 2})),
        ("no-moments", "update", "fails", "", "the moments are missing",
         lambda a: [a.pop(name) for name in list(a) if name.startswith("B")]),
        ("doubled-moments", "update", "departs", "B1_A_new", "the moments are doubled", lambda a: a.update(
            {name: 2 * X for name, X in a.items() if name.startswith("B")})),
        ("moments-misnamed", "update", "fails", "", "B1_A_next for B1_A_new", _move("B1_A_new", "B1_A_next")),
        ("point-only", "step", "agrees", "", "a step of which only Y_new is returned",
         lambda a: [a.pop(name) for name in list(a) if name != "Y_new"]),
        ("another-section", "global_section", "agrees", "", "another section over the same points", _set(
            "Lambda", lambda L: L * np.where(np.arange(6) < 2, 1.0, -1.0))),
        ("section-transposed", "global_section", "departs", "defect_point", "the section is transposed",
         _set("Lambda", lambda L: np.swapaxes(L, 1, 2))),
        ("absent", "move", "not covered", "", "no answer at all", lambda a: a.clear())]
    return [*(Trial(name, STEP, operation, verdict, quantity, why, change)
              for name, operation, verdict, quantity, why, change in step),
            Trial("wide", NARROW, "retract", "agrees", "", "float64 in a float32 case, which is said once",
                  _set("R", lambda R: R.astype(np.float64))),
            Trial("second-block", DEEP, "transformer_forward", "departs", "activations",
                  "no bias in the second of three blocks: a fault that reaches all that follows", wrong_block),
            Trial("gradients-misnamed", DEEP, "transformer_gradient", "fails", "", "blocks.query for d_blocks.query",
                  _move("d_blocks.query", "blocks.query")),
            Trial("finite-pole", POLE, "retract", "departs", "", "finite numbers at a pole of the Cayley transform",
                  lambda a: a.update({"R": np.eye(6)})),
            Trial("refused-pole", POLE, "retract", "agrees", "", "NaN at a pole of the Cayley transform",
                  lambda a: a.update({"R": np.full((6, 6), np.nan)})),
            Trial("another-unitary-section", COMPLEX, "unitary_section", "agrees", "",
                  "another section over the same points: the other columns times i", _turn_complement),
            Trial("conjugated-section", COMPLEX, "unitary_section", "departs", "defect_point",
                  "the section is conjugated", _set("Lambda_im", lambda X: -X)),
            Trial("real-section", COMPLEX, "unitary_section", "fails", "", "the imaginary part is missing",
                  lambda a: a.pop("Lambda_im")),
            Trial("conjugated-point", COMPLEX, "unitary_step", "departs", "Y_new_im", "the new point is conjugated",
                  _set("Y_new_im", lambda X: -X))]


def _turn_complement(answers: Answers) -> None:
    """The columns of the complement of a section of two columns times i."""
    real, imaginary = answers["Lambda_re"].copy(), answers["Lambda_im"].copy()
    real[..., 2:], imaginary[..., 2:] = -answers["Lambda_im"][..., 2:], answers["Lambda_re"][..., 2:]
    answers.update({"Lambda_re": real, "Lambda_im": imaginary})


def _right(case: Case, operation: str) -> Answers:
    """The stored values as the answers of a port."""
    asked = [question for question in questions(case) if question.operation == operation]
    if operation in SECTIONS:
        return {name: case.arrays[name] for name in SECTIONS[operation]["Lambda"]}
    names = [name for name in OPERATIONS[operation].quantities if name in asked[0].expected]
    return {name: case.arrays[name] for name in names}


def write_selftest(directory: Path, cases: Mapping[str, Case]) -> list[Path]:
    """Write the answers, members ``TRIAL/CASE/OPERATION/QUANTITY.npy``, and the table of the verdicts."""
    arrays, table = {}, []
    for trial in trials(cases):
        answers = _right(cases[trial.case], trial.operation)
        trial.change(answers)
        arrays.update({f"{trial.name}/{trial.case}/{trial.operation}/{name}": X for name, X in answers.items()})
        table.append({"trial": trial.name, "case": trial.case, "operation": trial.operation, "verdict": trial.verdict,
                      "quantity": trial.quantity, "why": trial.why})
    files = [directory / "selftest.npz", directory / "selftest.json"]
    files[0].write_bytes(npz_bytes(arrays))
    lines = ",\n".join(f"  {json.dumps(row)}" for row in table)
    files[1].write_text(f'{{"schema": {SCHEMA}, "trials": [\n{lines}]}}\n', encoding="utf-8", newline="\n")
    return files
