"""The files of the oracle: one npz for each group of cases and a manifest, the same bytes on every machine."""
from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from manifold_opt.oracle.case import Case
from manifold_opt.oracle.decimals import DIGITS
from manifold_opt.oracle.expectations import LEVELS, level_of
from manifold_opt.oracle.npz import npz_bytes
from manifold_opt.oracle.quantities import OPERATIONS, QUANTITIES
from manifold_opt.version import __version__

__all__ = ["SCHEMA", "DATA", "write", "load_cases", "list_cases", "copy"]

SCHEMA = 1
"""Version of the format; it rises when a reader of the old one would misread the new one."""

DATA = Path(__file__).parent / "data"
"""The cases that come with the library."""

CONVENTIONS = {
    "adjoint": "M* = M^T; on symplectic spaces M* = J_q^T M^T J_p for a (p, q) block, J = [[0, I], [-I, 0]]",
    "frame": "E is made of the first n columns of the identity; on the symplectic spaces of columns 1..n/2 and "
             "N/2+1..N/2+n/2. Y are the frame columns of Lambda, Y_perp the others in order",
    "blocks": "an element [[A, -B*], [B, 0]] of the global tangent space is stored as A (n, n) and B (N - n, n); "
              "vector spaces have A of shape (0, 0) and B of the shape of Y",
    "hyper": "numbers of the methods are float64 also in float32 cases: compute rho^t and the like in float64",
    "arrays": "little-endian, row-major, version 1.0 of the npy format; array Q of case C is the member C/Q.npy",
    "steps": "in cases of the kind step the first axis of every array counts steps; Lambda_new and the new moments of "
             "one step are the inputs of the next",
}
ACCURACY = {
    "values": f"every expected value is its formula applied to the stored inputs in arithmetic with {DIGITS} correct "
              "digits and rounded once to float64 (from there to float32 in float32 cases): its error is half a unit "
              "in the last place. No number comes from a floating-point library, so that none depends on a machine",
    "step": "each array is its formula applied to the other stored arrays, which are rounded; so each can be checked "
            "alone",
    "trajectory": "from the rounded start in 50 digits throughout, rounded at the end",
    "error": "max |value - expected| / (eps * scale); right if at most the tolerance, C sqrt(N) with the constant C of "
             "the quantity and the number N of rows of Y (the width of a transformer), times the square root of the "
             "number of steps in trajectories",
    "scale": "the larger of the largest entry and of the change of the value under a relative change of all inputs of "
             "the operation, per unit; step_scale is for the whole step as one operation",
}


def write(directory: Path, groups: Iterable[tuple[str, list[Case]]]) -> list[Path]:
    """Write the files of some groups and the manifest.

    Parameters
    ----------
    directory : pathlib.Path
        Where to write; it is made if it does not exist.
    groups : iterable of (str, list of Case)
        Names and cases.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Examples
    --------
    >>> import tempfile
    >>> from manifold_opt import oracle
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     files = oracle.export(directory, groups=["steps_euclidean"])
    ...     [file.name for file in files]
    ['steps_euclidean.npz', 'manifest.json']
    """
    directory.mkdir(parents=True, exist_ok=True)
    files, described = [], {}
    for group, cases in groups:
        if len({case.id for case in cases}) < len(cases):
            raise ValueError("names of cases must differ within a group")
        content = npz_bytes({f"{case.id}/{name}": array for case in cases
                             for name, array in sorted(case.arrays.items())})
        files.append(directory / f"{group}.npz")
        files[-1].write_bytes(content)
        described[group] = {"file": f"{group}.npz", "sha256": hashlib.sha256(content).hexdigest(),
                            "cases": {case.id: _describe(case) for case in cases}}
    files.append(directory / "manifest.json")
    files[-1].write_text(_manifest(described), encoding="utf-8", newline="\n")
    return files


def _describe(case: Case) -> dict[str, Any]:
    arrays: dict[str, dict[str, Any]] = {}
    for name, array in sorted(case.arrays.items()):
        arrays[name] = {"shape": list(array.shape), "role": "expected" if name in case.scales else "input"}
        if name in case.scales:
            arrays[name]["scale"] = case.scales[name]
        if name in case.step_scales:
            arrays[name]["step_scale"] = case.step_scales[name]
    return {"kind": case.kind, "parameters": case.parameters, "arrays": arrays}


