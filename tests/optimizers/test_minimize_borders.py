"""minimize as SciPy has it where nobody looks: arguments, callbacks, units of the loss, components of O(N)."""
import functools

import numpy as np
import pytest
import scipy.optimize
from scipy.spatial.transform import Rotation

from manifold_opt import (AdamWithDecay, BFGS, Euclidean, Grassmann, Product, Stiefel, SymplecticStiefel, minimize)
from manifold_opt.optimizers.components import component
from manifold_opt.optimizers.minimize import gradient_norm
from manifold_opt.optimizers.objective import difference_tolerance
from manifold_opt.optimizers.scaling import norm, total_norm

M = np.diag(np.arange(1.0, 7.0))
SPACE = Stiefel(6, 2)
START = SPACE.random_point(np.random.default_rng(1))


def trace(Y):
    return np.trace(Y.T @ M @ Y), 2 * M @ Y


# ---- arguments

@pytest.mark.parametrize("given", [2.0, np.array([2.0]), {"scale": 2.0}, "two", None, [2.0]], ids=repr)
def test_args_that_is_no_tuple_is_one_argument(given):
    seen = []
    minimize(lambda x, extra: (seen.append(extra), x @ x)[1], np.ones(3), Euclidean(3), max_iter=1, args=given,
             jac=lambda x, extra: (seen.append(extra), 2 * x)[1])
    assert seen and all(extra is given for extra in seen)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize("jac", [True, "cs"])
def test_losses_of_one_entry(shape, jac):
    def fun(x):
        value = np.reshape(np.sum(x * x), shape)
        return (value, 2 * x) if jac is True else value

    result = minimize(fun, np.ones(3), Euclidean(3), jac=jac)
    assert result.success and isinstance(result.fun, float) and result.fun < 1e-15


@pytest.mark.parametrize("value, message", [
    (None, "got NoneType"), ("1.0", "got str"), (np.ones(2), r"got float64 of shape \(2,\)"),
    ([1.0, 2.0], "got float64"),
    (1j, "got the complex number 1j"), (object(), "got object"), ({}, "got dict")])
def test_losses_that_are_no_real_number_name_fun(value, message):
    with pytest.raises(TypeError, match="fun must return a real number: " + message):
        minimize(lambda x: value, np.ones(3), Euclidean(3), jac=lambda x: x)


@pytest.mark.parametrize("gradient, error, message", [
    (None, TypeError, "gradient must be a NumPy array.*got NoneType"), (np.matrix(np.ones(3)), TypeError, "got matrix"),
    (np.ma.ones(3), TypeError, "got MaskedArray"), (np.ones(3, complex), TypeError, "gradient must be real"),
    (np.ones(3, ">f8"), TypeError, "gradient must be .*byte order"), (np.ones(3, int), TypeError, "got int64"),
    (np.ones((3, 1)), ValueError, r"gradient must have shape \(3,\)"), ([1.0, 1.0, 1.0], ValueError, "leaf .* list")])
def test_gradients_that_are_none(gradient, error, message):
    with pytest.raises(error, match=message):
        minimize(lambda x: (1.0, gradient), np.ones(3), Euclidean(3), jac=True)


@pytest.mark.parametrize("x0, error", [
    (np.ones(3, complex), TypeError), (np.matrix(np.ones((1, 3))), TypeError), (np.ma.ones(3), TypeError),
    (np.ones(3, ">f8"), TypeError), (np.ones(3, int), TypeError), (np.ones((3, 1)), ValueError), (2.0, TypeError),
    (np.array([1.0, np.nan, 0.0]), ValueError), ("x", TypeError)])
def test_starts_that_are_none(x0, error):
    with pytest.raises(error, match="x0"):
        minimize(lambda x: (1.0, x), x0, Euclidean(3), jac=True)


