"""Reading the files of the oracle: one npz for each group of cases, and a manifest."""
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
from manifold_opt.oracle.expectations import LEVELS

__all__ = ["SCHEMA", "DATA", "load_cases", "list_cases", "copy"]

SCHEMA = 2
"""Version of the format; it rises when a reader of the old one would misread the new one."""

DATA = Path(__file__).parent / "data"
"""The cases that come with the library."""


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
             and LEVELS.index(case["level"]) <= LEVELS.index(level)]
    if not found:
        raise ValueError(f"no case or group matches {', '.join(map(repr, patterns))} at level {level}: the groups are "
                         + ", ".join(manifest["groups"]))
    yield from found
