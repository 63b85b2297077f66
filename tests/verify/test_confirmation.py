"""Statements with their numbers: what the line says, and that what does not hold is an error."""
from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from manifold_opt import Stiefel
from manifold_opt.arrays import tolerance
from manifold_opt.verify import confirm, confirm_differs

EPS = 2.0**-52


def numbers(line: str) -> list[float]:
    """The numbers of a line after its dots."""
    return [float(number) for number in re.findall(r"\d[\d.]*(?:e[+-]\d+)?", line.partition("... ")[2])]


def test_line_holds_residual_bound_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert confirm("1 + 3 eps = 1", 1 + 3 * EPS, 1.0, C=12, size=4) is None
    line = capsys.readouterr().out
    assert line.startswith("1 + 3 eps = 1 ....") and line.endswith(": holds\n") and line.count("\n") == 1
    assert numbers(line) == [6.7e-16, 3.0, 24.0]


def test_lines_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    for statement in ("x", "a longer statement"):
        confirm(statement, 1.0, 1.0)
    confirm("with a bound of its own", 1.0, 1.0, allowed=0.1)
    first, second, third = capsys.readouterr().out.splitlines()
    assert len(first) == len(second) and len({line.index("residual") for line in (first, second, third)}) == 1


def test_a_long_statement_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    confirm(70 * "x", 1.0, 1.0)
    assert capsys.readouterr().out.startswith(70 * "x" + " ... residual")


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(), (9,), (3, 9, 2)])
def test_bound_is_the_tolerance_of_the_library(dtype: str, shape: tuple[int, ...]) -> None:
    actual = np.zeros(shape, dtype)
    bound = tolerance(10, dtype, 9 if shape else 1)
    confirm("just below", actual, actual + bound * 0.9 / np.sqrt(actual.size), scale=1)
    with pytest.raises(AssertionError, match="does not hold"):
        confirm("just above", actual, actual + bound * 1.1 / np.sqrt(actual.size), scale=1)


def test_constant_and_size_set_the_bound() -> None:
    for C, size in ((10, 100), (20, 25), (50, 4)):
        confirm("99 eps", 99 * EPS, C=C, size=size)
        with pytest.raises(AssertionError):
            confirm("101 eps", 101 * EPS, C=C, size=size)


def test_eps_is_that_of_the_coarser_array(capsys: pytest.CaptureFixture[str]) -> None:
    fine = np.random.default_rng(0).normal(size=(4, 2))
    for one, other in ((fine.astype("float32"), fine), (fine, fine.astype("float32")),
                       (fine.astype("complex64"), fine)):
        confirm("to single precision", one, other)
        assert "eps of float32" in capsys.readouterr().out
    confirm("a float32 array against a number", np.zeros(3, "float32"), 0.0)
    assert "eps of float32" in capsys.readouterr().out
    with pytest.raises(AssertionError):
        confirm("rounded to single precision and back", fine.astype("float32").astype("float64"), fine)


def test_single_precision_is_subtracted_in_double() -> None:
    # the square of this difference is 0 in single precision
    confirm_differs("1e-30", np.array([1e-30], "float32"), 0.0, least=1e-31)


def test_residual_is_relative_to_what_is_expected_or_to_a_scale(capsys: pytest.CaptureFixture[str]) -> None:
    def residual(*arguments: Any, **options: Any) -> float:
        confirm("x", *arguments, allowed=1.0, **options)
        return numbers(capsys.readouterr().out)[0]

    assert residual(101.0, 100.0) == 1e-2
    assert residual([30.3, 40.4], [30.0, 40.0]) == 1e-2
    assert residual(0.2, 0.1) == 0.1                        # small expected values make no small scale
    assert residual(101.0, 100.0, scale=2) == 0.5
    assert residual(101.0, 100.0, scale=np.array([3.0, 4.0])) == 0.2


def test_complex_numbers_differ_in_their_imaginary_parts() -> None:
    confirm("i", 1j, 1j)
    with pytest.raises(AssertionError):
        confirm("1 + i against 1", 1 + 1j, 1.0)
    with pytest.raises(AssertionError):
        confirm("1 against 1 + i", np.ones(2), np.array([1, 1 + 1j]))


@pytest.mark.parametrize("value", [np.nan, np.inf, [0.0, np.nan], [0.0, np.inf], complex(0, np.nan)])
@pytest.mark.parametrize("options", [{}, {"allowed": 1e300}, {"scale": 1e300}])
def test_nan_and_infinity_never_hold(value: Any, options: dict[str, float]) -> None:
    for actual, expected in ((value, np.zeros_like(value)), (np.zeros_like(value), value), (value, value)):
        with pytest.raises(AssertionError, match="does not hold"):
            confirm("not finite", actual, expected, **options)