def test_seeds_generators_and_what_is_neither():
    results = [minimize(trace, None, SPACE, jac=True, rng=rng, max_iter=0).x
               for rng in (3, np.int64(3), np.random.default_rng(3))]
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
    for rng, error in (("3", TypeError), (True, TypeError), (-1, ValueError), (np.random.RandomState(3), TypeError)):
        with pytest.raises(error, match="rng must be"):
            minimize(trace, None, SPACE, jac=True, rng=rng)


@pytest.mark.parametrize("method", ["bfgs", "adam", "adam_w", "momentum", "gradient", "adam_with_decay"])
def test_no_iteration_at_all(method):
    x0 = np.array([1.0, 2.0, 3.0])
    ours = minimize(lambda x: (x @ x, 2 * x), x0, Euclidean(3), jac=True, method=method, max_iter=0)
    theirs = scipy.optimize.minimize(lambda x: (x @ x, 2 * x), x0, jac=True, options={"maxiter": 0})
    assert (ours.nit, ours.nfev, ours.success, ours.status) == (theirs.nit, theirs.nfev, theirs.success, theirs.status)
    np.testing.assert_array_equal(ours.x, theirs.x)
    assert minimize(lambda x: (x @ x, 2 * x), 0 * x0, Euclidean(3), jac=True, method=method, max_iter=0).success


@pytest.mark.parametrize("answer", [None, True, False, 1, np.ones(3), "stop"], ids=repr)
@pytest.mark.parametrize("by_name", [False, True])
def test_what_a_callback_returns_is_of_no_importance(answer, by_name):
    seen = []

    def plain(x):
        seen.append(x)
        return answer

    def named(*, intermediate_result):
        return plain(intermediate_result.x)

    result = minimize(trace, START, SPACE, jac=True, callback=named if by_name else plain)
    assert result.success and len(seen) == result.nit and seen[-1] is not result.x


def test_callbacks_without_a_signature_and_partial_ones():
    seen = []
    assert minimize(trace, START, SPACE, jac=True, callback=functools.partial(lambda a, x: seen.append(x), 1)).success
    pairs = {}
    assert minimize(trace, START, SPACE, jac=True, callback=pairs.update).success and seen and pairs


# ---- the unit of the loss

@pytest.mark.parametrize("dtype, scale", [("f8", 1e-170), ("f8", 1e-300), ("f8", 1e-100), ("f8", 1e160), ("f8", 1e300),
                                          ("f4", 1e-25), ("f4", 1e-35), ("f4", 1e25), ("f4", 1e35)])
@pytest.mark.parametrize("space", [Stiefel(6, 2), Grassmann(6, 2), Euclidean(3), SymplecticStiefel(4, 2)], ids=str)
def test_bfgs_finds_the_minimum_in_every_unit(dtype, scale, space):
    options = {"condition": 2.0} if isinstance(space, SymplecticStiefel) else {}
    Y = space.random_point(np.random.default_rng(0), dtype=dtype, **options)
    A = np.diag(np.arange(1.0, Y.shape[0] + 1)).astype(dtype)
    number = np.dtype(dtype).type(scale)

    def fun(Y):
        return scale * float(np.sum(Y * (A @ Y), dtype=float)), number * (2 * A @ Y)

    minimum = {"Stiefel": 3.0, "Grassmann": 3.0, "Euclidean": 0.0, "SymplecticStiefel": 2 * np.sqrt(3)}
    accuracy = 1e-6 if dtype == "f8" else 2e-3
    result = minimize(fun, Y, space, jac=True, tol=accuracy * scale)
    assert result.success and 0 < result.nit < 60 and 0 <= result.grad_norm <= accuracy * scale
    assert abs(result.fun / scale - minimum[type(space).__name__]) <= accuracy


