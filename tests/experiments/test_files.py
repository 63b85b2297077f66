"""Files are whole, whatever happens while they are written."""
from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from manifold_opt.experiments import write_arrays, write_json, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_old_file_stays_if_writing_fails(tmp_path: Path, error: type[BaseException]) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    path = tmp_path / "file"
    write_whole(path, lambda file: file.write(b"old"))
    with pytest.raises(error):
        write_whole(path, fail)
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file"]


def test_nothing_is_in_place_while_writing(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def look(file: BinaryIO) -> None:
        file.write(b"new")
        file.flush()
        assert not path.exists()

    write_whole(path, look)
    assert path.read_bytes() == b"new"


def test_two_writers_of_one_file(tmp_path: Path) -> None:
    """The one that ends last wins, whole; neither writes into the other's."""
    path = tmp_path / "file"

    def outer(file: BinaryIO) -> None:
        file.write(b"outer")
        file.flush()
        write_whole(path, lambda inner: inner.write(b"a longer inner one"))
        assert path.read_bytes() == b"a longer inner one"

    write_whole(path, outer)
    assert path.read_bytes() == b"outer" and names(tmp_path) == ["file"]


def test_content_is_on_disk_before_it_is_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda *args: (calls.append("fsync"), fsync(*args)))
    monkeypatch.setattr(os, "replace", lambda *args: (calls.append("replace"), replace(*args)))
    write_whole(tmp_path / "file", lambda file: file.write(b"new"))
    assert calls[:2] == ["fsync", "replace"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("function", ["open", "fsync"])
def test_a_folder_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str,
                                        code: int) -> None:
    """Some shares open no folders, or sync none: the file is in place all the same."""
    right = getattr(os, function)

    def fail(target: Any, *arguments: Any) -> Any:
        folder = stat.S_ISDIR(os.fstat(target).st_mode) if function == "fsync" else Path(target) == tmp_path
        if folder:
            raise OSError(code, os.strerror(code))
        return right(target, *arguments)

    monkeypatch.setattr(os, function, fail)
    write_whole(tmp_path / "file", lambda file: file.write(b"new"))
    assert (tmp_path / "file").read_bytes() == b"new"


@pytest.mark.parametrize("code, written", [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False),
                                           (errno.ENOSPC, False)])
def test_a_file_that_cannot_be_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int,
                                      written: bool) -> None:
    """A file system without sync is no error; a disk that fails or is full is one, and the old file stays."""
    (tmp_path / "file").write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    if written:
        write_whole(tmp_path / "file", lambda file: file.write(b"new"))
    else:
        with pytest.raises(OSError):
            write_whole(tmp_path / "file", lambda file: file.write(b"new"))
    assert (tmp_path / "file").read_bytes() == (b"new" if written else b"old") and names(tmp_path) == ["file"]


def test_json_and_arrays(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"pi": 0.1 + 0.2})
    assert json.loads((tmp_path / "a.json").read_text()) == {"pi": 0.1 + 0.2}
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    write_arrays(tmp_path / "a.npz", {"blocks.query": np.eye(2)})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["blocks.query"], np.eye(2))
    with pytest.raises(ValueError):
        write_arrays(tmp_path / "a.npz", {"object": np.array([None])})
    assert names(tmp_path) == ["a.json", "a.npz"]
