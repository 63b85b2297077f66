"""Archives of arrays, the same bytes on every machine: stored, in order, with fixed times."""
from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO

import numpy as np

from manifold_opt.arrays.checks import Array

__all__ = ["npz_bytes"]


def npz_bytes(arrays: Mapping[str, Array]) -> bytes:
    """The npz file of some arrays, whatever the versions of NumPy and zlib.

    >>> import io
    >>> import numpy as np
    >>> from manifold_opt.oracle.npz import npz_bytes
    >>> np.load(io.BytesIO(npz_bytes({"case/Y": np.eye(2)})))["case/Y"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system, member.external_attr = 3, 0o644 << 16
            archive.writestr(member, _npy_bytes(array))
    return buffer.getvalue()


def _npy_bytes(array: Array) -> bytes:
    """The npy format, version 1.0; NumPy pads its headers differently from version to version."""
    size = array.dtype.itemsize // (4 if array.dtype.kind == "U" else 1)
    descr = f"<{array.dtype.kind}{size}"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {array.shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode("latin1")
    return start + np.ascontiguousarray(array, dtype=np.dtype(descr)).tobytes()