@pytest.mark.parametrize("dtype, scale", [("f8", 1e-170), ("f8", 1e-300), ("f4", 1e-25), ("f4", 1e-35)])
@pytest.mark.parametrize("method", ["bfgs", "adam", "gradient"])
def test_a_loss_in_small_units_is_not_solved_at_the_start(dtype, scale, method):
    A, Y = M.astype(dtype), START.astype(dtype)
    result = minimize(lambda Y: (scale * float(np.sum(Y * (A @ Y))), (2 * A @ Y) * np.dtype(dtype).type(scale)), Y,
                      SPACE, jac=True, method=method, max_iter=100)
    if method == "bfgs":
        assert result.success and result.nit > 3 and result.fun == pytest.approx(3 * scale, rel=1e-5)
    else:
        assert not result.success and result.status == 1


@pytest.mark.parametrize("dtype, scale", [("f8", 1e160), ("f8", 1e300), ("f8", 1e-200), ("f4", 1e30), ("f4", 1e-30)])
@pytest.mark.parametrize("space", [Stiefel(6, 2), Grassmann(6, 2), Euclidean(6), SymplecticStiefel(4, 2)], ids=str)
def test_norms_of_gradients_neither_overflow_nor_underflow(dtype, scale, space):
    rng = np.random.default_rng(0)
    options = {"condition": 2.0} if isinstance(space, SymplecticStiefel) else {}
    Y = space.random_point(rng, dtype=dtype, **options)
    dL = rng.standard_normal(Y.shape).astype(dtype)
    grad = space.riemannian_gradient(Y, dL)
    expected = float(np.sqrt(space.metric(Y, grad, grad)))
    assert gradient_norm(space, Y, dL * np.dtype(dtype).type(scale)) == pytest.approx(scale * expected, rel=1e-5)
    assert total_norm([dL * np.dtype(dtype).type(scale)]) == pytest.approx(scale * np.linalg.norm(dL), rel=1e-5)
    np.testing.assert_allclose(norm(dL.reshape(2, -1) * np.dtype(dtype).type(scale)),
                               scale * np.linalg.norm(dL.reshape(2, -1), axis=-1), rtol=1e-5)


def test_a_point_off_the_manifold_has_no_norm():
    """The metric is negative there; zero would be success."""
    Y = 3 * np.eye(3, 2)
    assert SPACE.metric(*3 * [3 * np.eye(6, 2)]) < 0
    assert np.isnan(gradient_norm(Stiefel(3, 2), Y, np.array([[0.0, 1.0], [-2.0, 0.0], [0.0, 0.0]])))


# ---- components of O(N)

TARGET, ROTATION = np.diag([1.0, 1.0, -1.0]), Rotation.from_rotvec([0.3, -0.5, 0.7]).as_matrix()


def procrustes(Y):
    return 0.5 * np.sum((Y - TARGET) ** 2), Y - TARGET


@pytest.mark.parametrize("method", ["bfgs", AdamWithDecay(500, 0.1, 1e-5)], ids=str)
def test_the_result_names_the_component_and_both_are_tried_on_demand(method):
    space = Stiefel(3, 3)
    alone = minimize(procrustes, ROTATION, space, jac=True, method=method, max_iter=500)
    assert alone.component == 1 and alone.fun == pytest.approx(2.0) and np.linalg.det(alone.x) > 0
    both = minimize(procrustes, ROTATION, space, jac=True, method=method, max_iter=500, components="both")
    assert both.component == -1 and both.fun < 1e-6 and len(both.runs) == 2
    assert [run.component.item() for run in both.runs] == [1, -1] and both.nfev == both.runs[-1].nfev
    np.testing.assert_allclose(both.x, TARGET, atol=1e-3)


