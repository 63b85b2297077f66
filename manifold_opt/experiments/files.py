"""Files that are either the old ones or the new ones, complete, whenever the process or the machine stops."""
from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["write_arrays", "write_json", "write_whole"]


def write_whole(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    """Write a file beside its final place, force it to disk, and put it in place in one step.

    Parameters
    ----------
    path : pathlib.Path
        Final place; a file that is there is replaced.
    write : callable
        Writes the content to the binary file that it is given.

    Raises
    ------
    OSError
        If the folder cannot be written; the old file is as it was.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from manifold_opt.experiments.files import write_whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "note.txt")
    ...     write_whole(path, lambda file: file.write(b"all or nothing"))
    ...     path.read_text(), [file.name for file in pathlib.Path(folder).iterdir()]
    ('all or nothing', ['note.txt'])
    """
    # a name of its own: several processes may write the same record
    beside = path.with_name(f".{path.name}.{uuid4().hex[:12]}.part")
    try:
        with open(beside, "xb") as file:
            write(file)
            file.flush()
            _sync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Force the folder's entry to disk, where folders can be opened for it: not on Windows, nor on every share."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync(descriptor: int) -> None:
    """Force a file to disk, where its file system can do so; other errors are real ones."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file as a whole; ValueError if a number is NaN or infinite, which JSON does not have."""
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an npz file as a whole; ValueError if one holds Python objects, which would need pickle."""
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"array {name!r} must hold numbers or text, no Python objects: got dtype {array.dtype}")
    content: dict[str, Any] = dict(arrays)
    write_whole(path, lambda file: np.savez(file, **content))