def _manifest(groups: dict[str, Any]) -> str:
    """JSON with one case a line, so that differences between versions can be read."""
    quantities = {name: {"meaning": q.meaning, "formula": q.formula, "paper": q.paper,
                         **({} if q.tolerance is None else {"tolerance": {"constant": q.tolerance, **{
                             dtype: q.tolerance * float(np.finfo(dtype).eps) for dtype in ("float64", "float32")}}})}
                  for name, q in QUANTITIES.items()}
    operations = {name: {"arguments": list(o.arguments), "returns": o.returns, "quantities": list(o.quantities)}
                  for name, o in OPERATIONS.items()}
    head = {"schema": SCHEMA, "library": "manifold_opt", "version": __version__, "paper": "arXiv:2305.16901v4",
            "conventions": CONVENTIONS, "accuracy": ACCURACY, "quantities": quantities, "operations": operations}
    text = json.dumps(head, indent=1, sort_keys=False)[:-2] + ',\n "groups": {'
    parts = []
    for group, content in groups.items():
        lines = [f"   {json.dumps(name)}: {json.dumps(case)}" for name, case in content["cases"].items()]
        parts.append(f'\n  {json.dumps(group)}: {{"file": {json.dumps(content["file"])}, '
                     f'"sha256": {json.dumps(content["sha256"])}, "cases": {{\n' + ",\n".join(lines) + "}}")
    return text + ",".join(parts) + "}}\n"


def list_cases(pattern: str | Iterable[str] = "*", directory: str | Path | None = None,
               level: str = "hard") -> list[str]:
    """Names of the stored cases that match a pattern, without reading their arrays.

    Parameters
    ----------
    pattern : str or iterable of str
        Shell patterns of names of cases or groups, such as "stiefel-*" or "transformer".
    directory : path, optional
        Where the cases are; those of the library by default.
    level : {"smoke", "core", "full", "hard"}
        How much is asked; each level contains those before it.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If the manifest is of another schema version, or nothing matches.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> len(oracle.list_cases("transformer-small-float64-*"))
    2
    """
    return [name for _, _, name, _ in _entries(pattern, directory, level)]


def load_cases(pattern: str | Iterable[str] = "*", directory: str | Path | None = None,
               level: str = "hard") -> list[Case]:
    """Stored cases, read without pickle.

    Parameters
    ----------
    pattern, directory, level
        As in :func:`list_cases`.

    Returns
    -------
    list of Case

    Raises
    ------
    ValueError
        If the manifest is of another schema version, nothing matches, or a file is not the one of the manifest.

    Examples
    --------
    >>> from manifold_opt import oracle
    >>> case, = oracle.load_cases("brockett-stiefel-6x2-adam-cayley")
    >>> bool(case.arrays["losses"][-1] < case.arrays["losses"][0])
    True
    """
    directory = DATA if directory is None else Path(directory)
    cases: list[Case] = []
    archives: dict[str, Any] = {}
    for group, content, name, entry in _entries(pattern, directory, level):
        if group not in archives:
            data = (directory / content["file"]).read_bytes()
            if hashlib.sha256(data).hexdigest() != content["sha256"]:
                raise ValueError(f"{directory / content['file']} must be as the manifest says: its sha256 differs")
            archives[group] = np.load(BytesIO(data), allow_pickle=False)
        arrays = {key: archives[group][f"{name}/{key}"] for key in entry["arrays"]}
        scales, step_scales = ({key: value[which] for key, value in entry["arrays"].items() if which in value}
                               for which in ("scale", "step_scale"))
        cases.append(Case(name, group, entry["kind"], entry["parameters"], arrays, scales, step_scales))
    return cases


def copy(directory: str | Path) -> list[Path]:
    """Copy the cases as they come with the library: the manifest and one npz file for each group.

    Parameters
    ----------
    directory : path
        Where to; it is made if it does not exist.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Examples
    --------
    >>> import tempfile
    >>> from manifold_opt import oracle
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     files = oracle.copy(directory)
    ...     len(oracle.load_cases(directory=directory)) == len(oracle.list_cases())
    True
    """
    Path(directory).mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(file, Path(directory, file.name))) for file in sorted(DATA.iterdir())]


def _entries(pattern: str | Iterable[str], directory: str | Path | None,
             level: str) -> Iterator[tuple[str, Any, str, Any]]:
    """Group, its entry, case and its entry, for every case that is chosen."""
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}: got {level!r}")
    patterns = [pattern] if isinstance(pattern, str) else list(pattern)
    directory = DATA if directory is None else Path(directory)
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    if manifest["schema"] != SCHEMA:
        raise ValueError(f"cases must be of schema version {SCHEMA}: got {manifest['schema']} in {directory}")
    found = [(group, content, name, case) for group, content in manifest["groups"].items()
             for name, case in content["cases"].items()
             if any(fnmatchcase(name, p) or fnmatchcase(group, p) for p in patterns)
             and LEVELS.index(level_of(group, name, case["parameters"])) <= LEVELS.index(level)]
    if not found:
        raise ValueError(f"no case or group matches {', '.join(map(repr, patterns))} at level {level}: the groups are "
                         + ", ".join(manifest["groups"]))
    yield from found
