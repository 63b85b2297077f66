"""The whole model: gradients, symmetries, twins, bad input."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import leaves, map_tree
from manifold_opt.network import classification, feed_forward, transformer
from manifold_opt.network import VisionTransformer, Workspace, loss_function, one_hot, softmax

SHAPES = [(3, 4, 4, 2), (2, 2, 3, 1), (4, 3, 6, 3)]  # batch, tokens, width, heads
ATTENTION = ["fused", "plain"]


def example(model: VisionTransformer, batch: int, tokens: int, dtype: Any = np.float64, seed: int = 0) -> Any:
    """Parameters with biases, sequences, targets."""
    rng = np.random.default_rng(seed)
    params = map_tree(lambda Y: 0.5 * rng.normal(size=Y.shape).astype(dtype), model.init(rng, dtype))
    x = rng.normal(size=(batch, tokens, model.width)).astype(dtype)
    return params, x, one_hot(rng.integers(0, model.classes, batch), model.classes, dtype)


def replaced(params: Any, path: str, value: Array) -> Any:
    return map_tree(lambda at, leaf: value if at == path else leaf, params, names=True)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("loss", ["relative", "cross_entropy"])
@pytest.mark.parametrize("skip, joint_heads", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("batch, tokens, width, heads", SHAPES)
def test_gradients(batch: int, tokens: int, width: int, heads: int, skip: bool, joint_heads: bool, loss: str,
                   attention: str, derivative: Any, check_gradient: Any) -> None:
    """Every parameter and the input, both through y and through the logits, with two threads."""
    model = VisionTransformer(2, heads, width, 3, skip, joint_heads, attention)
    params, x, target = example(model, batch, tokens)
    function, workspace = loss_function(loss), Workspace(threads=2)
    y, cache = model.forward(params, x, workspace)
    grads, dx = model.pullback(params, cache, function.gradient(y, target), workspace)
    value, through_logits = model.loss_and_gradient(params, x, target, loss, workspace)
    assert np.isclose(value, function.value(y, target), rtol=1e-14)

    def loss_of(params: Any, x: Array) -> Any:
        return function.value(model.forward(params, x)[0], target)

    for (path, leaf), (_, dY), (_, dY_logits) in zip(leaves(params), leaves(grads), leaves(through_logits)):
        expected = derivative(lambda Y: loss_of(replaced(params, path, Y), x), leaf)
        check_gradient(dY, expected)
        check_gradient(dY_logits, expected)
    check_gradient(dx, derivative(lambda X: loss_of(params, X), x))


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("loss", ["relative", "cross_entropy"])
@pytest.mark.parametrize("skip", [False, True])
def test_directional_derivative_at_full_width(skip: bool, loss: str, attention: str) -> None:
    """The paper's size, 16 tokens of width 49 and 7 heads, along random directions of every leaf."""
    model = VisionTransformer(3, skip=skip, attention=attention)
    rng = np.random.default_rng(0)
    params, x = model.init(rng, np.float64), rng.random((6, 16, 49))
    target = one_hot(np.arange(6), dtype=np.float64)
    _, grads = model.loss_and_gradient(params, x, target, loss)
    for (path, Y), (_, dY) in zip(leaves(params), leaves(grads)):
        Delta = rng.normal(size=Y.shape) + dY / np.linalg.norm(dY) * np.sqrt(Y.size)
        y, _ = model.forward(replaced(params, path, Y + 1e-30j * Delta), x)
        expected = loss_function(loss).value(y, target).imag / 1e-30
        assert abs((dY * Delta).sum() - expected) <= 1e-13 * np.linalg.norm(dY) * np.linalg.norm(Delta)


@pytest.mark.parametrize("attention", ATTENTION)
def test_float32_stays(attention: str) -> None:
    model = VisionTransformer(3, attention=attention)
    rng = np.random.default_rng(0)
    params, x = model.init(rng), rng.random((4, 16, 49), np.float32)
    y, cache = model.forward(params, x)
    grads, dx = model.pullback(params, cache, np.ones_like(y))
    value, _ = model.loss_and_gradient(params, x, one_hot(np.arange(4)))
    assert y.dtype == dx.dtype == np.float32 and isinstance(value, float)
    assert all(leaf.dtype == np.float32 for _, leaf in leaves(grads))
    map_tree(lambda Y, dY: None, params, grads)
    y_double, _ = model.forward(map_tree(lambda Y: Y.astype(np.float64), params), x.astype(np.float64))
    assert abs(y - y_double).max() < 1e-5


def test_gradient_tree_matches_parameters() -> None:
    model = VisionTransformer(2, heads=2, width=4)
    params, x, target = example(model, 3, 2)
    _, grads = model.loss_and_gradient(params, x, target)
    assert [(path, leaf.shape) for path, leaf in leaves(grads)] == [(path, leaf.shape) for path, leaf in leaves(params)]
    assert list(leaves(model.shapes)) == [(path, leaf.shape) for path, leaf in leaves(params)]


