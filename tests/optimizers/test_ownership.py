"""Arrays are never shared with the caller: what comes in is copied where it is kept, what goes out is the caller's."""
import copy

import numpy as np
import pytest

from manifold_opt import Adam, BFGS, Euclidean, Gradient, Grassmann, Momentum, Optimizer, Stiefel, minimize
from manifold_opt.arrays.trees import leaves, map_tree
from manifold_opt.optimizers import AdamW, Method

SPACES = {"Q": Stiefel(6, 2), "R": Stiefel(3, 3), "deep": [Grassmann(5, 2)], "b": Euclidean(3), "c": Euclidean()}
M = np.diag(np.arange(1.0, 7.0))


class LastGradient(Method):
    """Keeps the gradient itself."""

    def init(self, like):
        return {"last": like.map(np.zeros_like)}

    def update(self, G, moments, t):
        return -0.1 * G + -0.05 * moments["last"], {"last": G}


METHODS = [Gradient(1e-2), Momentum(1e-2), Adam(1e-2), AdamW(1e-2), BFGS(0.1), LastGradient()]


def problem():
    rng = np.random.default_rng(0)
    params = map_tree(lambda space: space.random_point(rng), SPACES)
    return params, map_tree(lambda Y: rng.normal(size=Y.shape), params)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_caller_who_writes_everywhere_changes_nothing(method, section, overwrite):
    optimizer = Optimizer(method, SPACES, section=section, restore=2)
    params, grads = problem()
    calm, state = params, optimizer.init(params)
    for _ in range(5):
        calm, state = optimizer.step(calm, grads, state)
    params, state = map_tree(np.copy, params), optimizer.init(params)
    for _ in range(5):
        given, old = map_tree(np.copy, grads), params
        params, state = optimizer.step(params, given, state, overwrite=overwrite)
        saved, again = optimizer.save_state(state), optimizer.params(state)
        state = optimizer.load_state(saved)
        for array in [*saved.values(), *(Y for tree in (given, old, again) for _, Y in leaves(tree))]:
            array[...] = array.dtype.type(7)
    for (path, Y), (_, Z) in zip(leaves(params), leaves(calm)):
        np.testing.assert_allclose(Y, Z, rtol=0, atol=1e-13, err_msg=path)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: type(method).__name__)
def test_nothing_that_is_handed_out_shares_memory(method):
    optimizer = Optimizer(method, SPACES)
    params, grads = problem()
    state = optimizer.init(params)
    new, state = optimizer.step(params, grads, state)
    held = [array for parameter in (leaf for _, leaf in leaves(state.parameters))
            for array in [*parameter.section.to_arrays().values(),
                          *(block for moment in parameter.moments.values()
                            for block in ((moment.A, moment.B) if hasattr(moment, "A") else (moment,)))]]
    outside = [Y for tree in (params, grads, new, optimizer.params(state)) for _, Y in leaves(tree)]
    outside += list(optimizer.save_state(state).values())
    assert not any(np.shares_memory(x, y) for x in held for y in outside)
    assert all(Y.flags.writeable for _, Y in leaves(new))


@pytest.mark.parametrize("section", ["transported", "reflector"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_read_only_arrays_are_taken_everywhere(section, overwrite):
    optimizer = Optimizer(Adam(1e-2), SPACES, section=section, restore=1)
    params, grads = problem()

    def close(tree):
        for _, Y in leaves(tree):
            Y.flags.writeable = False

    close(params), close(grads)
    state = optimizer.init(params)
    for _ in range(3):
        params, state = optimizer.step(params, grads, state, overwrite=overwrite)
        close(params)
        saved = optimizer.save_state(state)
        close(saved)
        state = optimizer.load_state(saved)
    start = params["Q"]
    result = minimize(lambda Y: (np.trace(Y.T @ M @ Y), 2 * M @ Y), start, SPACES["Q"], jac=True)
    assert result.success and result.x.flags.writeable


@pytest.mark.parametrize("name", ["Q", "b", "c"])
@pytest.mark.parametrize("change", [lambda Y: np.multiply(Y, 1.05, out=Y), lambda Y: Y.fill(np.nan)])
def test_a_parameter_changed_in_place_is_an_error_that_names_it(name, change):
    optimizer = Optimizer(Adam(1e-2), SPACES)
    params, grads = problem()
    params, state = optimizer.step(params, grads, optimizer.init(params))
    change(params[name])
    with pytest.raises(ValueError, match=f"parameter '{name}' must be that of the state: it was changed"):
        optimizer.step(params, grads, state)


def test_the_points_of_a_state_cannot_be_written_to():
    optimizer = Optimizer(Adam(1e-2), SPACES)
    params, grads = problem()
    for state in (optimizer.init(params), optimizer.step(params, grads, optimizer.init(params))[1]):
        with pytest.raises(ValueError, match="read-only"):
            state.sections["Q"].point[...] = 0


def test_a_snapshot_stays_while_training_overwrites():
    optimizer = Optimizer(Adam(1e-2), SPACES)
    params, grads = problem()
    params, state = optimizer.step(params, grads, optimizer.init(params))
    saved = optimizer.save_state(state)
    kept = copy.deepcopy(saved)
    for _ in range(3):
        params, state = optimizer.step(params, grads, state, overwrite=True)
    for key in saved:
        np.testing.assert_array_equal(saved[key], kept[key], err_msg=key)
    state = optimizer.load_state(saved)
    optimizer.step(optimizer.params(state), grads, state, overwrite=True)
    for key in saved:
        np.testing.assert_array_equal(saved[key], kept[key], err_msg=key)


# ---- minimize

@pytest.mark.parametrize("method", ["bfgs", Adam(1e-2), Gradient(1e-2)], ids=str)
@pytest.mark.parametrize("jac", [True, "function", "cs"])
def test_minimize_is_immune_to_functions_that_write(method, jac):
    space = Stiefel(6, 2)
    x0 = space.random_point(np.random.default_rng(0))
    buffer = np.empty((6, 2))

    def gradient(Y):
        np.matmul(2 * M, Y, out=buffer)
        Y[...] = 7
        return buffer

    def fun(Y):
        value = np.trace(Y.T @ M @ Y)
        if jac is True:
            gradient(Y)
        Y[...] = 7
        return (value, buffer) if jac is True else value

    def callback(Y):
        Y[...] = 7

    def spoil(intermediate_result):
        intermediate_result.x[...] = 7

    calm = minimize(lambda Y: (np.trace(Y.T @ M @ Y), 2 * M @ Y), x0, space, jac=True, method=method, max_iter=30)
    before = x0.copy()
    for function in (callback, spoil):
        result = minimize(fun, x0, space, jac=gradient if jac == "function" else jac, method=method, max_iter=30,
                          callback=function)
        np.testing.assert_array_equal(x0, before)
        np.testing.assert_allclose(result.x, calm.x, rtol=0, atol=1e-6 if jac == "cs" else 0)
        np.testing.assert_allclose(result.jac, 2 * M @ result.x, atol=1e-13)
        assert space.point_defect(result.x) < 1e-13
        assert not any(np.shares_memory(a, b) for a in (result.x, result.jac, result.grad) for b in (x0, buffer))
    assert not np.shares_memory(result.x, result.jac) and not np.shares_memory(result.grad, result.jac)


def test_a_vector_space_shares_no_gradient_either():
    x0 = np.array([1.0, 2.0])
    result = minimize(lambda x: (x @ x, 2 * x), x0, Euclidean(2), jac=True, max_iter=0)
    assert result.nit == 0 and not np.shares_memory(result.x, x0) and not np.shares_memory(result.grad, result.jac)
