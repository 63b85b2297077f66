"""Rates: numbers, functions of the step, groups of parameters; parameters that rest; weight decay."""
import io
from collections import namedtuple

import numpy as np
import pytest

from manifold_opt import (Adam, AdamWithDecay, Euclidean, Gradient, Grassmann, Momentum, Optimizer, Stiefel,
                          SymplecticStiefel)
from manifold_opt.arrays.trees import leaves, map_tree, spread
from manifold_opt.optimizers import AdamW, BFGS, Cosine, GeometricDecay, WarmUp

Layer = namedtuple("Layer", ["weight", "bias"])


def walk(optimizer, params, grads, steps):
    state = optimizer.init(params)
    for _ in range(steps):
        params, state = optimizer.step(params, grads, state)
    return params, state


@pytest.mark.parametrize("rate, total", [
    (0.5, 2.0), (0, 0.0), (lambda t: 1.0 / t, 1 + 1 / 2 + 1 / 3 + 1 / 4), (WarmUp(4, 0.4), 0.1 + 0.2 + 0.3 + 0.4),
    (Cosine(3, 1.0), 1.0 + 0.5 + 0 + 0), (GeometricDecay(3, 1.0, 0.01), 1 + 0.1 + 0.01 + 0.01),
    (WarmUp(2, Cosine(3, 1.0)), 0.5 + 0.5 + 0 + 0)], ids=str)
@pytest.mark.parametrize("make", [Gradient, Adam, lambda rate: Momentum(rate, 0.0), lambda rate: AdamW(rate),
                                  lambda rate: BFGS(rate, max_norm=100.0)])
def test_rates_add_up_under_a_constant_gradient(make, rate, total):
    x, _ = walk(Optimizer(make(rate), Euclidean(2)), np.zeros(2), np.array([1.0, -1.0]), 4)
    if make is Gradient or make is Adam or isinstance(make(rate), Momentum):
        np.testing.assert_allclose(x, [-total, total], rtol=1e-5, atol=1e-12)
    else:
        assert (np.abs(x).max() == 0) == (total == 0)


@pytest.mark.parametrize("rate, message", [
    (lambda t: -1.0, r"learning_rate\(1\) must be finite and not negative: got -1.0"),
    (lambda t: np.nan, r"learning_rate\(1\) must be finite"),
    (lambda t: None, r"learning_rate\(1\) must be a real number: got None"),
    (lambda t: "1e-3", r"learning_rate\(1\) must be a real number: got '1e-3' \(str\)")])
def test_functions_that_return_no_rate(rate, message):
    optimizer = Optimizer(Adam(rate), Euclidean(2))
    with pytest.raises((TypeError, ValueError), match=message):
        optimizer.step(np.zeros(2), np.ones(2), optimizer.init(np.zeros(2)))


@pytest.mark.parametrize("make, error, message", [
    (lambda: Adam("1e-3"), TypeError, r"learning_rate must be a real number: got '1e-3' \(str\)"),
    (lambda: Adam(None), TypeError, "learning_rate must be a real number: got None"),
    (lambda: Gradient(True), TypeError, "learning_rate must be a real number: got True"),
    (lambda: Momentum(1e-3, "0.9"), TypeError, "alpha must be a real number"),
    (lambda: Adam(delta=1j), TypeError, "delta must be a real number"), (lambda: WarmUp(0, 1.0), ValueError, "steps"),
    (lambda: WarmUp(2.5, 1.0), TypeError, "steps must be an integer"), (lambda: Cosine(3, -1.0), ValueError, "eta1"),
    (lambda: WarmUp(3, -1.0), ValueError, "rate must be finite"), (lambda: Cosine(3, 1, np.nan), ValueError, "eta2"),
    (lambda: GeometricDecay(3, 0.0), ValueError, "eta1 must be positive"),
    (lambda: AdamW(weight_decay=-1.0), ValueError, "weight_decay must be finite and not negative"),
    (lambda: AdamW("x"), TypeError, "learning_rate"), (lambda: AdamWithDecay("5"), TypeError, "steps must be an int"),
    (lambda: AdamWithDecay(5, adam=Gradient()), TypeError, "adam must be an Adam: got Gradient"),
    (lambda: BFGS(max_norm="1"), TypeError, "max_norm must be a real number"),
    (lambda: Optimizer(AdamWithDecay(5), Euclidean(2), rates=0.1), TypeError, "rates must be None with AdamWithD"),
    (lambda: Optimizer(Adam(), {"a": Euclidean(2)}, rates={"b": 0.1}), ValueError,
     r"at the root .*\['a'\] meets .*\['b'\]"),
    (lambda: Optimizer(Adam(), {"a": Euclidean(2)}, rates={"a": {"b": 0.1}}), ValueError, r"at 'a' a leaf .*\['b'\]"),
    (lambda: Optimizer(Adam(), {"a": Euclidean(2)}, rates={"a": -0.1}), ValueError, "rate of 'a' must be finite"),
    (lambda: Optimizer(Adam(), {"a": Euclidean(2)}, rates={"a": "x"}), TypeError, "rate of 'a' must be a real numb")])