@pytest.mark.parametrize("attention", ATTENTION)
def test_definition(attention: str) -> None:
    """One block and one sample, written out."""
    model = VisionTransformer(1, heads=2, width=4, classes=3, attention=attention)
    params, x, _ = example(model, 1, 5)
    weights = {name: stack[0] for name, stack in params["blocks"].items()}
    Z, Y = x[0].T, np.empty((4, 5))
    for h in range(2):
        Q, K, V = (weights[name][h].T @ Z for name in ("query", "key", "value"))
        Y[2 * h:2 * h + 2] = V @ softmax(K.T @ Q / 2, axis=0)
    Y = Y + np.tanh(weights["weight"] @ Y + weights["bias"][:, None])
    assert np.allclose(model.forward(params, x)[0][0], softmax(params["classifier"] @ Y[:, -1]), rtol=1e-13)


def test_symmetries() -> None:
    """The prediction does not see the order of the other tokens, and a sample does not see the rest of the batch."""
    model = VisionTransformer(3, heads=2, width=6, classes=4)
    params, x, _ = example(model, 8, 5)
    y, _ = model.forward(params, x)
    assert np.allclose(model.forward(params, x[:, [2, 0, 3, 1, 4]])[0], y, rtol=1e-12)
    assert not np.allclose(model.forward(params, x[:, [4, 1, 2, 3, 0]])[0], y, rtol=1e-3)
    assert np.allclose(model.forward(params, x[3:4])[0], y[3:4], rtol=1e-12)
    assert np.allclose(model.forward(params, x[::-1])[0], y[::-1], rtol=1e-12)
    assert np.allclose(y.sum(axis=1), 1, rtol=1e-14)


def test_joint_heads_are_separate_heads_side_by_side() -> None:
    separate, joint = VisionTransformer(2, 3, 6, 4), VisionTransformer(2, 3, 6, 4, joint_heads=True)
    params, x, target = example(joint, 4, 5)

    def split(tree: Any) -> Any:
        return map_tree(lambda path, Y: np.stack(np.split(Y, 3, axis=-1), axis=1)
                        if path.split(".")[-1] in ("query", "key", "value") else Y, tree, names=True)

    value, grads = joint.loss_and_gradient(params, x, target)
    value_separate, grads_separate = separate.loss_and_gradient(split(params), x, target)
    assert value == value_separate
    for (_, dY), (_, dY_separate) in zip(leaves(split(grads)), leaves(grads_separate)):
        assert np.array_equal(dY, dY_separate)


def test_predict() -> None:
    model = VisionTransformer(2, heads=2, width=6, classes=4)
    params, x, _ = example(model, 11, 5)
    expected = model.forward(params, x)[0].argmax(axis=1)
    assert len(set(expected)) > 1
    for batch in (1, 4, 11, 100):
        assert np.array_equal(model.predict(params, x, batch), expected)
    with pytest.raises(ValueError, match="batch must be at least 1: got 0"):
        model.predict(params, x, batch=0)
    none = model.predict(params, x[:0])
    assert none.shape == (0,) and none.dtype == expected.dtype


def test_sizes_from_numpy() -> None:
    model = VisionTransformer(np.int64(2), np.int32(2), np.uint8(6), np.int64(4), np.True_)
    plain = VisionTransformer(2, 2, 6, 4, True)
    for name in ("blocks", "heads", "width", "classes", "skip"):
        assert getattr(model, name) == getattr(plain, name) and type(getattr(model, name)) in (int, bool)
    assert model.shapes == plain.shapes


@pytest.mark.parametrize("attention", ATTENTION)
def test_arrays_are_not_shared_with_the_caller(attention: str) -> None:
    """Read-only and Fortran-ordered input gives the same; writing into input and output changes nothing kept."""
    model, workspace = VisionTransformer(2, heads=2, width=6, classes=3, attention=attention), Workspace()
    params, x, target = example(model, 30, 5)
    y, cache = model.forward(params, x)
    expected = [y, *(leaf for _, leaf in leaves(model.backward(params, cache, target)))]

    frozen, given = map_tree(np.asfortranarray, params), np.asfortranarray(x)
    for array in (given, *(leaf for _, leaf in leaves(frozen))):
        array.flags.writeable = False
    for case in ((params, x.copy()), (frozen, given)):
        y, cache = model.forward(*case, workspace)
        got = [y.copy()]
        y[:] = np.nan
        if case[1].flags.writeable:
            case[1][:] = np.nan
        got += [leaf for _, leaf in leaves(model.backward(case[0], cache, np.asfortranarray(target), workspace))]
        for actual, wanted in zip(got, expected):
            assert np.allclose(actual, wanted, rtol=0, atol=1e-13 * abs(wanted).max())


