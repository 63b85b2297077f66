"""Writing the files of the oracle, the same bytes on every machine."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from manifold_opt.oracle.case import Case
from manifold_opt.oracle.format import SCHEMA
from manifold_opt.oracle.make.balls import DIGITS
from manifold_opt.oracle.make.levels import level_of
from manifold_opt.oracle.make.notes import notes
from manifold_opt.oracle.make.selftest import NEEDED, write_selftest
from manifold_opt.oracle.method_quantities import SCHEDULES
from manifold_opt.oracle.npz import npz_bytes
from manifold_opt.oracle.quantities import KINDS, OPERATIONS, QUANTITIES
from manifold_opt.oracle.schema import MANIFEST_SCHEMA
from manifold_opt.version import __version__

__all__ = ["write"]

CONVENTIONS = {
    "adjoint": "M* = M^T; on symplectic spaces M* = J_q^T M^T J_p for a (p, q) block, J = [[0, I], [-I, 0]]",
    "frame": "E is made of the first n columns of the identity; on the symplectic spaces of columns 1..n/2 and "
             "N/2+1..N/2+n/2. Y are the frame columns of Lambda, Y_perp the others in order",
    "blocks": "an element [[A, -B*], [B, 0]] of the global tangent space is stored as A (n, n) and B (N - n, n); "
              "vector spaces have A of shape (0, 0) and B of the shape of Y",
    "vectors": "in vector spaces Lambda is the array Y itself (the translation by it), Omega is Delta, R is W_B, and a "
               "product of the group is a sum",
    "hyper": "numbers of the methods are float64 also in float32 cases: compute rho^t and the like in float64",
    "arrays": "little-endian, row-major, version 1.0 of the npy format; array Q of case C is the member C/Q.npy of a "
              "zip archive: stored without compression, sizes in the local headers (no data descriptors), no zip64",
    "complex": "a complex array is a pair of real ones, NAME_re and NAME_im. On the unitary spaces the adjoint is the "
               "conjugate transpose, dL is dL/da + i dL/db = 2 dL/d(conj Y) for Y = a + ib, and the second moments are "
               "real, averages of re^2 + im^2",
    "steps": "in cases with an array t the first axis of every array counts steps; Lambda_new and the new moments of "
             "one step are the inputs of the next",
    "stacks": "in cases of the kind stack the axes before the last two broadcast: sections (2, 1, N, N) and gradients "
              "(3, N, n) give stacks (2, 3, ...)",
    "refusals": "cases of the kind refusal ask the operation of their parameters, which must raise an error, or return "
                "numbers that are not all finite, or (as files) one called refused that is not 0",
}
ACCURACY = {
    "values": "every expected value is the correctly rounded float64 (from there float32 in float32 cases) of its "
              f"formula applied to the stored inputs. Ball arithmetic proves it: the value lies in a ball whose radius "
              f"is at most 1e-{DIGITS} of its midpoint, all of which rounds to that float64; or it is exactly 0. No "
              "number comes from floating-point arithmetic, so that none depends on a machine",
    "step": "each array is its formula applied to the other stored arrays, which are rounded; so each can be checked "
            "alone",
    "trajectory": "from the rounded start without rounding in between, rounded at the end; so is training",
    "error": "max |value - expected| / (eps * scale); right if at most the tolerance, C sqrt(N) with the constant C of "
             "the quantity and the number N of rows of Y (the width of a transformer), times the square root of the "
             "number of steps in trajectories and training. NaN is a departure",
    "digits": "-log10(error * eps), at least 0",
    "scale": "the larger of the largest entry and of the change of the value under a relative change of all inputs of "
             "the operation, per unit; step_scale is for the whole step as one operation. In long_steps also the "
             "change under changes of all entries of the dense velocity by one amount, relative to its largest entry",
    "section": "of the answer Lambda of global_section the defects Lambda E - Y and Lambda* Lambda - I are measured; "
               "their scales are s and s^4 with the larger s of 1 and the spectral norm of the section of the case",
    "Omega": "on the symplectic spaces the formula as it is printed, with K^-1, loses the square of the condition "
             "number of Y. On the symplectic Grassmann manifold, with the metric representative by a Gram matrix, it "
             "departs by 240 to 930 eps at condition 100 and beyond, where the tolerance is about 100. By Y = Q S "
             "(QR), Z = Delta S^-1, V = J^T Q: Omega = Z Q^T - V (Z - V V^T Z)^T J, and the representative by least "
             "squares in the norm of (I - (1 - sqrt(1/2)) V V^T) Z, it stays below 30 eps",
}
HYPER_KEYS = {"gradient": ["learning_rate"], "momentum": ["learning_rate", "alpha"],
              "adam": ["learning_rate", "rho1", "rho2", "delta"],
              "adam_with_decay": ["steps", "eta1", "eta2", "rho1", "rho2", "delta"],
              "adam_w": ["learning_rate", "rho1", "rho2", "delta", "weight_decay"],
              "muon": ["learning_rate", "alpha"], **SCHEDULES}
LOSSES = ["relative", "cross_entropy"]


def write(directory: Path, groups: Iterable[tuple[str, list[Case]]]) -> list[Path]:
    """Write the files of some groups, the self-test, and the manifest; the names of the files."""
    directory.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    described: dict[str, Any] = {}
    everything: list[Case] = []
    for group, cases in groups:
        if len({case.id for case in cases}) < len(cases):
            raise ValueError("names of cases must differ within a group")
        content = npz_bytes({f"{case.id}/{name}": array for case in cases
                             for name, array in sorted(case.arrays.items())})
        files.append(directory / f"{group}.npz")
        files[-1].write_bytes(content)
        described[group] = {"file": f"{group}.npz", "sha256": hashlib.sha256(content).hexdigest(),
                            "cases": {case.id: _describe(case) for case in cases}}
        everything += cases
    files += [directory / "manifest.schema.json", directory / "manifest.json"]
    files[-2].write_text(json.dumps(MANIFEST_SCHEMA, indent=1) + "\n", encoding="utf-8", newline="\n")
    files[-1].write_text(_manifest(described, notes(everything)), encoding="utf-8", newline="\n")
    known = {case.id: case for case in everything}
    return files + (write_selftest(directory, known) if all(name in known for name in NEEDED) else [])


def _describe(case: Case) -> dict[str, Any]:
    arrays: dict[str, dict[str, Any]] = {}
    for name, array in sorted(case.arrays.items()):
        arrays[name] = {"shape": list(array.shape), "role": "expected" if name in case.scales else "input"}
        if name in case.scales:
            arrays[name]["scale"] = case.scales[name]
        if name in case.step_scales:
            arrays[name]["step_scale"] = case.step_scales[name]
    return {"kind": case.kind, "level": level_of(case), "parameters": case.parameters, "arrays": arrays}


def _manifest(groups: dict[str, Any], found: list[dict[str, Any]]) -> str:
    """JSON with one case a line, so that differences between versions can be read."""
    quantities = {name: {"meaning": q.meaning, "formula": q.formula, "paper": q.paper,
                         **({} if q.tolerance is None else {"tolerance": {"constant": q.tolerance, **{
                             dtype: q.tolerance * float(np.finfo(dtype).eps) for dtype in ("float64", "float32")}}})}
                  for name, q in QUANTITIES.items()}
    operations = {name: {"arguments": list(o.arguments), "returns": o.returns, "quantities": list(o.quantities),
                         "required": list(o.required)} for name, o in OPERATIONS.items()}
    head = {"schema": SCHEMA, "library": "manifold_opt", "version": __version__, "paper": "arXiv:2305.16901v4",
            "conventions": CONVENTIONS, "accuracy": ACCURACY, "quantities": quantities,
            "operations": operations, "kinds": {kind: list(asked) for kind, asked in KINDS.items()},
            "hyper": HYPER_KEYS, "losses": LOSSES}
    lines = ",\n".join(f"  {json.dumps(note)}" for note in found)
    text = json.dumps(head, indent=1, sort_keys=False)[:-2] + f',\n "notes": [\n{lines}],\n "groups": {{'
    parts = []
    for group, content in groups.items():
        cases = [f"   {json.dumps(name)}: {json.dumps(case)}" for name, case in content["cases"].items()]
        parts.append(f'\n  {json.dumps(group)}: {{"file": {json.dumps(content["file"])}, '
                     f'"sha256": {json.dumps(content["sha256"])}, "cases": {{\n' + ",\n".join(cases) + "}}")
    return text + ",".join(parts) + "}}\n"
