"""The stated accuracy of one step at every size and length, against velocities whose steps are known in closed form.

With Hadamard matrices H, K divided by the root of n, a power of four, and integers omega, B = H diag(omega) K^T holds
no rounding errors, and the step turns n planes by known angles.
"""
from __future__ import annotations

from typing import Any

import decimals as d
import mpmath
import numpy as np
import pytest
from scipy.linalg import hadamard

from manifold_opt import Grassmann
from manifold_opt.arrays import tolerance
from manifold_opt.sections import RetractionError, TransportedSection
from manifold_opt.tangent import HorizontalElement

LENGTHS = (1.0, 10.0, 100.0, 1e3, 1e4, 1e6)


def step_and_truth(n: int, length: float, name: str, dtype: Any = np.float64) -> tuple[Any, Any]:
    """The point after a step of about the given length from E, and the exact one, rounded."""
    space, rng = Grassmann(2 * n, n), np.random.default_rng(n)
    H = hadamard(n) / np.sqrt(n)
    K = H[:, rng.permutation(n)]
    unit = 2.0 ** np.floor(np.log2(length / np.sqrt(n)) - 8)
    omega = unit * rng.integers(1, 512, n)
    B = (H * omega) @ K.T
    with d.digits():
        w = [mpmath.mpf(float(x)) for x in omega]
        if name == "geodesic":
            turns = [(mpmath.cos(x), mpmath.sin(x)) for x in w]
        else:
            turns = [((1 - x * x / 4) / (1 + x * x / 4), x / (1 + x * x / 4)) for x in w]
        c, s = (np.array([float(turn[k]) for turn in turns], np.longdouble) for k in (0, 1))
    wide = H.astype(np.longdouble), K.astype(np.longdouble)
    truth = np.concatenate([(wide[1] * c) @ wide[1].T, (wide[0] * s) @ wide[1].T])
    W = HorizontalElement(np.zeros((n, n), dtype), B.astype(dtype), space.tangent_space)
    assert np.array_equal(W.B, B)
    section = TransportedSection.from_dense(np.eye(2 * n, dtype=dtype), space.tangent_space)
    return section.move(W, name).point, np.asarray(truth, float)


def error(n: int, length: float, name: str, dtype: Any = np.float64) -> float:
    """The forward error in eps."""
    Y, truth = step_and_truth(n, length, name, dtype)
    return float(np.linalg.norm(Y - truth) / np.finfo(dtype).eps)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("n", [4, 16])
def test_small_geodesics_are_right_to_rounding_up_to_ten_thousand(n: int, length: float) -> None:
    """A few eps, and from there on 2^-13 eps times the norm."""
    assert error(n, length, "geodesic") <= 3 + np.sqrt(n) + 2.0**-13 * length


@pytest.mark.parametrize("length", LENGTHS)
def test_large_geodesics_lose_what_the_rounding_of_the_velocity_may_cause(length: float) -> None:
    measured = error(64, length, "geodesic")
    assert measured <= 12 + length
    assert length < 1e3 or measured >= 1e-3 * length


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("n", [4, 16, 64])
def test_cayley_steps_saturate(n: int, length: float) -> None:
    """Without a block A the error does not grow with the norm; it is of the order of n."""
    assert error(n, length, "cayley") <= 32 + 4 * n


@pytest.mark.parametrize("name", ["geodesic", "cayley"])
@pytest.mark.parametrize("n, length", [(4, 100.0), (16, 1e3)])
def test_float32(name: str, n: int, length: float) -> None:
    """What the rounding of the velocity may cause."""
    assert error(n, length, name, np.float32) <= 5 + 0.5 * length


@pytest.mark.parametrize("name", ["geodesic", "cayley"])
@pytest.mark.parametrize("length", LENGTHS)
def test_the_defect_does_not_depend_on_the_length(name: str, length: float) -> None:
    for n in (4, 16, 64):
        Y, _ = step_and_truth(n, length, name)
        assert np.linalg.norm(Y.T @ Y - np.eye(n)) <= tolerance(10 if length < 100 else 5, float, n * n)


def test_beyond_the_last_digit_of_an_angle_there_is_no_geodesic() -> None:
    with pytest.raises(RetractionError, match="smaller step"):
        step_and_truth(4, 1e17, "geodesic")
    Y, truth = step_and_truth(4, 1e17, "cayley")
    assert np.linalg.norm(Y - truth) < 1e-14
