"""The files: complete, readable without this library, small, and the same bytes when made again."""
import ast
import hashlib
import json
import struct
import zipfile

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.catalogue import GROUPS, build
from manifold_opt.oracle.format import DATA
from manifold_opt.oracle.npz import npz_bytes
from manifold_opt.version import __version__

MANIFEST = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))
SLOW = ("step_1000", "trajectories", "steps_grassmann", "steps_symplectic_grassmann")


def read_npy(content):
    """What a reader in any language does: magic, version, length of the header, header, numbers."""
    assert content[:8] == b"\x93NUMPY\x01\x00"
    length, = struct.unpack("<H", content[8:10])
    header = ast.literal_eval(content[10:10 + length].decode("latin1"))
    assert (10 + length) % 64 == 0 and not header["fortran_order"]
    code = {"<f8": "d", "<f4": "f", "<i8": "q"}[header["descr"]]
    count = int(np.prod(header["shape"], dtype=int))
    return header["shape"], struct.unpack(f"<{count}{code}", content[10 + length:])


@pytest.mark.parametrize("group", [pytest.param(group, marks=[pytest.mark.slow] if group in SLOW else [])
                                   for group in GROUPS])
def test_made_again_the_bytes_are_the_same(group):
    made = {f"{case.id}/{name}": X for case in build(group) for name, X in sorted(case.arrays.items())}
    assert npz_bytes(made) == (DATA / f"{group}.npz").read_bytes()


def test_export_writes_the_stored_manifest(tmp_path):
    oracle.export(tmp_path, ["geometry", "steps_euclidean"])
    made = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert made.pop("version") == __version__
    for group, content in made.pop("groups").items():
        assert content == MANIFEST["groups"][group]
    assert made == {name: value for name, value in MANIFEST.items() if name not in ("version", "groups")}


def test_files_are_small_and_as_the_manifest_says():
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 5e6
    assert sorted(MANIFEST["groups"]) == sorted(GROUPS)
    for group, content in MANIFEST["groups"].items():
        data = (DATA / content["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == content["sha256"]
        with zipfile.ZipFile(DATA / content["file"]) as archive:
            members = {f"{case}/{name}.npy" for case, entry in content["cases"].items() for name in entry["arrays"]}
            assert set(archive.namelist()) == members


def test_every_array_is_described():
    for content in MANIFEST["groups"].values():
        for case in content["cases"].values():
            for name, entry in case["arrays"].items():
                quantity = MANIFEST["quantities"][name]
                assert quantity["meaning"] and quantity["formula"] and quantity["paper"]
                if entry["role"] == "expected":
                    assert entry["scale"] > 0 and quantity["tolerance"]["constant"] > 0
                    assert quantity["tolerance"]["float32"] > quantity["tolerance"]["float64"]


def test_arrays_are_read_without_numpy():
    case, = oracle.load_cases("grassmann-6x2-float32-adam-geodesic")
    with zipfile.ZipFile(DATA / "steps_grassmann.npz") as archive:
        for name, array in case.arrays.items():
            shape, numbers = read_npy(archive.read(f"{case.id}/{name}.npy"))
            assert shape == array.shape and numbers == tuple(array.ravel().tolist())
            assert list(shape) == MANIFEST["groups"]["steps_grassmann"]["cases"][case.id]["arrays"][name]["shape"]


def test_numpy_reads_them_without_pickle():
    for file in DATA.glob("*.npz"):
        with np.load(file, allow_pickle=False) as archive:
            assert all(archive[name].dtype.kind in "fi" for name in archive.files)


@pytest.mark.parametrize("kind", ["stiefel", "grassmann", "symplectic_stiefel", "symplectic_grassmann", "euclidean"])
def test_every_space_has_every_method_retraction_step_and_dtype(kind):
    entries = [entry["parameters"] | {"steps": entry["arrays"]["t"]["shape"][0]}
               for content in MANIFEST["groups"].values() for entry in content["cases"].values()
               if entry["kind"] == "step" and entry["parameters"]["space"] == kind]
    for dtype in ("float64", "float32"):
        for method in ("gradient", "momentum", "adam", "adam_with_decay"):
            found = [p for p in entries if p["dtype"] == dtype and p["method"] == method]
            assert {p["retraction"] for p in found} >= ({"cayley"} if kind == "euclidean" else {"cayley", "geodesic"})
            assert {p["steps"] for p in found} >= {1, 5}
        if kind.startswith("symplectic"):
            assert {p["condition"] for p in entries if "condition" in p} >= {10, 100, 1000}


def test_consecutive_steps_are_chained():
    for case in oracle.load_cases("steps_*"):
        a = case.arrays
        assert np.array_equal(a["Lambda"][1:], a["Lambda_new"][:-1])
        assert a["t"].tolist() == [1, 2, 3, 4, 5]
        for name in ("B1_A", "B1_B", "B2_A", "B2_B"):
            if name in a:
                assert not a[name][0].any() and np.array_equal(a[name][1:], a[f"{name}_new"][:-1])


def test_zero_gradients_leave_everything_as_it_is():
    for case in oracle.load_cases("*-zero-adam-*"):
        assert not case.arrays["W_B"].any() and not case.arrays["B2_B_new"].any()
        assert np.array_equal(case.arrays["Lambda_new"], case.arrays["Lambda"])


def test_trajectories_descend():
    for case in oracle.load_cases("trajectories"):
        losses = case.arrays["losses"]
        assert len(losses) == 101 and losses[-1] < losses[0]


def test_another_schema_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"schema": 99, "groups": {}}')
    with pytest.raises(ValueError, match="schema version 1: got 99"):
        oracle.load_cases(directory=tmp_path)


def test_unknown_groups_are_refused(tmp_path):
    with pytest.raises(ValueError, match="groups must be among .*: got steps_torus"):
        oracle.export(tmp_path, ["steps_torus"])