@pytest.mark.parametrize("arguments, error, message", [
    (dict(heads=5), ValueError, "heads must divide width: got 5 heads and width 49, remainder 4"),
    (dict(blocks=0), ValueError, "blocks must be at least 1: got 0"),
    (dict(width=-49), ValueError, "width must be at least 1: got -49"),
    (dict(classes=10.0), TypeError, "classes must be an integer: got float"),
    (dict(heads=True), TypeError, "heads must be an integer: got bool"),
    (dict(skip="no"), TypeError, "skip must be True or False: got str"),
    (dict(joint_heads=1), TypeError, "joint_heads must be True or False: got int"),
    (dict(attention=["fused"]), ValueError, "attention must be one of"),
    (dict(attention="flash"), ValueError, "attention must be one of 'fused', 'plain': got 'flash'"),
])
def test_constructor_refuses(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        VisionTransformer(**arguments)


def with_nan(M: Array) -> Array:
    M = M.copy()
    M.flat[1] = np.nan
    return M


def test_passes_refuse() -> None:
    model = VisionTransformer(2, heads=2, width=6, classes=4)
    params, x, target = example(model, 3, 5)
    y, cache = model.forward(params, x)
    refused: list[tuple[Any, type[Exception], str]] = [
        (lambda: model.forward(params, x[0]), ValueError, r"x must have shape \(batch, tokens, 6\).*: got \(5, 6\)"),
        (lambda: model.forward(params, x[:, :, :4]), ValueError, r"x must have shape .*: got \(3, 5, 4\)"),
        (lambda: model.forward(params, x[:0]), ValueError, r"at least one sequence.*: got shape \(0, 5, 6\)"),
        (lambda: model.forward(params, x.tolist()), TypeError, "x must be a NumPy array .*: got list"),
        (lambda: model.forward(params, x.astype(int)), TypeError, "x must be of dtype float32.*: got int64"),
        (lambda: model.forward(params, x.astype(np.float32)), TypeError,
         r"params\[blocks.query\] must have the precision of x \(float32\): got float64"),
        (lambda: model.forward(replaced(params, "blocks.bias", np.zeros((2, 5))), x), ValueError,
         r"params\[blocks.bias\] must have shape \(2, 6\): got \(2, 5\)"),
        (lambda: model.forward({"blocks": params["blocks"]}, x), ValueError, "trees must have the same structure"),
        (lambda: model.backward(params, cache, y[:2]), ValueError, r"dy must have the shape \(3, 4\) of y: got \(2, "),
        (lambda: model.backward(params, cache, y.astype(np.float32)), TypeError, "dy must have the precision of y"),
        (lambda: model.loss_and_gradient(params, x, target[:, :3]), ValueError, r"target must have the shape \(3, 4\)"),
        (lambda: model.loss_and_gradient(params, x, 0 * target), ValueError, "target must not be zero: got norm 0"),
        (lambda: model.loss_and_gradient(params, x, target, "mse"), ValueError, "loss must be one of 'relative'"),
        (lambda: model.forward(params, with_nan(x)), ValueError, "x must be finite: got 1 NaN"),
        (lambda: model.predict(params, with_nan(x)), ValueError, "x must be finite: got 1 NaN"),
        (lambda: model.loss_and_gradient(params, x, with_nan(target)), ValueError, "target must be finite"),
        (lambda: model.backward(params, cache, with_nan(y)), ValueError, "dy must be finite"),
        (lambda: model.forward(replaced(params, "classifier", with_nan(params["classifier"])), x), ValueError,
         r"params\[classifier\] must be finite"),
        (lambda: model.predict(params, x[:0, :, :4]), ValueError, r"x must have shape .*: got \(0, 5, 4\)"),
        (lambda: model.predict(params, x[:, :0]), ValueError, r"at least one token: got shape \(3, 0, 6\)"),
        (lambda: model.predict(params, x, 2.0), TypeError, "batch must be an integer: got float"),
    ]
    for call, error, message in refused:
        with pytest.raises(error, match=message):
            call()


def test_check_notices_mutations(monkeypatch: pytest.MonkeyPatch, derivative: Any, check_gradient: Any) -> None:
    """A softmax without its denominator, a feed-forward layer without its residual, a gradient of mixed-up samples."""
    arguments = *SHAPES[0], False, False, "relative", "fused", derivative, check_gradient
    with monkeypatch.context() as patch:
        patch.setattr(transformer, "softmax_backward", lambda y, dy: y * dy)
        with pytest.raises(AssertionError):
            test_gradients(*arguments)
    right = feed_forward.FeedForward.backward
    with monkeypatch.context() as patch:
        patch.setattr(feed_forward.FeedForward, "backward",
                      lambda self, params, cache, dY, buffers: (lambda dW, dZ: (dW, dZ - dY))(
                          *right(self, params, cache, dY, buffers)))
        with pytest.raises(AssertionError):
            test_gradients(*arguments)
    with monkeypatch.context() as patch:
        patch.setattr(classification.Classification, "backward",
                      lambda self, C, X, dlogits: (dlogits.T @ X[::-1], dlogits @ C))
        with pytest.raises(AssertionError):
            test_gradients(*arguments)
