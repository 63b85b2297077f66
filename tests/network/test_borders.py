"""Whatever is put into a public function: the right result, or TypeError or ValueError that names the argument."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.checks import Array
from manifold_opt.network import (Classification, CrossEntropy, FeedForward, FusedAttention, MultiHeadAttention,
                                  RelativeLoss, VisionTransformer, Workspace, columns, group_size, loss_function,
                                  one_hot, patches, rows, softmax, softmax_backward)

RNG = np.random.default_rng(0)
MODEL = VisionTransformer(blocks=1, heads=2, width=4, classes=3)
PARAMS, X, TARGET = MODEL.init(RNG, np.float64), RNG.random((5, 3, 4)), one_hot(np.arange(5) % 3, 3, np.float64)
Y, CACHE = MODEL.forward(PARAMS, X)

ARRAYS: dict[str, tuple[str, Array, Callable[[Any], Any]]] = {
    "forward": ("x", X, lambda v: MODEL.forward(PARAMS, v)),
    "predict": ("x", X, lambda v: MODEL.predict(PARAMS, v)),
    "loss": ("target", TARGET, lambda v: MODEL.loss_and_gradient(PARAMS, X, v)),
    "backward": ("dy", Y, lambda v: MODEL.backward(PARAMS, CACHE, v)),
    "parameters": ("weight", PARAMS["blocks"]["weight"],
                   lambda v: MODEL.forward({**PARAMS, "blocks": {**PARAMS["blocks"], "weight": v}}, X)),
    "softmax": ("x", X, softmax),
    "softmax backward, P": ("P", Y, lambda v: softmax_backward(v, Y)),
    "softmax backward, dP": ("dP", Y, lambda v: softmax_backward(Y, v)),
    "columns": ("x", X, lambda v: columns(v, 1)),
    "rows": ("Z", columns(X, 1), rows),
    "relative loss, y": ("y", Y, lambda v: RelativeLoss().value(v, TARGET)),
    "relative loss, t": ("t", TARGET, lambda v: RelativeLoss().gradient(Y, v)),
    "cross-entropy": ("logits", Y, lambda v: CrossEntropy().of_logits(v, TARGET)),
}
ALIKE: dict[str, Callable[[Array], Any]] = {
    "read-only": lambda a: read_only(a), "Fortran order": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 2, axis=0)[::2], "backwards": lambda a: a[::-1].copy()[::-1]}
OTHER: dict[str, Callable[[Array], Any]] = {
    "list": Array.tolist, "None": lambda a: None, "text": lambda a: "abc", "integers": lambda a: a.astype(int),
    "half": lambda a: a.astype("f2"), "longdouble": lambda a: a.astype(np.longdouble),
    "objects": lambda a: a.astype(object), "truths": lambda a: a.astype(bool), "byte order": lambda a: a.astype(">f8"),
    "masked": lambda a: np.ma.masked_greater(a, 0.5), "matrix": lambda a: a.reshape(len(a), -1).view(np.matrix),
    "no axes": lambda a: np.array(1.0)}
SIZES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "blocks": ("blocks", lambda v: VisionTransformer(blocks=v)),
    "heads": ("heads", lambda v: VisionTransformer(heads=v)),
    "width": ("width", lambda v: VisionTransformer(width=v)),
    "classes": ("classes", lambda v: VisionTransformer(classes=v)),
    "threads": ("threads", Workspace), "pieces": ("pieces", lambda v: Workspace(1, v)),
    "batch": ("batch", lambda v: MODEL.predict(PARAMS, X, v)), "size": ("size", lambda v: patches(X, v)),
    "samples": ("samples", lambda v: columns(X, v)), "tokens": ("tokens", lambda v: group_size(4, v)),
    "one_hot": ("classes", lambda v: one_hot(np.array([0]), v)), "layer width": ("width", FeedForward),
    "attention width": ("width", lambda v: MultiHeadAttention(v, 1)),
    "attention heads": ("heads", lambda v: FusedAttention(4, v)),
    "classifier": ("classes", lambda v: Classification(4, v))}
THINGS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "workspace": ("workspace", lambda v: MODEL.forward(PARAMS, X, v)),
    "params": ("params", lambda v: MODEL.forward(v, X)),
    "cache": ("cache", lambda v: MODEL.backward(PARAMS, v, Y)), "rng": ("rng", MODEL.init),
    "dtype": ("dtype", lambda v: MODEL.init(RNG, v)), "constrained": ("constrained", MODEL.spaces),
    "loss": ("loss", loss_function), "labels": ("labels", one_hot), "images": ("images", patches),
    "skip": ("skip", lambda v: VisionTransformer(skip=v)),
    "joint": ("joint_heads", lambda v: VisionTransformer(joint_heads=v)),
    "attention": ("attention", lambda v: VisionTransformer(attention=v))}


def read_only(M: Array) -> Array:
    M = M.copy()
    M.flags.writeable = False
    return M


def flat(result: Any) -> list[Array]:
    """All arrays and numbers in a result, in order."""
    if isinstance(result, dict):
        return [part for value in result.values() for part in flat(value)]
    if isinstance(result, tuple):
        return [part for value in result for part in flat(value)]
    return [np.asarray(result)] if isinstance(result, (np.ndarray, np.generic, float)) else []


@pytest.mark.parametrize("case", ARRAYS)
@pytest.mark.parametrize("kind", ALIKE)
def test_arrays_in_any_memory(case: str, kind: str) -> None:
    _, value, call = ARRAYS[case]
    for actual, expected in zip(flat(call(ALIKE[kind](value))), flat(call(value)), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("case", ARRAYS)
@pytest.mark.parametrize("kind", OTHER)
def test_other_things_than_arrays_of_numbers(case: str, kind: str) -> None:
    name, value, call = ARRAYS[case]
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        call(OTHER[kind](value))


@pytest.mark.parametrize("case", [case for case in ARRAYS if case not in ("columns", "rows")])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(case: str, number: float) -> None:
    name, value, call = ARRAYS[case]
    value = value.copy()
    value.flat[0] = number
    with pytest.raises(ValueError, match=rf"\b{name}\]? must be finite: got 1 NaN or infinite entry"):
        call(value)


@pytest.mark.parametrize("case", ["loss", "backward", "relative loss, t"])
def test_complex_numbers_where_the_model_is_real(case: str) -> None:
    name, value, call = ARRAYS[case]
    with pytest.raises(TypeError, match=rf"{name} must have the precision of y"):
        call(value + 0j)


@pytest.mark.parametrize("case", SIZES)
@pytest.mark.parametrize("value", [None, "4", 4.0, True, np.bool_(True), np.array([4]), [4], np.nan, -1, 0], ids=repr)
def test_sizes(case: str, value: Any) -> None:
    name, call = SIZES[case]
    with pytest.raises(ValueError if type(value) is int else TypeError, match=rf"\b{name} must be"):
        call(value)


@pytest.mark.parametrize("case", THINGS)
@pytest.mark.parametrize("value", [1.5, -1, "abc", {}, object(), np.nan, np.array(1.5)], ids=repr)
def test_other_things(case: str, value: Any) -> None:
    name, call = THINGS[case]
    if case == "constrained" and value == {}:
        assert call(value) == call(())
        return
    with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b"):
        call(value)
