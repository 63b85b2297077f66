"""The optimizer: trees, stacks, explicit state, storage bit for bit, restoration, errors that change nothing."""
import copy
import io

import numpy as np
import pytest
from geometry_cases import SPACES

from manifold_opt import (Adam, AdamWithDecay, BFGS, Euclidean, Gradient, Grassmann, Momentum, Optimizer, Stiefel,
                          SymplecticStiefel)
from manifold_opt.arrays.trees import leaves, map_tree
from manifold_opt.optimizers import Method
from manifold_opt.sections import RetractionError

METHODS = [Gradient(1e-2), Momentum(1e-2, 0.9), Adam(1e-2), AdamWithDecay(20, 1e-2, 1e-3), BFGS(0.1)]
TREE = {"Q": Stiefel(6, 2), "deep": [Grassmann(5, 2), SymplecticStiefel(6, 2)], "b": Euclidean(3), "c": Euclidean()}


def problem(spaces, seed=0, dtype=np.float64, batch=()):
    """Start and a generator of gradients that depend on the point."""
    rng = np.random.default_rng(seed)
    params = map_tree(lambda space: space.random_point(rng, batch, dtype), spaces)
    weights = map_tree(lambda Y: rng.normal(size=Y.shape).astype(dtype), params)
    return params, lambda params: map_tree(lambda Y, C: np.asarray(0.1 * (C + Y), dtype), params, weights)


def train(optimizer, params, gradient, steps, state=None):
    state = state or optimizer.init(params)
    for _ in range(steps):
        params, state = optimizer.step(params, gradient(params), state)
    return params, state


def assert_identical(one, other):
    for (path, x), (_, y) in zip(leaves(one), leaves(other), strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y, err_msg=path)


def snapshot(optimizer, state):
    return {name: np.copy(array) for name, array in optimizer.save_state(state).items()}


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_tree_is_stepped_leaf_by_leaf(method, dtype):
    params, gradient = problem(TREE, dtype=dtype)
    whole, _ = train(Optimizer(method, TREE), params, gradient, 3)
    for (path, space), (_, Y), (_, dL), (_, result) in zip(leaves(TREE), leaves(params), leaves(gradient(params)),
                                                           leaves(whole)):
        assert result.dtype == dtype and result.shape == Y.shape
        single, _ = train(Optimizer(method, space), Y, lambda Z, Y=Y, dL=dL: np.asarray(dL + dtype(0.1) * (Z - Y)), 3)
        np.testing.assert_allclose(result, single, rtol=0, atol=2000 * np.finfo(dtype).eps, err_msg=path)


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("section", ["transported", "reflector"])
def test_every_method_on_every_space_keeps_the_point_on_it(space, method, section):
    if section == "reflector" and "Symplectic" in type(space).__name__:
        return
    params, gradient = problem(space, batch=(2,))
    Y, state = train(Optimizer(method, space, section=section), params, gradient, 5)
    space.check_point(Y)
    assert Y.shape == params.shape and state.t == 5
    if space.dimension:
        assert not np.array_equal(Y, params)


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_stored_state_resumes_bit_for_bit(method, section, dtype):
    spaces = {key: TREE[key] for key in ("Q", "b", "c")} if section == "reflector" else TREE
    params, gradient = problem(spaces, dtype=dtype)
    optimizer = Optimizer(method, spaces, section=section, restore=4)
    half, state = train(optimizer, params, gradient, 5)
    expected, _ = train(optimizer, half, gradient, 6, state)
    file = io.BytesIO()
    np.savez(file, **optimizer.save_state(state))
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = Optimizer(method, spaces, section=section, restore=4).load_state(stored)
    resumed, _ = train(optimizer, half, gradient, 6, loaded)
    assert_identical(resumed, expected)


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("size", [3, 40])
def test_a_stack_equals_its_members(method, section, size):
    """A large stack of small matrices takes other ways than a single matrix."""
    optimizer = Optimizer(method, space := Stiefel(6, 2), section=section)
    params, gradient = problem(space, batch=(size,))
    start = gradient(params)
    whole, _ = train(optimizer, params, lambda Y: start, 4)
    for i in (0, 1, size - 1):
        single, _ = train(optimizer, params[i], lambda Y, i=i: start[i], 4)
        np.testing.assert_allclose(whole[i], single, atol=1e-13)


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_overwriting_takes_the_same_steps_and_leaves_points_and_gradients_alone(method, dtype):
    params, gradient = problem(TREE, dtype=dtype)
    optimizer = Optimizer(method, TREE, restore=3)
    expected, pure = train(optimizer, params, gradient, 5)
    state = optimizer.init(params)
    for _ in range(5):
        grads = gradient(params)
        kept, before = copy.deepcopy((params, grads)), params
        params, state = optimizer.step(params, grads, state, overwrite=True)
        assert_identical(before, kept[0])
        assert_identical(grads, kept[1])
    # products in pieces round differently
    for (path, Y), (_, Z) in zip(leaves(params), leaves(expected)):
        np.testing.assert_allclose(Y, Z, rtol=0, atol=2000 * np.finfo(dtype).eps, err_msg=path)
    assert state.t == pure.t


