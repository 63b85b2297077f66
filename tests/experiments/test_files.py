"""Files are whole, whatever happens while they are written."""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import BinaryIO

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


def test_content_is_on_disk_before_it_is_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda *args: (calls.append("fsync"), fsync(*args)))
    monkeypatch.setattr(os, "replace", lambda *args: (calls.append("replace"), replace(*args)))
    write_whole(tmp_path / "file", lambda file: file.write(b"new"))
    assert calls[:2] == ["fsync", "replace"]


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
