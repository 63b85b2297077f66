"""minimize: conventions of SciPy, every reason to stop, every space."""
import numpy as np
import pytest
import scipy.optimize

from manifold_opt import (Adam, AdamWithDecay, BFGS, Euclidean, Gradient, Grassmann, Momentum, Product, Stiefel,
                          SymplecticGrassmann, SymplecticStiefel, minimize)

M = np.diag(np.arange(1.0, 9.0))


def trace(Y):
    return np.trace(Y.T @ M @ Y), 2 * M @ Y


def start(space=Grassmann(8, 2), seed=0):
    options = {"condition": 2.0} if "Symplectic" in type(space).__name__ else {}
    return space.random_point(np.random.default_rng(seed), **options)


@pytest.mark.parametrize("space, optimum", [(Grassmann(8, 2), 3.0), (Stiefel(8, 2), 3.0), (Stiefel(8, 8), 36.0),
                                            (Stiefel(8, 1), 1.0)], ids=str)
def test_bfgs_finds_eigenvalues(space, optimum):
    result = minimize(trace, start(space), space, jac=True, tol=1e-8)
    assert isinstance(result, scipy.optimize.OptimizeResult)
    assert result.success and result.status == 0 and "gradient" in result.message
    assert abs(result.fun - optimum) < 1e-13 * optimum and result.grad_norm <= 1e-8
    assert result.point_defect < 1e-14 and result.nfev == result.njev >= result.nit + 1
    np.testing.assert_array_equal(result.jac, 2 * M @ result.x)
    np.testing.assert_array_equal(result.grad, space.riemannian_gradient(result.x, result.jac))


