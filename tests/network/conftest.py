"""Complex-step derivatives, against which every hand-written gradient is held."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.network import workspace

STEP = {np.dtype("float64"): 1e-30, np.dtype("float32"): 1e-12}

Derivative = Callable[[Callable[[Array], Any], Array], Array]
Check = Callable[[Array, Array], None]


def derivative(function: Callable[[Array], Any], x: Array) -> Array:
    """Gradient of a scalar function: Im f(x + ihe)/h for every unit array e. No difference is taken."""
    step = STEP[x.dtype]
    gradient = np.empty_like(x)
    moved = x.astype(np.result_type(x, 1j))
    for index in np.ndindex(x.shape):
        moved[index] = x[index] + 1j * step
        value = function(moved)
        assert value.dtype == moved.dtype
        gradient[index] = value.imag / step
        moved[index] = x[index]
    return gradient


def check(actual: Array, expected: Array) -> None:
    """100 eps relative to the norm."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert np.linalg.norm(actual - expected) <= tolerance(100, expected.dtype, 1) * np.linalg.norm(expected)


@pytest.fixture(name="derivative")
def derivative_fixture() -> Derivative:
    return derivative


@pytest.fixture(name="check_gradient")
def check_fixture() -> Check:
    return check


@pytest.fixture(name="small_pieces")
def small_pieces_fixture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a few samples are cut into pieces, as large ones are."""
    monkeypatch.setattr(workspace, "PIECE_COLUMNS", 1)
