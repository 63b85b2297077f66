"""Gradient and retraction checks, Taylor slopes and their pictures."""
from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest

from manifold_opt import Euclidean, Grassmann, Stiefel, SymplecticGrassmann, SymplecticStiefel, verify

matplotlib.use("Agg")

SPACES = [Stiefel(7, 3), Grassmann(7, 3), SymplecticStiefel(8, 4), SymplecticGrassmann(8, 4), Euclidean(4, 2)]


def problem(space: Any) -> tuple[Any, Any]:
    """A loss and its Euclidean gradient; on the Grassmann kinds a function of the subspace."""
    N = space.shape[0]
    M = np.random.default_rng(0).standard_normal((N, N))
    if getattr(space, "is_grassmann", False):
        def fun(Y: Any) -> Any:
            P = Y @ space.adjoint(Y)
            return np.sum(M * P)

        def grad(Y: Any) -> Any:
            return M @ space.adjoint(Y).T + space.adjoint(Y.T @ M)
        return fun, grad
    return (lambda Y: np.sum(M @ Y * Y) + np.sum(np.sin(Y))), (lambda Y: (M + M.T) @ Y + np.cos(Y))


@pytest.mark.parametrize("space", SPACES)
def test_right_gradient_passes(space: Any) -> None:
    fun, grad = problem(space)
    Y = space.random_point(np.random.default_rng(1))
    report = verify.check_gradient(space, fun, grad, Y)
    assert report, str(report)
    assert all(1.9 < slope.slope < 3.2 for slope in report.slopes)
    riemannian = verify.check_gradient(space, fun, space.riemannian_gradient(Y, grad(Y)), Y, riemannian=True)
    assert riemannian, str(riemannian)


@pytest.mark.parametrize("space", SPACES[:4])
def test_euclidean_gradient_is_no_riemannian_gradient(space: Any) -> None:
    fun, grad = problem(space)
    Y = space.random_point(np.random.default_rng(1))
    assert not verify.check_gradient(space, fun, grad, Y, riemannian=True)


def test_slope_of_a_wrong_gradient_is_one() -> None:
    space = SPACES[0]
    fun, grad = problem(space)
    Y = space.random_point(np.random.default_rng(1))
    report = verify.check_gradient(space, fun, lambda Y: 1.1 * grad(Y), Y)
    assert report.failed == {"gradient: directional derivative", "gradient: Taylor slope"}
    assert all(slope.slope < 1.3 for slope in report.slopes)


def test_nearly_right_gradient_has_a_good_slope_and_fails_all_the_same() -> None:
    """What a picture of the slope would pass: the derivative is wrong by a part in a hundred million."""
    space = SPACES[0]
    fun, grad = problem(space)
    Y = space.random_point(np.random.default_rng(1))
    report = verify.check_gradient(space, fun, lambda Y: (1 + 1e-8) * grad(Y), Y)
    assert "gradient: directional derivative" in report.failed


def test_float32_gradient() -> None:
    space = SPACES[0]
    fun, grad = problem(space)
    Y = space.random_point(np.random.default_rng(1), dtype=np.float32)
    assert verify.check_gradient(space, fun, lambda Y: grad(Y).astype(np.float32), Y)
    assert not verify.check_gradient(space, fun, lambda Y: 1.05 * grad(Y).astype(np.float32), Y)


def test_linear_loss_has_no_remainder() -> None:
    report = verify.check_gradient(Euclidean(3), lambda Y: np.sum(Y), np.ones(3), np.zeros(3))
    assert report and all(np.isinf(slope.slope) for slope in report.slopes)
    assert not verify.check_gradient(Euclidean(3), lambda Y: np.sum(Y), np.array([1.0, 1.0, 1.001]), np.zeros(3))


def test_gradient_arguments() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        verify.check_gradient(Stiefel(4, 2), np.sum, np.ones((4, 1)), np.eye(4, 2))

    class NoRetraction:
        shape = (2,)

        def random_point(self, rng: Any) -> Any:
            return np.zeros(2)
    with pytest.raises(TypeError, match="must offer geodesic or cayley"):
        verify.check_gradient(NoRetraction(), np.sum, np.ones(2), np.zeros(2))


@pytest.mark.parametrize("space", SPACES[:4])
@pytest.mark.parametrize(("name", "order"), [("geodesic", None), ("cayley", 2)])
def test_retractions_of_the_library(space: Any, name: str, order: int | None) -> None:
    report = verify.check_retraction(space, name, order=order)
    assert report, str(report)
    assert 1.8 < report.slopes[0].slope < 2.5


def test_cayley_is_not_of_third_order() -> None:
    report = verify.check_retraction(Stiefel(7, 3), "cayley", order=3)
    assert report.failed == {"cayley: follows the geodesic to order 3"}


def test_polar_retraction_of_a_user() -> None:
    def polar(Y: Any, Delta: Any) -> Any:
        U, _, V = np.linalg.svd(Y + Delta, full_matrices=False)
        return U @ V
    assert verify.check_retraction(Stiefel(7, 3), polar, order=1)
    assert verify.check_retraction(Grassmann(7, 3), polar, order=2)
    assert not verify.check_retraction(Stiefel(7, 3), lambda Y, Delta: polar(Y, 2 * Delta))
    assert "retraction: stays on the space" in verify.check_retraction(Stiefel(7, 3), np.add).failed


def test_fit_slope() -> None:
    t = 2.0 ** -np.arange(30)
    slope = verify.fit_slope(t, 3 * t**2 + 1e-15, 1e-12)
    assert slope and abs(slope.slope - 2) < 1e-2 and slope.window[0] ** 2 * 3 > 1e-12
    assert not verify.fit_slope(t, 3 * t, 1e-12)
    assert not verify.fit_slope(t, np.where(t < 1e-3, np.nan, t), 1e-12)
    assert verify.fit_slope(t, 0 * t, 1e-12).slope == np.inf
    with pytest.raises(ValueError, match="of one shape"):
        verify.fit_slope(t, t[1:], 1e-12)


def test_small_linear_term_is_seen_below_the_quadratic_one() -> None:
    """A wrong derivative of 1e-6 makes the remainder linear at small steps, where the window is."""
    assert not verify.taylor_slope(np.exp, 1 + 1e-6)
    assert verify.taylor_slope(np.exp, 1.0)


def test_pictures() -> None:
    report = verify.check_retraction(Stiefel(5, 2), "cayley")
    ax = report.draw()
    assert ax.get_xscale() == "log" and len(ax.get_lines()) >= 3
    assert any("fitted slope" in text.get_text() for text in ax.get_legend().get_texts())
    matplotlib.pyplot.close(ax.figure)
    with pytest.raises(ValueError, match="must hold slopes"):
        verify.run(Stiefel(5, 2), identities=["point: on the space"]).draw()