def test_components_of_stacks_and_products():
    spaces = {"R": Stiefel(3, 3), "Q": Stiefel(3, 2), "b": Euclidean(2)}

    def fun(x):
        value, gradient = procrustes(x["R"])
        return value + x["b"] @ x["b"], {"R": gradient, "Q": 0 * x["Q"], "b": 2 * x["b"]}

    start = {"R": ROTATION, "Q": np.eye(3, 2), "b": np.ones(2)}
    for space in (spaces, Product(spaces)):
        result = minimize(fun, start, space, jac=True, components="both")
        assert result.success and result.component == {"R": -1, "Q": None, "b": None} and len(result.runs) == 2
    stack = np.stack([ROTATION, -ROTATION])
    result = minimize(lambda Y: (0.5 * np.sum((Y - TARGET) ** 2), Y - TARGET), stack, Stiefel(3, 3), jac=True,
                      components="both")
    assert result.success and len(result.runs) == 4 and result.fun < 1e-12
    np.testing.assert_array_equal(result.component, [-1, -1])
    np.testing.assert_array_equal(stack, [ROTATION, -ROTATION])
    assert component(Grassmann(3, 3), np.eye(3)) is None


def test_too_many_components_and_unknown_choices():
    with pytest.raises(ValueError, match="components must be one of start, both: got 'all'"):
        minimize(procrustes, np.eye(3), Stiefel(3, 3), jac=True, components="all")
    with pytest.raises(ValueError, match="components must be 'start' for more than 3 members on O.N., .* x0 has 4"):
        minimize(procrustes, np.stack(4 * [np.eye(3)]), Stiefel(3, 3), jac=True, components="both")


def test_stop_iteration_ends_all_runs():
    def stop(x):
        raise StopIteration

    result = minimize(procrustes, ROTATION, Stiefel(3, 3), jac=True, components="both", callback=stop)
    assert result.status == 99 and result.nit == 1 and len(result.runs) == 1


# ---- thresholds

def test_velocities_of_bfgs_have_norm_one_by_default():
    assert BFGS().max_norm == 1.0
    space = Euclidean(2)
    G = space.tangent_space.element(np.array([30.0, 40.0]))
    W, _ = BFGS().update(G, BFGS().init(G), 1)
    np.testing.assert_allclose(W.B, [-0.6, -0.8])
    trials = []
    minimize(lambda x: (trials.append(np.linalg.norm(x - 10)), (x @ x, 2 * x))[1], np.full(2, 10.0), space, jac=True,
             max_iter=1)
    assert trials[1] == pytest.approx(1.0)


def test_the_check_of_complex_steps_has_the_documented_tolerance():
    h = np.finfo(float).eps ** (1 / 3)
    assert difference_tolerance(h, 1.0, 0.5, 0.1, 0.1) == pytest.approx(100 * h) == pytest.approx(6.1e-4, rel=0.01)
    assert difference_tolerance(h, 1.0, -3.0, 0.0, 0.0) == pytest.approx(300 * h)
    assert difference_tolerance(h, 1.0, 0.0, 2.0, -2.0) == pytest.approx(400 * h)

    def slightly_wrong(share):
        # the real part has the derivative 1, the imaginary part 1 + share
        return lambda x: np.sum(x.real) + 1j * (1 + share) * np.sum(x.imag) if np.iscomplexobj(x) else np.sum(x)

    x0 = np.array([0.1, 0.2, 0.3])
    assert minimize(slightly_wrong(1e-4), x0, Euclidean(3), jac="cs", max_iter=0).nit == 0
    with pytest.raises(ValueError, match="fun must be analytic"):
        minimize(slightly_wrong(5e-3), x0, Euclidean(3), jac="cs", max_iter=0)


def test_doublings_end_at_a_full_circle():
    """A linear loss on the circle that seems to fall for ever: no trial is longer than 2 pi."""
    lengths, space = [], Stiefel(2, 1)
    y0 = np.array([[1.0], [0.0]])
    angle = [0.0]

    def fun(Y):
        lengths.append(Y.copy())
        # the angle grows without end in the loss, as for a loss that is not a function of the point
        angle[0] -= 1.0
        return angle[0], np.array([[0.0], [1.0]]) * 1e-8

    result = minimize(fun, y0, space, jac=True, max_iter=1, tol=0.0)
    assert result.nfev < 40 and np.all(np.abs(np.linalg.norm(lengths, axis=1) - 1) < 1e-13)
