"""Questions and answers as files, for ports that Python does not call: members ``CASE/OPERATION/NAME.npy``."""
from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.oracle.case import Case
from manifold_opt.oracle.judge import nearest
from manifold_opt.oracle.npz import npz_bytes
from manifold_opt.oracle.quantities import GROUPED, OPERATIONS
from manifold_opt.oracle.question import Question, questions
from manifold_opt.oracle.report import Result

__all__ = ["Answers", "ask_command", "write_questions"]


@final
class Answers:
    """Answers ``CASE/OPERATION/QUANTITY`` of an npz file, a folder or a mapping, read when they are asked for.

    >>> import numpy as np
    >>> from manifold_opt.oracle.answers import Answers
    >>> answers = Answers({"brockett-stiefel-6x2-adam-cayley/trajectory/losses": np.zeros(101)})
    >>> answers.of("brockett-stiefel-6x2-adam-cayley", "trajectory")["losses"].shape
    (101,)
    """

    def __init__(self, source: str | Path | Mapping[str, Array]) -> None:
        self._arrays: Mapping[str, Any]
        if isinstance(source, Mapping):
            self._arrays = source
        elif Path(source).is_dir():
            folder = Path(source)
            self._arrays = _Folder({file.relative_to(folder).with_suffix("").as_posix(): file
                                    for file in sorted(folder.rglob("*.npy"))})
        else:
            loaded = np.load(source, allow_pickle=False)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                raise ValueError(f"answers must be an npz file or a folder: got {source}")
            self._arrays = loaded
        self._names: dict[tuple[str, str], list[str]] = {}
        for name in self._arrays:
            if name.count("/") != 2:
                raise ValueError(f"names of answers must have the form CASE/OPERATION/QUANTITY: got {name!r}")
            case, operation, quantity = name.split("/")
            self._names.setdefault((case, operation), []).append(quantity)

    def of(self, case: str, operation: str) -> dict[str, Array]:
        """The answers of an operation in a case by quantity; empty if there are none."""
        return {name: self._arrays[f"{case}/{operation}/{name}"] for name in self._names.get((case, operation), [])}

    def ask(self, case: Case, question: Question) -> dict[str, Array]:
        """The answers to a question: in cases of steps those of its step."""
        values = self.of(case.id, question.operation)
        if not values:
            raise NotImplementedError("no answers")
        if question.step is None:
            return values
        steps = len(case.arrays["t"])
        for name, value in values.items():
            if value.shape[:1] != (steps,):
                raise ValueError(f"{name} must have a leading axis of {steps} steps: got shape {value.shape}")
        return {name: value[question.step] for name, value in values.items()}

    def strangers(self, known: Iterable[str]) -> list[Result]:
        """A failure for each case or operation among the answers that does not exist, with the name that is near."""
        cases = set(known)
        results = []
        for case, operation in self._names:
            for name, names, word in ((case, cases, "case"), (operation, OPERATIONS, "operation")):
                if name not in names:
                    close = nearest(name, names, 0.6)
                    results.append(Result(operation, case, "fails", message=f"there is no {word} {name!r}"
                                          + (f": is it {close!r}?" if close else "")))
                    break
        return results


class _Folder(Mapping[str, Array]):
    """Arrays in npy files, read when they are asked for."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def __getitem__(self, name: str) -> Array:
        return np.asarray(np.load(self._files[name], allow_pickle=False))

    def __iter__(self) -> Any:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def write_questions(file: Path, cases: Iterable[Case], operations: Iterable[str] = tuple(OPERATIONS)) -> None:
    """Write everything that the cases ask: the arrays as npz, and beside it a table with a line for each question.

    The arrays are ``CASE/OPERATION/ARGUMENT.npy``, in cases of steps with a leading axis. The table has the same name
    with the ending ``.tsv``; a line is the case, the operation, the length of the leading axis (0 if there is none),
    the dtype, and then ``name=value`` for every argument that is no array, all separated by tabs.
    """
    chosen, arrays, lines = set(operations), {}, []
    for case in cases:
        grouped: dict[str, list[Question]] = {}
        for question in questions(case):
            grouped.setdefault(question.operation, []).append(question)
        for operation, group in grouped.items():
            if operation not in chosen:
                continue
            given = [_flat(question.arguments) for question in group]
            words = {name: value for name, value in given[0].items() if not _is_array(name, value)}
            length = 0 if group[0].step is None else len(group)
            lines.append("\t".join([case.id, operation, str(length), str(case.dtype),
                                    *(f"{name}={_text(value)}" for name, value in words.items())]))
            for name in given[0]:
                if name not in words:
                    values = [each[name] for each in given]
                    arrays[f"{case.id}/{operation}/{name}"] = np.asarray(
                        values[0] if group[0].step is None else values)
    file.write_bytes(npz_bytes(arrays))
    file.with_suffix(".tsv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _flat(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by name, the members of dicts too: those of hyper as ``hyper.NAME``, those of others as they are."""
    result: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            result.update({key if name in GROUPED else f"{name}.{key}": X for key, X in value.items()})
        else:
            result[name] = value
    return result


def _is_array(name: str, value: Any) -> bool:
    return isinstance(value, np.ndarray) or name == "t"


def _text(value: Any) -> str:
    """Numbers so that they are read back exactly, truth values as 0 and 1."""
    return value if isinstance(value, str) else json.dumps(int(value) if isinstance(value, bool) else value)


def ask_command(command: str, cases: list[Case], operations: Iterable[str]) -> Answers:
    """The answers of a program, which is called once as ``COMMAND QUESTIONS.npz ANSWERS.npz``.

    Raises
    ------
    ValueError
        If the program cannot be started, ends with another exit code than 0, or writes no answers.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "questions.npz"), Path(folder, "answers.npz")
        write_questions(asked, cases, operations)
        try:
            run = subprocess.run([*shlex.split(command), str(asked), str(answered)], capture_output=True, text=True)
        except OSError as error:
            raise ValueError(f"command must start: {error}") from error
        if run.returncode != 0 or not answered.exists():
            last = (run.stderr.strip() or run.stdout.strip() or "(no output)").splitlines()[-1]
            raise ValueError(f"command must write its answers and end with exit code 0: got {run.returncode}, {last}")
        with np.load(answered, allow_pickle=False) as archive:
            return Answers({name: archive[name] for name in archive.files})
