"""Border checks: what passes unchanged, and what each error says."""
import numpy as np
import pytest

from manifold_opt.arrays.checks import (check_array, check_constraint, check_dtype, check_finite, check_integer,
                                        check_trailing_shape, tolerance)


def test_tolerance_scales_with_constant_type_and_size():
    assert tolerance(3, np.float64, 16) == 12 * np.finfo(np.float64).eps
    assert tolerance(3, np.float32, 16) == 12 * float(np.finfo(np.float32).eps)
    assert tolerance(1, np.float64, 0) == np.finfo(np.float64).eps


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_valid_arrays_are_returned_as_they_are(dtype):
    value = np.ones((2, 3), dtype)
    assert check_array("Y", value) is value
    assert check_finite("Y", value) is value
    assert check_trailing_shape("Y", value, (3,)) is value


@pytest.mark.parametrize("value, message", [
    (1.0, "Y must be a NumPy array .*: got float"), (None, "got NoneType"),
    (np.arange(3), "must be of dtype .*: got int64"), (np.ones(2, np.float16), "got float16"),
    (np.matrix([[1.0]]), "got matrix"), (np.ma.array([1.0], mask=[True]), "got MaskedArray"),
    (np.ones(2, ">f8"), "Y must be of dtype float64 in the byte order of this machine: got >f8"),
    (np.array(["a"]), "got <U1"), (np.array([True]), "got bool"), (np.array([None]), "got object")])
def test_wrong_types(value, message):
    with pytest.raises(TypeError, match=message):
        check_array("Y", value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(value):
    array = np.zeros((2, 2))
    array[1, 0] = array[1, 1] = value
    with pytest.raises(ValueError, match=r"grad must be finite: got 2 NaN or infinite entries, the first .*\(1, 0\)"):
        check_finite("grad", array)


@pytest.mark.parametrize("shape", [(2,), (2, 3), (3, 2, 2), ()])
def test_wrong_trailing_shape(shape):
    with pytest.raises(ValueError, match=r"Y must have shape \(\.\.\., 3, 2\): got"):
        check_trailing_shape("Y", np.zeros(shape), (3, 2))


def test_constraint_reports_the_worst_member_and_never_passes_nan():
    check_constraint("Y", "Y*Y = I", np.array([0.0, 1e-16]), 1e-15)
    check_constraint("Y", "Y*Y = I", np.zeros(0), 1e-15)
    with pytest.raises(ValueError, match=r"Y must satisfy Y\*Y = I: defect 3.0e-01, tolerance 1.0e-15"):
        check_constraint("Y", "Y*Y = I", np.array([0.1, 0.3]), 1e-15)
    with pytest.raises(ValueError, match="defect nan"):
        check_constraint("Y", "Y*Y = I", np.array([0.1, np.nan]), 1.0)


@pytest.mark.parametrize("field, right, wrong", [
    ("real", [np.float32, np.float64], [np.complex64, np.complex128]),
    ("complex", [np.complex64, np.complex128], [np.float32, np.float64]),
    ("any", [np.float32, np.complex128], [np.int64, np.longdouble])])
def test_fields(field, right, wrong):
    for dtype in right:
        assert check_array("Y", np.ones(2, dtype), field).dtype == check_dtype("dtype", dtype, field) == dtype
    for dtype in wrong:
        with pytest.raises(TypeError, match="Y must be of dtype"):
            check_array("Y", np.ones(2, dtype), field)


def test_memory_maps_are_arrays(tmp_path):
    np.save(tmp_path / "Y.npy", np.ones((2, 3)))
    value = np.load(tmp_path / "Y.npy", mmap_mode="r")
    assert check_array("Y", value) is value


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.asarray(3)[()]])
def test_integers_of_python_and_numpy(value):
    assert type(check_integer("N", value, 1)) is int and check_integer("N", value) == 3


@pytest.mark.parametrize("value, error, message", [
    (True, TypeError, "N must be an integer: got bool"), (np.True_, TypeError, "N must be an integer: got bool"),
    (3.0, TypeError, "got float"), (np.float64(3), TypeError, "got float64"), ("3", TypeError, "got str"),
    (None, TypeError, "got NoneType"), (0, ValueError, "N must be at least 1: got 0")])
def test_what_is_no_size(value, error, message):
    with pytest.raises(error, match=message):
        check_integer("N", value, 1)