def test_large_and_small_numbers_are_compared_too() -> None:
    for factor in (1e300, 1e-300):
        large = np.array([3 * factor, 4 * factor])
        confirm("equal", large, large, scale=factor)
        confirm("equal", large, large)
        with pytest.raises(AssertionError, match=r"residual 1\.3e\+00"):
            confirm("not equal", large, np.array([4 * factor, 4.8 * factor]), scale=factor)


def test_nan_differs_from_nothing() -> None:
    with pytest.raises(AssertionError, match="does not differ"):
        confirm_differs("NaN", np.nan, 0.0)


def test_nothing_is_printed_where_it_does_not_hold(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AssertionError, match=r"^0 = 1 \.+ residual 1\.0e\+00 = 4\.5e\+15 eps, .*: does not hold$"):
        confirm("0 = 1", 0.0, 1.0)
    assert capsys.readouterr().out == ""


def test_zero_asks_for_equality(capsys: pytest.CaptureFixture[str]) -> None:
    confirm("equal", np.arange(3), [0, 1, 2], allowed=0)
    assert capsys.readouterr().out.endswith("residual       0, allowed       0: holds\n")
    with pytest.raises(AssertionError):
        confirm("not quite", 1 + EPS, 1.0, allowed=0)


def test_integers_are_exact(capsys: pytest.CaptureFixture[str]) -> None:
    confirm("counts", Stiefel(49, 7).dimension, 315)
    confirm("against integers", np.ones(2, "float32"), np.ones(2, int))
    assert "float32" in capsys.readouterr().out
    with pytest.raises(AssertionError):
        confirm("counts", 315, 316)


def test_a_wrong_formula_is_noticed() -> None:
    space, rng = Stiefel(6, 2), np.random.default_rng(0)
    Y = space.random_point(rng)
    Delta = space.random_tangent(rng, Y)
    Omega = space.horizontal_lift(Y, Delta)
    confirm("Omega Y = Delta", Omega @ Y, Delta)
    with pytest.raises(AssertionError):
        confirm("the metric without its half", space.metric(Y, Delta, Delta), np.sum(Omega**2))


def test_what_differs_too_little_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    confirm_differs("one hundredth", 1.01, 1.0)
    assert numbers(capsys.readouterr().out) == [1e-2, 1e-3]
    confirm_differs("one hundredth of an eps, doubled", 100 * EPS, 0.0, least=50 * EPS)
    for actual in (1.0, 1 + EPS, 1.0009):
        with pytest.raises(AssertionError, match="does not differ$"):
            confirm_differs("equal", actual, 1.0)


@pytest.mark.parametrize("function", [confirm, confirm_differs])
@pytest.mark.parametrize("arguments, error, message", [
    ((np.ones(3), np.ones(2)), ValueError, r"expected must have the shape \(3,\).*got \(2,\)"),
    ((np.ones((3, 2)), np.ones(2)), ValueError, "expected must have the shape"),
    ((1.0, np.ones(2)), ValueError, "expected must have the shape"),
    ((np.ones((0, 2)), np.ones((0, 2))), ValueError, "actual must not be empty"),
    ((np.ones(2, "float16"), 1.0), TypeError, "actual must be of dtype"),
    ((1.0, np.ones((), "longdouble")), TypeError, "expected must be of dtype"),
    (("one", 1.0), TypeError, "actual must be of dtype"),
    ((None, 1.0), TypeError, "actual must be of dtype")])
def test_refuses_what_cannot_be_compared(function: Any, arguments: Any, error: type[Exception],
                                         message: str) -> None:
    with pytest.raises(error, match=message):
        function("x", *arguments)


@pytest.mark.parametrize("scale", [0, -0.0, np.nan, np.inf, np.zeros(3)])
def test_refuses_a_scale_that_is_none(scale: Any) -> None:
    for function in (confirm, confirm_differs):
        with pytest.raises(ValueError, match="scale must be positive"):
            function("x", 1.0, 2.0, scale=scale)


@pytest.mark.parametrize("bound", [-1e-3, np.nan, np.inf])
def test_refuses_bounds_that_are_none(bound: float) -> None:
    with pytest.raises(ValueError, match="allowed must be a finite number"):
        confirm("x", 1.0, 1.0, allowed=bound)
    with pytest.raises(ValueError, match="least must be"):
        confirm_differs("x", 1.0, 2.0, least=bound)
    with pytest.raises(ValueError, match="least must be positive"):
        confirm_differs("x", 1.0, 2.0, least=0)