def test_overwriting_takes_no_new_memory_for_moments_and_complement():
    space = Stiefel(40, 3)
    params, gradient = problem(space, batch=(5,))
    optimizer = Optimizer(Adam(), space)
    state = optimizer.init(params)
    _, new = optimizer.step(params, gradient(params), state, overwrite=True)
    assert np.shares_memory(new.sections[""].Y_perp, state.sections[""].Y_perp)
    assert all(np.shares_memory(new.moments[""][name].B, state.moments[""][name].B) for name in ("B1", "B2"))


def test_nothing_is_changed_in_place():
    params, gradient = problem(TREE)
    optimizer = Optimizer(Adam(), TREE, restore=1)
    state = optimizer.init(params)
    grads = gradient(params)
    kept = copy.deepcopy((params, grads)), snapshot(optimizer, state)
    optimizer.step(params, grads, state)
    assert_identical(params, kept[0][0])
    assert_identical(grads, kept[0][1])
    assert_identical(optimizer.save_state(state), kept[1])


def test_restoration_comes_every_so_many_steps():
    space = Stiefel(6, 2)
    params, gradient = problem(space)
    results = {restore: train(Optimizer(Adam(1e-2), space, restore=restore), params, gradient, 3)[0]
               for restore in (None, 3, 4)}
    np.testing.assert_array_equal(results[None], results[4])
    assert not np.array_equal(results[None], results[3])
    np.testing.assert_allclose(results[None], results[3], atol=1e-14)


# ---- errors

@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_names_the_parameter_and_changes_nothing(value):
    params, gradient = problem(TREE)
    optimizer = Optimizer(Adam(), TREE)
    params, state = train(optimizer, params, gradient, 2)
    before = copy.deepcopy(params), snapshot(optimizer, state)
    grads = gradient(params)
    grads["deep"][0][1, 0] = value
    with pytest.raises(ValueError, match=r"gradient of 'deep.0' must be finite: got 1 .* index \(1, 0\)"):
        optimizer.step(params, grads, state)
    assert_identical(params, before[0])
    assert_identical(optimizer.save_state(state), before[1])


@pytest.mark.parametrize("change, error, message", [
    (lambda g: {**g, "b": g["b"][:2]}, ValueError, r"gradient of 'b' must have shape \(3,\) .*: got \(2,\)"),
    (lambda g: {**g, "b": g["b"].astype(np.float32)}, ValueError, "gradient of 'b' must have .*float64: got .*float32"),
    (lambda g: {**g, "b": [1.0]}, ValueError, "grads must have the structure of spaces: at 'b'"),
    (lambda g: {**g, "b": 1.0}, TypeError, "gradient of 'b' must be a NumPy array"),
    (lambda g: {k: g[k] for k in ("Q", "b", "c")}, ValueError, "grads must have the structure of spaces: at the root"),
    (lambda g: {**g, "deep": g["deep"][:1]}, ValueError, "at 'deep' a list of 2 meets a list of 1")])
