"""IDX files: what is written comes back, and every damage is named."""
from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from manifold_opt.experiments import read_idx
from training_cases import idx_bytes


@pytest.mark.parametrize("shape", [(5,), (4, 3, 2)])
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_content_comes_back(tmp_path: Path, shape: tuple[int, ...], compress: type[bytes]) -> None:
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (tmp_path / "file").write_bytes(compress(idx_bytes(array)))
    got = read_idx(tmp_path / "file")
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize("content, message", [
    (b"", "begins with nothing"),
    (b"\x89PNG", "begins with 89 50 4e 47"),
    (b"\0\0\x0d\x01\0\0\0\1" + bytes(4), "IDX file of unsigned bytes"),
    (b"\0\0\x08\x03\0\0\0\x01", "lengths of 3 axes: it ends after 8 bytes"),
    (idx_bytes(np.zeros((3, 2, 2), np.uint8))[:-1], r"12 bytes for the shape \(3, 2, 2\) it states: got 11.*truncated"),
    (idx_bytes(np.zeros(3, np.uint8)) + b"!", "got 4; the file is longer than it states"),
    (gzip.compress(idx_bytes(np.arange(9, dtype=np.uint8)))[:-9], "complete gzip file"),
    (gzip.compress(idx_bytes(np.arange(9, dtype=np.uint8)))[:-8] + bytes(8), "complete gzip file"),
    (b"\x1f\x8b nonsense", "complete gzip file"),
])
def test_damage_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read_idx(path)
    assert str(path) in str(error.value)