def test_what_is_no_rate(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_numbers_of_numpy_are_rates():
    assert Adam(np.float32(0.5)) == Adam(0.5) and Adam(np.array(0.5)).learning_rate == 0.5
    x, _ = walk(Optimizer(Gradient(np.float64(0.5)), Euclidean(2)), np.zeros(2, np.float32), np.ones(2, np.float32), 1)
    assert x.dtype == np.float32


def test_groups_of_parameters_have_rates_of_their_own():
    spaces = {"head": Layer(Euclidean(2), Euclidean()), "body": [Euclidean(1), Euclidean(1)]}
    grads = map_tree(lambda space: np.ones(space.shape), spaces)
    params = map_tree(lambda space: np.zeros(space.shape), spaces)
    optimizer = Optimizer(Gradient(1.0), spaces, rates={"body": 0.5, "head": Layer(lambda t: 2.0 * t, None)})
    params, _ = walk(optimizer, params, grads, 2)
    assert isinstance(params["head"], Layer)
    np.testing.assert_array_equal(params["head"].weight, [-6, -6])
    np.testing.assert_array_equal(params["head"].bias, -2)
    np.testing.assert_array_equal(params["body"], [[-1], [-1]])


def test_spread_fills_what_is_left_out():
    assert spread(None, {"a": [1, 2]}) == {"a": [None, None]}
    assert spread({"a": 3}, {"a": Layer(1, 2), "b": 1}) == {"a": Layer(3, 3), "b": None}
    for prefix in ([1], {"a": [1]}, {"a": [1, 2, 3]}, {"c": 1}):
        with pytest.raises(ValueError, match="trees must have the same structure"):
            spread(prefix, {"a": (1, "x"), "b": 1})


@pytest.mark.parametrize("overwrite", [False, True])
def test_parameters_without_a_gradient_rest(overwrite):
    """A parameter that rests for two steps goes on as if these had not been: moments and bias correction too."""
    spaces = {"Q": Stiefel(5, 2), "b": Euclidean(3)}
    rng = np.random.default_rng(0)
    params = map_tree(lambda space: space.random_point(rng), spaces)
    grads = [map_tree(lambda Y: rng.normal(size=Y.shape), params) for _ in range(6)]
    optimizer = Optimizer(Adam(WarmUp(4, 0.1)), spaces, restore=3)
    x, state = params, optimizer.init(params)
    for k, g in enumerate(grads):
        rest = k in (0, 3)
        x, state = optimizer.step(x, {**g, "Q": None} if rest else g, state, overwrite=overwrite)
        state = optimizer.load_state(optimizer.save_state(state))
    alone = Optimizer(Adam(WarmUp(4, 0.1)), spaces["Q"], restore=3)
    Q, own = params["Q"], alone.init(params["Q"])
    for k, g in enumerate(grads):
        if k not in (0, 3):
            Q, own = alone.step(Q, g["Q"], own, overwrite=overwrite)
    np.testing.assert_array_equal(x["Q"], Q)
    assert (state.t, state.parameters["Q"].t, state.parameters["b"].t) == (6, 4, 6)


def test_tuples_and_named_tuples_are_trees_of_parameters():
    spaces = {"layers": (Layer(Stiefel(4, 2), Euclidean(2)), Layer(Grassmann(4, 2), Euclidean(2)))}
    rng = np.random.default_rng(0)
    params = map_tree(lambda space: space.random_point(rng), spaces)
    optimizer = Optimizer(Adam(1e-2), spaces)
    params, state = walk(optimizer, params, map_tree(np.ones_like, params), 3)
    assert isinstance(params["layers"], tuple) and isinstance(params["layers"][1], Layer)
    assert list(state.sections) == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
    file = io.BytesIO()
    np.savez(file, **optimizer.save_state(state))
    file.seek(0)
    again = optimizer.params(optimizer.load_state(np.load(file)))
    for (path, Y), (_, Z) in zip(leaves(params), leaves(again), strict=True):
        np.testing.assert_array_equal(Y, Z, err_msg=path)
    with pytest.raises(ValueError, match="a tuple of 2 meets a list of 2"):
        optimizer.init({"layers": list(params["layers"])})
    with pytest.raises(ValueError, match="a Layer of 2 meets a tuple of 2"):
        optimizer.init({"layers": tuple(tuple(layer) for layer in params["layers"])})


# ---- weight decay

def test_adam_w_is_the_textbook_on_a_vector_space():
    """Loshchilov and Hutter, algorithm 2, with a schedule."""
    rng = np.random.default_rng(0)
    gradients, eta, decay = rng.normal(size=(20, 4)), WarmUp(5, 1e-2), 0.3
    x = y = rng.normal(size=4)
    optimizer = Optimizer(AdamW(eta, weight_decay=decay), Euclidean(4))
    state, m, v = optimizer.init(x), 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        x, state = optimizer.step(x, g, state, overwrite=t % 2 == 0)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        y = y - eta(t) * (m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.99**t)) + 3e-7) + decay * y)
        np.testing.assert_allclose(x, y, rtol=1e-13)


