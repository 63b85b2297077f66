"""Gradient and retraction checks, Taylor slopes and their pictures."""
from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest

import manifold_opt
from manifold_opt import (Euclidean, Grassmann, Product, Stiefel, SymplecticGrassmann, SymplecticStiefel, minimize,
                          verify)

matplotlib.use("Agg")

SPACES = [Stiefel(7, 3), Grassmann(7, 3), SymplecticStiefel(8, 4), SymplecticGrassmann(8, 4), Euclidean(4, 2)]


def problem(space: Any) -> tuple[Any, Any]:
    """A loss and its Euclidean gradient; on the Grassmann kinds a function of the subspace."""
    N = space.shape[0]
    M = np.random.default_rng(0).standard_normal((N, N))
    if isinstance(space, (Grassmann, SymplecticGrassmann)):
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


QUADRATIC = np.diag(np.arange(1.0, 7.0))


def quadratic(Y: Any) -> Any:
    return np.sum(Y * (QUADRATIC @ Y))


def quadratic_gradient(Y: Any) -> Any:
    return 2 * QUADRATIC @ Y


@pytest.mark.parametrize("scale", [1.0, 1e-170, 1e-25, 1e160])
@pytest.mark.parametrize("exact", [True, False])
def test_solution(exact: bool, scale: float) -> None:
    """Where the gradient vanishes, exactly or to rounding, a right gradient is right and a wrong one wrong."""
    space = Stiefel(6, 2)
    Y = np.eye(6, 2) if exact else np.linalg.qr(np.eye(6, 2) @ [[0.8, -0.6], [0.6, 0.8]])[0]

    def loss(Y: Any) -> Any:
        return scale * quadratic(Y)

    def gradient(Y: Any) -> Any:
        return scale * quadratic_gradient(Y)
    for given in (gradient, gradient(Y), lambda Y: space.riemannian_gradient(Y, gradient(Y))):
        report = verify.check_gradient(space, loss, given, Y)
        assert report, str(report)
    for wrong in (lambda Y: -gradient(Y), lambda Y: 1.01 * gradient(Y), lambda Y: (1 + 1e-7) * gradient(Y),
                  np.zeros_like, lambda Y: gradient(Y) + scale * 1e-6, gradient(Y) + scale * 1e-6):
        assert "gradient" in str(verify.check_gradient(space, loss, wrong, Y).failed)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(6, 2), (6, 1), (6, 6), (6, 5)])
def test_what_minimize_returns(size: Any, seed: int) -> None:
    for space in (Stiefel(*size), Grassmann(*size)):
        Y = minimize(quadratic, None, space, jac=quadratic_gradient, rng=np.random.default_rng(seed)).x
        assert verify.check_gradient(space, quadratic, quadratic_gradient, Y)
        gradient = space.riemannian_gradient(Y, quadratic_gradient(Y))
        assert verify.check_gradient(space, quadratic, gradient, Y, riemannian=True)
        assert not verify.check_gradient(space, quadratic, gradient + 1e-6 * Y[::-1], Y, riemannian=True)


def test_constant_losses() -> None:
    space, Y = Stiefel(6, 2), Stiefel(6, 2).random_point(np.random.default_rng(0))
    one = np.eye(2)
    for loss, gradient in ((lambda Y: 3.0, np.zeros_like), (lambda Y: 0, np.zeros_like),
                           (lambda Y: np.sum(Y * Y), lambda Y: 2 * Y),
                           (lambda Y: np.sum((Y.T @ Y - one) ** 2), lambda Y: 4 * Y @ (Y.T @ Y - one))):
        assert verify.check_gradient(space, loss, gradient, Y)
        assert not verify.check_gradient(space, loss, lambda Y: gradient(Y) + 1e-6, Y)
    assert verify.check_gradient(Stiefel(1, 1), np.sum, np.ones((1, 1)), np.ones((1, 1)))


def test_zero_residual() -> None:
    """Least squares at a point that solves them: the loss itself is zero."""
    space, B = Stiefel(6, 2), Stiefel(6, 2).random_point(np.random.default_rng(0))
    assert verify.check_gradient(space, lambda Y: np.sum((Y - B) ** 2), lambda Y: 2 * (Y - B), B)
    assert not verify.check_gradient(space, lambda Y: np.sum((Y - B) ** 2), lambda Y: 3 * (Y - B), B)


def test_stack_of_points() -> None:
    space = Stiefel(6, 2)
    Y = space.random_point(np.random.default_rng(0), (2, 3))
    factor = np.ones((2, 3, 1, 1))
    assert verify.check_gradient(space, quadratic, quadratic_gradient, Y)
    factor[1, 2] += 1e-8
    assert not verify.check_gradient(space, quadratic, lambda Y: factor * quadratic_gradient(Y), Y)


@pytest.mark.parametrize("as_product", [True, False])
def test_tree_of_parameters(as_product: bool) -> None:
    """All that Optimizer takes; the failure names the parameter."""
    tree = {"Q": Stiefel(6, 2), "rest": [Euclidean(3), SymplecticGrassmann(6, 2)]}
    space, rng = Product(tree) if as_product else tree, np.random.default_rng(0)
    Y = Product(tree).random_point(rng)
    span_loss, span_gradient = problem(tree["rest"][1])

    def loss(Y: Any) -> Any:
        return quadratic(Y["Q"]) + np.sum(np.cos(Y["rest"][0])) + span_loss(Y["rest"][1])

    def gradient(Y: Any) -> Any:
        return {"Q": quadratic_gradient(Y["Q"]), "rest": [-np.sin(Y["rest"][0]), span_gradient(Y["rest"][1])]}

    def wrong(Y: Any) -> Any:
        right = gradient(Y)
        return {**right, "rest": [1.001 * right["rest"][0], right["rest"][1]]}
    report = verify.check_gradient(space, loss, gradient, Y)
    assert report, str(report)
    names = {record.identity for record in verify.check_gradient(space, loss, wrong, Y).failures}
    assert {name for name in names if " of " in name} == {"gradient: directional derivative of 'rest.0'"}
    riemannian = Product(tree).riemannian_gradient(Y, gradient(Y))
    assert verify.check_gradient(space, loss, riemannian, Y, riemannian=True)
    riemannian["Q"] = riemannian["Q"] + 1e-6 * Y["Q"]
    failed = verify.check_gradient(space, loss, riemannian, Y, riemannian=True).failed
    assert failed == {"gradient: tangent of 'Q'"}