def test_gradients_that_do_not_match(change, error, message):
    params, gradient = problem(TREE)
    optimizer = Optimizer(Adam(), TREE)
    with pytest.raises(error, match=message):
        optimizer.step(params, change(gradient(params)), optimizer.init(params))


def test_parameters_must_be_those_of_the_state():
    params, gradient = problem(TREE)
    optimizer = Optimizer(Adam(), TREE)
    state = optimizer.init(params)
    with pytest.raises(ValueError, match="parameter 'b' must be that of the state"):
        optimizer.step({**params, "b": params["b"] + 1}, gradient(params), state)


@pytest.mark.parametrize("change, error, message", [
    (lambda p: {**p, "Q": 1.01 * p["Q"]}, ValueError, r"parameter 'Q' must satisfy Y\*Y = I: defect 2.8e-02"),
    (lambda p: {**p, "Q": np.full((6, 2), np.nan)}, ValueError, "parameter 'Q' must be finite"),
    (lambda p: {**p, "Q": p["Q"][:5]}, ValueError, r"parameter 'Q' must have shape \(\.\.\., 6, 2\): got \(5, 2\)"),
    (lambda p: {**p, "b": np.arange(3)}, TypeError, "parameter 'b' must be of dtype .*: got int"),
    (lambda p: {**p, "extra": p["b"]}, ValueError, "params must have the structure of spaces")])
def test_parameters_that_are_no_points(change, error, message):
    params, _ = problem(TREE)
    with pytest.raises(error, match=message):
        Optimizer(Adam(), TREE).init(change(params))


@pytest.mark.parametrize("arguments, error, message", [
    ((Adam, TREE), TypeError, r"method must be a Method such as Adam\(\): got"),
    (("adam", TREE), TypeError, "got str"),
    ((Adam(), {"Q": Stiefel}), TypeError, "spaces must be homogeneous spaces: got the class Stiefel at 'Q'"),
    ((Adam(), TREE, "qr"), ValueError, "retraction must be one of cayley, geodesic, cayley_factor: got 'qr'"),
    ((Adam(), TREE, "cayley", "qr"), ValueError, "section must be one of transported, reflector: got 'qr'"),
    ((Adam(), TREE, "cayley", "transported", 0), ValueError, r"restore \(steps, or None\) must be at least 1"),
    ((Adam(), TREE, "cayley", "transported", 1.5), TypeError, r"restore \(steps, or None\) must be an integer"),
    ((Adam(), {"a.b": Euclidean(), "a": {"b": Euclidean()}}), ValueError, "names of parameters must differ"),
    ((Adam(), {"a/b": Euclidean()}), ValueError, "hold no '/'")])
def test_impossible_optimizers(arguments, error, message):
    with pytest.raises(error, match=message):
        Optimizer(*arguments)


def test_an_undefined_retraction_names_the_parameter_and_changes_nothing():
    spaces = {"b": Euclidean(2), "M": SymplecticStiefel(4, 2)}
    params = {"b": np.zeros(2), "M": SymplecticStiefel(4, 2).canonical_point()}
    grads = {"b": np.ones(2), "M": np.zeros((4, 2))}
    grads["M"][0, 0], grads["M"][2, 1] = -1.0, 1.0
    optimizer = Optimizer(Gradient(1.0), spaces)
    state = optimizer.init(params)
    assert state.sections["M"].lift_gradient(grads["M"]).A[0, 0] == -2.0
    before = copy.deepcopy(params), snapshot(optimizer, state)
    with pytest.raises(RetractionError, match="parameter 'M': the Cayley transform is undefined where 2 is an eigenv"):
        optimizer.step(params, grads, state)
    assert_identical(params, before[0])
    assert_identical(optimizer.save_state(state), before[1])
    with pytest.raises(RetractionError, match="parameter 'M': the exponential overflows float64"):
        fast = Optimizer(Gradient(1e4), spaces, retraction="geodesic")
        fast.step(params, grads, fast.init(params))


def test_an_overflowing_step_of_a_vector_names_the_parameter():
    optimizer = Optimizer(Gradient(1e300), {"b": Euclidean(2)})
    params = {"b": np.full(2, -1.5e308)}
    with pytest.raises(RetractionError, match="parameter 'b': the step of length .* overflows float64; take"):
        optimizer.step(params, {"b": np.full(2, 1e8)}, optimizer.init(params))