@pytest.mark.parametrize("space", [Stiefel(5, 2), Grassmann(5, 2), Stiefel(3, 3)], ids=str)
def test_decay_does_nothing_where_the_norm_is_constant(space):
    rng = np.random.default_rng(0)
    Y, dL = space.random_point(rng), rng.normal(size=space.shape)
    with pytest.warns(UserWarning, match="weight_decay does nothing here"):
        decayed = Optimizer(AdamW(1e-2, weight_decay=10.0), space)
    np.testing.assert_array_equal(walk(decayed, Y, dL, 5)[0], walk(Optimizer(Adam(1e-2), space), Y, dL, 5)[0])
    section = space.global_section(Y)
    assert section.lift_gradient(Y).norm() < 1e-14, "the gradient of |Y|^2/2 = n/2 vanishes"


def test_decay_leads_to_orthonormal_columns_on_the_symplectic_space():
    space = SymplecticStiefel(8, 4)
    Y = space.random_point(np.random.default_rng(0), condition=20.0)
    before = np.linalg.cond(Y)
    Y, _ = walk(Optimizer(AdamW(0.01, weight_decay=1.0), space), Y, np.zeros((8, 4)), 3000)
    assert before > 3 and np.linalg.cond(Y) - 1 < 1e-6 and abs(np.sum(Y * Y) - 4) < 1e-12


def test_a_tree_with_both_kinds_does_not_warn():
    spaces = {"Q": Stiefel(5, 2), "b": Euclidean(2)}
    optimizer = Optimizer(AdamW(0.1, weight_decay=0.5), spaces)
    params = {"Q": np.eye(5, 2), "b": np.ones(2)}
    params, _ = optimizer.step(params, map_tree(np.zeros_like, params), optimizer.init(params))
    np.testing.assert_allclose(params["b"], 0.95)
    np.testing.assert_array_equal(params["Q"], np.eye(5, 2))