def namespace(**arguments: Any) -> dict[str, Any]:
    return {**{name: getattr(manifold_opt, name) for name in manifold_opt.__all__}, "verify": verify, **arguments}


@pytest.mark.parametrize("riemannian", [False, True])
def test_line_of_a_failed_gradient_repeats_it(riemannian: bool) -> None:
    space, fun = {"Q": Stiefel(6, 2), "b": Product([Euclidean()])}, lambda Y: quadratic(Y["Q"]) + Y["b"][0] ** 2
    Y = {"Q": np.eye(6, 2)[::-1].copy(), "b": [np.array(0.3)]}

    def grad(Y: Any) -> Any:
        return {"Q": 1.01 * quadratic_gradient(Y["Q"]), "b": [2 * Y["b"][0]]}
    report = verify.check_gradient(space, fun, grad, Y, rng=np.random.default_rng(3), riemannian=riemannian)
    assert report.failures
    for record in report.failures:
        again = eval(record.reproduce, namespace(fun=fun, grad=grad, Y=Y))
        assert again.to_json() == report.to_json()


def test_line_of_a_failed_retraction_repeats_it() -> None:
    def retraction(Y: Any, Delta: Any) -> Any:
        return np.linalg.qr(Y + Delta)[0]
    given = verify.check_retraction(Stiefel(6, 2), retraction, rng=5, batch=(2,), order=1)
    named = verify.check_retraction(Stiefel(6, 2), "cayley", order=3, dtype=np.float64)
    for report in (given, named):
        assert report.failures
        for record in report.failures:
            again = eval(record.reproduce, namespace(retraction=retraction))
            assert again.to_json() == report.to_json()


def test_line_of_a_failed_run_repeats_it() -> None:
    """With retractions and identities of the user's own, which have no text."""
    retractions = {"cayley": lambda Y, Delta: np.linalg.qr(Y + Delta)[0]}
    identity = verify.Identity("mine", "Y = 0", "Y = 0", "here", lambda trial: trial.norm(trial.Y), verify.Bound(1))
    report = verify.run(Stiefel(6, 2), retractions=retractions, identities=["cayley: R(0) = Y", identity])
    assert report.failed == {"cayley: R(0) = Y", "mine"}
    for record in report:
        again = eval(record.reproduce, namespace(retractions=retractions, identity=identity))
        assert again.records[0] == record


def test_losses_that_write_into_their_argument_and_gradients_in_one_buffer() -> None:
    space = Stiefel(6, 2)
    Y, buffer = space.random_point(np.random.default_rng(0)), np.empty((6, 2))
    before = Y.copy()

    def careless(Y: Any) -> Any:
        value = quadratic(Y)
        Y *= 0
        return value

    def gradient(Y: Any) -> Any:
        buffer[...] = quadratic_gradient(Y)
        Y *= 0
        return buffer
    for retraction in (None, "cayley", lambda Y, Delta: space.cayley(Y, Delta) if Delta.any() else Y):
        report = verify.check_gradient(space, careless, gradient, Y, retraction=retraction)
        assert report, str(report)
    assert np.array_equal(Y, before)
    assert not verify.check_gradient(space, careless, lambda Y: 1.001 * gradient(Y), Y)
    line = verify.check_gradient(space, quadratic, -quadratic_gradient(Y), Y, retraction="cayley").failures[0].reproduce
    assert not eval(line, namespace(fun=quadratic, grad=-quadratic_gradient(Y), Y=Y))
    for wrong, message in (("qr", "the retraction 'qr'"), (3, "retraction must be a function")):
        with pytest.raises(TypeError, match=message):
            verify.check_gradient(space, quadratic, quadratic_gradient, Y, retraction=wrong)


def test_loss_that_is_no_number_everywhere_fails() -> None:
    space, Y = Stiefel(6, 2), Stiefel(6, 2).random_point(np.random.default_rng(0))
    for broken in (np.nan, np.inf):
        assert not verify.check_gradient(space, lambda Z: quadratic(Z) if np.array_equal(Y, Z) else broken,
                                         quadratic_gradient, Y)


@pytest.mark.parametrize(("fun", "grad", "Y", "error", "message"), [
    (lambda Y: Y, np.ones(2), np.zeros(2), TypeError, "fun must return a real number"),
    (lambda Y: 1j, np.ones(2), np.zeros(2), TypeError, "fun must return a real number"),
    (np.sum, np.array([1.0, np.nan]), np.zeros(2), ValueError, "gradient must be finite"),
    (np.sum, np.ones(2), np.array([0.0, np.inf]), ValueError, "Y must be finite"),
    (np.sum, np.ones(2), [0.0, 1.0], ValueError, "same structure"),
    (np.sum, np.ones(2), np.zeros((0, 2)), ValueError, "Y must have shape"),
    (np.sum, np.ones(2), np.zeros(2, int), TypeError, "Y must be")])
def test_gradient_border(fun: Any, grad: Any, Y: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        verify.check_gradient(Euclidean(2), fun, grad, Y)


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