def without(key):
    return lambda a: {k: v for k, v in a.items() if k != key}


def changed(key, change):
    return lambda a: {**a, key: change(a[key])}


def with_one(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize("change, message", [
    (without("moment/Q/B1/A"), "stored state of parameter 'Q' must hold the array 'moment/Q/B1/A'"),
    (without("section/Q/Y"), "stored section of parameter 'Q' must hold the array 'Y': got"),
    (without("section/Q/Y_perp"), "stored section of parameter 'Q' must hold the array 'Y_perp': got"),
    (without("t"), "stored state must hold 't'"), (without("method"), "stored state must hold 'method'"),
    (without("steps/b"), "stored steps of parameter 'b' must be one integer: got None"),
    (changed("moment/Q/B1/B", lambda B: B[:2]), "stored array 'moment/Q/B1/B' must have shape"),
    (changed("section/Q/Y", lambda Y: Y[:2]), "stored section of parameter 'Q': stored Y must have shape"),
    (changed("section/Q/Y", lambda Y: 1.01 * Y), r"stored parameter 'Q' must satisfy Y\*Y = I: defect"),
    (changed("section/Q/Y_perp", lambda Y: 1.01 * Y), "section of parameter 'Q' must lie in the group: defect"),
    (changed("section/Q/Y_perp", lambda Y: with_one(Y, (0, 0), np.nan)), "'section/Q/Y_perp' must be finite"),
    (changed("section/b/Y", lambda Y: with_one(Y, 0, np.inf)), "stored array 'section/b/Y' must be finite"),
    (changed("moment/Q/B2/B", lambda B: with_one(B, (0, 0), np.nan)), "stored array 'moment/Q/B2/B' must be finite"),
    (changed("moment/b/B2/B", lambda B: B.astype(np.float32)), "float64: got .*float32"),
    (changed("t", lambda t: -t - 1), "stored t must not be negative: got -3"),
    (changed("t", lambda t: 2.0), "stored t must be one integer: got 2.0"),
    (changed("t", lambda t: np.nan), "stored t must be one integer: got nan"),
    (changed("steps/b", lambda t: t + 5), "stored steps of parameter 'b' must be at most t = 2: got 7"),
    (changed("method", lambda name: np.array("Momentum")), "stored method must be Adam: got Momentum"),
    (changed("section", lambda name: np.array("reflector")), "stored section must be transported: got reflector"),
    (changed("space/Q", lambda space: np.array("Grassmann(6, 2)")),
     r"stored space of parameter 'Q' must be Stiefel\(6, 2\): got Grassmann\(6, 2\)"),
    (lambda a: {**a, "extra": np.zeros(2)}, "no more than this optimizer needs: got 'extra'"),
    (lambda a: {**a, "moment/Q/B3/A": np.zeros(2)}, "no more than this optimizer needs: got 'moment/Q/B3/A'"),
    (lambda a: {**a, "section/Q/O": np.eye(2)}, "stored section of parameter 'Q' must hold no array 'O'"),
    (lambda a: {**a, "section/more/Y": np.eye(2)}, "no parameter but those of this optimizer: got 'more'"),
    (lambda a: {k: v for k, v in a.items() if "/b" not in k}, "stored state must hold parameter 'b': it holds")])
def test_stored_states_that_do_not_fit(change, message):
    params, gradient = problem(TREE)
    optimizer = Optimizer(Adam(), TREE)
    stored = optimizer.save_state(train(optimizer, params, gradient, 2)[1])
    optimizer.load_state(stored)
    with pytest.raises(ValueError, match=message):
        optimizer.load_state(change(stored))


def test_a_method_of_ones_own():
    class Sign(Method):
        def init(self, G):
            return {}

        def update(self, G, moments, t):
            return G.map(lambda block: -0.1 * np.sign(block)), moments

    x, _ = train(Optimizer(Sign(), Euclidean(2)), np.zeros(2), lambda x: np.array([3.0, -4.0]), 2)
    np.testing.assert_allclose(x, [-0.2, 0.2])
