"""Both losses: values, gradients, extreme logits, names."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.checks import Array, tolerance
from manifold_opt.network import CrossEntropy, RelativeLoss, loss_function, one_hot, softmax

LOSSES = [RelativeLoss(), CrossEntropy()]


def example(dtype: Any = np.float64, soft: bool = False) -> tuple[Array, Array]:
    """Logits and targets; soft targets do not even sum to one."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 4)).astype(dtype)
    return logits, rng.random((5, 4)).astype(dtype) if soft else one_hot(np.array([0, 3, 1, 1, 2]), 4, dtype)


def test_values() -> None:
    logits, t = example()
    y = softmax(logits)
    assert np.isclose(RelativeLoss().value(y, t), np.linalg.norm(y - t) / np.linalg.norm(t), rtol=1e-15)
    assert np.isclose(CrossEntropy().value(y, t), -np.mean(np.log(y[np.arange(5), [0, 3, 1, 1, 2]])), rtol=1e-15)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients(loss: Any, soft: bool, dtype: str, derivative: Any, check_gradient: Any) -> None:
    logits, t = example(dtype, soft)
    y = softmax(logits)
    check_gradient(loss.gradient(y, t), derivative(lambda p: loss.value(p, t), y))
    value, dlogits = loss.of_logits(logits, t)
    assert value.dtype == dtype and abs(value - loss.value(y, t)) <= tolerance(10, dtype, 4) * abs(value)
    check_gradient(dlogits, derivative(lambda z: loss.value(softmax(z), t), logits))
    check_gradient(dlogits, derivative(lambda z: loss.of_logits(z, t)[0], logits))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e2, 1e4, 1e30])
def test_extreme_logits(loss: Any, dtype: str, scale: float) -> None:
    """Nothing overflows, and the cross-entropy of a wrong certainty is the gap of the logits with a full gradient."""
    logits = np.array([[scale, 0.0], [0.0, scale]], dtype)
    t = np.array([[0.0, 1.0], [0.0, 1.0]], dtype)
    value, dlogits = loss.of_logits(logits, t)
    assert np.isfinite(value) and np.isfinite(dlogits).all()
    assert np.isfinite(loss.value(softmax(logits), t)) and np.isfinite(loss.gradient(softmax(logits), t)).all()
    if isinstance(loss, CrossEntropy):
        assert np.isclose(value, logits.max() / 2, rtol=1e-6)
        assert np.allclose(dlogits, [[0.5, -0.5], [0.0, 0.0]], atol=1e-6)


def test_relative_loss_at_the_target() -> None:
    _, t = example()
    assert RelativeLoss().value(t, t) == 0
    assert not RelativeLoss().gradient(t, t).any()


def test_one_class_for_every_image() -> None:
    """The loss at which a network is stuck that answers one class of ten equally frequent ones."""
    t = one_hot(np.arange(10), dtype=np.float64)
    assert np.isclose(RelativeLoss().value(one_hot(np.zeros(10, int), dtype=np.float64), t), np.sqrt(1.8), rtol=1e-15)


@pytest.mark.parametrize("loss", LOSSES)
def test_refuses(loss: Any) -> None:
    logits, t = example()
    y = softmax(logits)
    for call, name in ((loss.value, "y"), (loss.gradient, "y"), (loss.of_logits, "logits")):
        with pytest.raises(ValueError, match=r"t must have the shape \(5, 4\) of y: got \(4,\)"):
            call(y, t[0])
        with pytest.raises(TypeError, match="t must have the precision of y"):
            call(y, t.astype(np.float32))
        with pytest.raises(ValueError, match="t must be finite"):
            call(y, t * np.nan)
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            call(y * np.nan, t)
        with pytest.raises(ValueError, match=rf"{name} must have shape \(batch, classes\), none of them zero"):
            call(y[:0], t[:0])
        with pytest.raises(TypeError, match=f"{name} must be a NumPy array"):
            call(y.tolist(), t)


def test_relative_loss_of_no_target() -> None:
    y = np.full((2, 4), 0.25)
    for call in (RelativeLoss().value, RelativeLoss().gradient, RelativeLoss().of_logits):
        with pytest.raises(ValueError, match="t must not be zero: got norm 0"):
            call(y, 0 * y)


def test_names() -> None:
    assert isinstance(loss_function("relative"), RelativeLoss)
    assert isinstance(loss_function("cross_entropy"), CrossEntropy)
    assert loss_function(LOSSES[1]) is LOSSES[1]
    with pytest.raises(ValueError, match="loss must be one of 'relative', 'cross_entropy': got 'mse'"):
        loss_function("mse")
    with pytest.raises(TypeError, match="loss must be a name or a Loss: got int"):
        loss_function(3)  # type: ignore[arg-type]
