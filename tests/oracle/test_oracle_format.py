"""The files: complete, readable without this library, small, and the same bytes when made again."""
import ast
import hashlib
import json
import struct
import zipfile

import numpy as np
import pytest

from manifold_opt import oracle
from manifold_opt.oracle.expectations import LEVELS
from manifold_opt.oracle.format import DATA
from manifold_opt.oracle.quantities import KINDS, OPERATIONS, QUANTITIES
from manifold_opt.oracle.question import questions
from manifold_opt.oracle.schema import MANIFEST_SCHEMA

MANIFEST = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))
OTHERS = {"manifest.json", "manifest.schema.json", "selftest.npz", "selftest.json"}


def read_npy(content):
    """What a reader in any language does: magic, version, length of the header, header, numbers."""
    assert content[:8] == b"\x93NUMPY\x01\x00"
    length, = struct.unpack("<H", content[8:10])
    header = ast.literal_eval(content[10:10 + length].decode("latin1"))
    assert (10 + length) % 64 == 0 and not header["fortran_order"]
    code = {"<f8": "d", "<f4": "f", "<i8": "q"}[header["descr"]]
    count = int(np.prod(header["shape"], dtype=int))
    return header["shape"], struct.unpack(f"<{count}{code}", content[10 + length:])


def test_files_are_small_and_as_the_manifest_says():
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 5e6
    assert {file.name for file in DATA.iterdir()} == OTHERS | {f"{group}.npz" for group in MANIFEST["groups"]}
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
    for file in set(DATA.glob("*.npz")) - {DATA / "selftest.npz"}:
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
    with pytest.raises(ValueError, match="schema version 2: got 99"):
        oracle.load_cases(directory=tmp_path)


def test_the_manifest_satisfies_its_schema():
    jsonschema = pytest.importorskip("jsonschema")
    assert json.loads((DATA / "manifest.schema.json").read_text(encoding="utf-8")) == MANIFEST_SCHEMA
    jsonschema.Draft202012Validator.check_schema(MANIFEST_SCHEMA)
    validator = jsonschema.Draft202012Validator(MANIFEST_SCHEMA)
    assert not list(validator.iter_errors(MANIFEST))
    group = MANIFEST["groups"]["steps_euclidean"]
    name, case = next(iter(group["cases"].items()))
    for change in ({"kind": "steps"}, {"level": 3}, {"parameters": {**case["parameters"], "metod": "adam"}},
                   {"arrays": {"Y": {"shape": [3, 2], "role": "expected"}}}):
        wrong = {**MANIFEST, "groups": {"steps_euclidean": {**group, "cases": {name: {**case, **change}}}}}
        assert list(validator.iter_errors(wrong)), change


def test_zip_promises():
    """Stored, sizes in the local headers, no zip64: a reader needs neither a decompressor nor the central directory."""
    for file in DATA.glob("*.npz"):
        content = file.read_bytes()
        assert b"PK\x06\x06" not in content[-200:] and len(content) < 2**32
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                start = info.header_offset
                signature, _, flags, method, _, _, _, packed, size = struct.unpack_from("<4sHHHHHIII", content, start)
                assert (signature, flags & 8, method) == (b"PK\x03\x04", 0, zipfile.ZIP_STORED)
                assert packed == size == info.file_size < 2**32 - 1 and info.extra == b""


def test_every_operation_and_kind_is_asked():
    cases = oracle.load_cases()
    assert {case.kind for case in cases} == set(KINDS)
    assert {question.operation for case in cases for question in questions(case)} == set(OPERATIONS)
    levels = [case["level"] for group in MANIFEST["groups"].values() for case in group["cases"].values()]
    assert set(levels) == set(LEVELS) and 10 < levels.count("smoke") < 30


def test_no_quantity_is_tested_by_vague_cases_only():
    """Where the tolerance exceeds a hundredth of the largest entry, another case of the same kind is sharper."""
    sharp, vague = set(), {}
    for case in oracle.load_cases():
        p = case.parameters
        for question in questions(case):
            for name, expected in question.expected.items():
                largest = np.abs(expected).max(initial=0.0)
                key = (question.operation, name, *(p.get(word) for word in ("space", "method", "retraction", "dtype")))
                bound = QUANTITIES[name].tolerance * question.growth * case.eps * question.scales.get(name, 1.0)
                if largest > 0 and bound <= 0.01 * largest:
                    sharp.add(key)
                elif largest > 0:
                    vague[key] = case.id
    assert len(vague) > 50 and not set(vague) - sharp


def test_the_saturated_softmax_is_saturated_and_tested():
    for case in oracle.load_cases("transformer-saturated-*"):
        P = case.arrays["probabilities"][..., -1]
        others = np.sort(P, axis=-1)[..., :-1].sum(axis=-1)
        low, high = (1e-12, 1e-8) if case.dtype == np.float64 else (1e-3, 0.1)
        assert low < others.min() and others.max() < high
        for name in ("d_blocks.query", "d_blocks.key"):
            bound = QUANTITIES[name].tolerance * np.sqrt(case.parameters["width"]) * case.eps * case.scales[name]
            assert bound < 0.01 * np.abs(case.arrays[name]).max()