@pytest.mark.parametrize("space", [SymplecticStiefel(8, 2), SymplecticStiefel(8, 8)], ids=str)
def test_bfgs_on_symplectic_spaces(space):
    optimum = 2 * np.sqrt(np.array([5.0, 12.0, 21.0, 32.0]))[:space.shape[1] // 2].sum()
    result = minimize(trace, start(space), space, jac=True, tol=1e-7)
    assert result.success and abs(result.fun - optimum) < 1e-13 * optimum and result.point_defect < 1e-13


def test_bfgs_on_symplectic_grassmann_with_complex_steps():
    space = SymplecticGrassmann(6, 2)
    rng = np.random.default_rng(0)
    U0 = space.random_point(rng, condition=2.0)
    X = U0 @ rng.normal(size=(2, 10))

    def residual(U):
        R = X - U @ (space.adjoint(U) @ X)
        return np.sum(R * R)

    result = minimize(residual, start(space, 1), space, jac="cs", tol=1e-8)
    assert result.success and result.fun < 1e-14


@pytest.mark.parametrize("method", ["adam_with_decay", AdamWithDecay(2000, 0.1, 1e-8), Adam(1e-3), Momentum(1e-2, 0.9),
                                    "BFGS", BFGS()], ids=str)
def test_every_kind_of_method(method):
    result = minimize(trace, start(), Grassmann(8, 2), jac=True, method=method, max_iter=2000, tol=1e-6)
    assert abs(result.fun - 3.0) < 1e-4 and result.success == (result.grad_norm <= 1e-6) == (result.status == 0)


def test_agrees_with_scipy_on_a_vector_space():
    x0 = np.array([-1.2, 1.0, 0.7])
    fun, jac = scipy.optimize.rosen, scipy.optimize.rosen_der
    ours, theirs = minimize(fun, x0, Euclidean(3), jac=jac), scipy.optimize.minimize(fun, x0, jac=jac)
    np.testing.assert_allclose(ours.x, 1, atol=1e-8)
    assert ours.success and ours.fun <= theirs.fun + 1e-15 and ours.nfev < 3 * theirs.nfev


def test_trees_products_and_a_random_start():
    spaces = {"Y": Stiefel(8, 2), "x": [Euclidean(3), Euclidean()]}

    def fun(params):
        value, gradient = trace(params["Y"])
        x, c = params["x"]
        return value + np.sum((x - 1) ** 2) + (c - value) ** 2, {
            "Y": gradient * (1 - 2 * (c - value)), "x": [2 * (x - 1), np.asarray(2 * (c - value))]}

    for space in (spaces, Product(spaces)):
        result = minimize(fun, None, space, jac=True, rng=np.random.default_rng(0))
        assert result.success and abs(result.fun - 3) < 1e-12
        assert abs(result.x["x"][1] - 3) < 1e-6 and set(result.grad) == {"Y", "x"}


def test_a_stack_is_one_problem():
    result = minimize(lambda Y: (np.trace(np.swapaxes(Y, -1, -2) @ M @ Y, axis1=-2, axis2=-1).sum(), 2 * M @ Y),
                      Grassmann(8, 2).random_point(np.random.default_rng(0), (3,)), Grassmann(8, 2), jac=True)
    assert result.success and abs(result.fun - 9.0) < 1e-12 and result.x.shape == (3, 8, 2)


@pytest.mark.parametrize("retraction", ["geodesic", "cayley"])
def test_single_precision_and_retractions(retraction):
    small = M.astype(np.float32)
    result = minimize(lambda Y: (np.trace(Y.T @ small @ Y), 2 * small @ Y), start().astype(np.float32), Grassmann(8, 2),
                      jac=True, retraction=retraction)
    assert result.success and result.x.dtype == np.float32 and abs(result.fun - 3) < 1e-5


def test_further_arguments_and_complex_steps():
    by_hand = minimize(lambda Y, c: c * trace(Y)[0], start(), Grassmann(8, 2), args=(2.0,),
                       jac=lambda Y, c: c * trace(Y)[1])
    by_steps = minimize(lambda Y, c: c * trace(Y)[0], start(), Grassmann(8, 2), args=(2.0,), jac="cs")
    assert by_steps.success and by_steps.fun == pytest.approx(by_hand.fun, rel=1e-13) == 6.0
    assert by_steps.nit == pytest.approx(by_hand.nit, abs=2)


# ---- reasons to stop

def test_starting_at_the_optimum():
    result = minimize(trace, np.eye(8, 2), Grassmann(8, 2), jac=True)
    assert result.success and result.nit == 0 and result.nfev == 1


@pytest.mark.parametrize("method", ["bfgs", Adam()])
def test_maximum_of_iterations(method):
    result = minimize(trace, start(), Grassmann(8, 2), jac=True, method=method, max_iter=3)
    assert not result.success and result.status == 1 and result.nit == 3 and "maximum number" in result.message


def test_wrong_gradient_ends_the_line_search():
    result = minimize(lambda Y: (trace(Y)[0], -trace(Y)[1]), start(), Grassmann(8, 2), jac=True)
    assert not result.success and result.status == 2 and "gradient wrong" in result.message
    np.testing.assert_array_equal(result.x, start())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_loss_that_is_not_finite_returns_the_last_good_point(bad, where):
    seen = []

    def fun(Y):
        seen.append(Y.copy())
        value, gradient = trace(Y)
        if len(seen) > 4:
            value, gradient = (bad, gradient) if where == "loss" else (value, bad * gradient)
        return value, gradient

    result = minimize(fun, start(), Grassmann(8, 2), jac=True, method=Adam(1e-2))
    assert not result.success and result.status == 3 and "not finite" in result.message
    np.testing.assert_array_equal(result.x, seen[3])
    assert result.fun == trace(seen[3])[0] and result.nit == 3
    seen.clear()
    result = minimize(fun, start(), Grassmann(8, 2), jac=True)
    assert not result.success and result.status == 3 and np.isfinite(result.fun)
    np.testing.assert_array_equal(result.x, seen[3])


def test_not_finite_at_the_start():
    result = minimize(lambda Y: (np.nan, Y), start(), Grassmann(8, 2), jac=True)
    assert not result.success and result.status == 3 and result.nit == 0
    np.testing.assert_array_equal(result.x, start())


def test_bfgs_steps_around_a_region_without_values():
    """log of a coordinate: trial points beyond its domain shorten the step."""
    def fun(x):
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sum(x - np.log(x)), 1 - 1 / x

    result = minimize(fun, np.array([0.01, 5.0]), Euclidean(2), jac=True, method=BFGS(max_norm=100.0))
    assert result.success and np.allclose(result.x, 1, atol=1e-7)


def test_undefined_retraction_returns_the_last_good_point():
    space = SymplecticStiefel(4, 2)
    E = space.canonical_point()
    dL = np.zeros((4, 2))
    dL[0, 0], dL[2, 1] = -1.0, 1.0
    result = minimize(lambda Y: (np.sum(dL * Y), dL), E, space, jac=True, method=Gradient(1.0))
    assert not result.success and result.status == 4 and "retraction" in result.message
    np.testing.assert_array_equal(result.x, E)


def test_callbacks_of_both_kinds_and_stop_iteration():
    values = []

    def by_name(intermediate_result):
        values.append(intermediate_result.fun)
        if len(values) == 3:
            raise StopIteration

    result = minimize(trace, start(), Grassmann(8, 2), jac=True, callback=by_name)
    assert result.status == 99 and not result.success and result.nit == 3 and result.fun == values[-1]
    assert values == sorted(values, reverse=True)
    points = []
    result = minimize(trace, start(), Grassmann(8, 2), jac=True, callback=points.append)
    assert len(points) == result.nit
    np.testing.assert_array_equal(points[-1], result.x)


# ---- wrong arguments

@pytest.mark.parametrize("change, error, message", [
    ({"jac": None}, ValueError, "jac must be a callable, True .* or 'cs' .*: got None; finite differences"),
    ({"jac": "2-point"}, ValueError, "got '2-point'"),
    ({"method": "newton"}, ValueError, "method must be one of bfgs, adam, adam_w, momentum, gradient, adam_with_decay"),
    ({"method": Adam}, TypeError, "method must be a name or a Method"),
    ({"fun": 3}, TypeError, "fun must be callable: got int"), ({"tol": -1.0}, ValueError, "tol must be finite"),
    ({"tol": np.nan}, ValueError, "tol must be finite"),
    ({"max_iter": -1}, ValueError, "max_iter must be at least 0: got -1"),
    ({"max_iter": 2.5}, TypeError, "max_iter must be an integer"),
    ({"callback": 3}, TypeError, "callback must be callable"),
    ({"x0": None}, ValueError, "x0 must be a point, or None together with a generator"),
    ({"x0": [[1.0]]}, ValueError, "x0 must have the structure of space: at the root a leaf"),
    ({"x0": np.ones((8, 2))}, ValueError, r"x0 must satisfy Y\*Y = I"),
    ({"x0": np.full((8, 2), np.nan)}, ValueError, "x0 must be finite"),
    ({"x0": np.eye(8, 3)}, ValueError, "must have shape"),
    ({"space": Grassmann}, TypeError, "spaces must be homogeneous spaces: got the class Grassmann"),
    ({"section": "reflector"}, ValueError, "section must be transported with BFGS"),
    ({"retraction": "qr"}, ValueError, "retraction must be one of"),
    ({"fun": lambda Y: trace(Y)[0], "jac": lambda Y: Y[0]}, ValueError, r"gradient must have shape \(8, 2\): got"),
    ({"jac": lambda Y: trace(Y)[1]}, TypeError, "got a tuple; if it holds loss and gradient, give jac=True"),
    ({"fun": lambda Y: trace(Y)[0], "jac": True}, TypeError, "fun must return the pair of loss and gradient"),
    ({"fun": lambda Y: (Y, Y)}, TypeError, r"fun must return a real number: got float64 of shape \(8, 2\)")])
def test_wrong_arguments(change, error, message):
    arguments = {"fun": trace, "x0": start(), "space": Grassmann(8, 2), "jac": True, **change}
    with pytest.raises(error, match=message):
        minimize(arguments.pop("fun"), arguments.pop("x0"), arguments.pop("space"), **arguments)
