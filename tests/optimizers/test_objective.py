"""The loss as users give it, and the line search."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifold_opt.optimizers.line_search import line_search
from manifold_opt.optimizers.objective import Objective


def test_complex_steps_are_exact_on_trees_and_leave_x_alone():
    x = {"a": np.random.default_rng(0).normal(size=(3, 2)), "b": [np.array(0.5)]}
    before = x["a"].copy()
    _, gradient = Objective(lambda x: np.sum(np.exp(x["a"]) * x["b"][0] ** 3), "cs")(x)
    np.testing.assert_allclose(gradient["a"], np.exp(before) * 0.125, rtol=4e-16)
    np.testing.assert_allclose(gradient["b"][0], 0.75 * np.exp(before).sum(), rtol=1e-15)
    np.testing.assert_array_equal(x["a"], before)


def test_complex_steps_in_single_precision():
    _, gradient = Objective(lambda x: np.sum(np.sin(x)), "cs")(np.array([0.3, 2.0], np.float32))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, np.cos(np.array([0.3, 2.0])), rtol=3e-7)


@pytest.mark.parametrize("fun", [lambda x: np.sum(np.abs(x) ** 2), lambda x: np.sum(x * np.conj(x)).real,
                                 lambda x: np.linalg.norm(x)])
def test_complex_steps_notice_functions_that_are_not_analytic(fun):
    with pytest.raises(ValueError, match="fun must be analytic and take complex arrays"):
        Objective(fun, "cs")(np.array([1.0, 2.0, -3.0]))


def test_counts():
    objective = Objective(lambda x, c: c * x @ x, lambda x, c: 2 * c * x, (3.0,))
    for _ in range(2):
        value, gradient = objective(np.ones(2))
    assert (objective.nfev, objective.njev, value) == (2, 2, 6.0)
    np.testing.assert_array_equal(gradient, [6.0, 6.0])


@pytest.mark.parametrize("gradient, error, message", [
    ({"a": np.ones(3)}, ValueError, r"gradient of 'a' must have shape \(2,\): got \(3,\)"),
    ({"b": np.ones(2)}, ValueError, "gradient must have the structure of x"),
    ({"a": [1.0, 2.0]}, ValueError, "gradient must have the structure of x: at 'a'"),
    ({"a": np.arange(2)}, TypeError, "gradient of 'a' must be of dtype")])
def test_gradients_that_do_not_fit(gradient, error, message):
    with pytest.raises(error, match=message):
        Objective(lambda x: (0.0, gradient), True)({"a": np.ones(2)})


@given(st.floats(1e-3, 1e3), st.floats(0.1, 10))
def test_line_search_satisfies_the_wolfe_conditions(minimum, curvature):
    def trial(t):
        return curvature * (t - minimum) ** 2, 2 * curvature * (t - minimum), None

    value, slope, _ = trial(0.0)
    t, (phi, derivative, _) = line_search(trial, value, slope)
    assert phi <= value + 1e-4 * t * slope and derivative >= 0.9 * slope


def test_line_search_shortens_impossible_steps_and_gives_up():
    t, (value, _, _) = line_search(lambda t: (np.inf, 0.0, None) if t > 0.01 else (1 - t, -1.0, None), 1.0, -1.0)
    assert 0 < t <= 0.01 and value < 1
    assert line_search(lambda t: (1.0 + t, 1.0, None), 1.0, -1.0) is None


def test_line_search_accepts_a_flat_step_at_the_rounding_level():
    """Near a minimum the decrease is smaller than the rounding of the loss; the derivative decides."""
    t, _ = line_search(lambda t: (1.0 + 2e-16, -1e-12, None), 1.0, -1e-10)
    assert t == 1.0
