"""Memory and threads."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from manifold_opt.arrays.trees import leaves
from manifold_opt.network import Buffers, VisionTransformer, Workspace, one_hot


def test_buffers_are_told_apart() -> None:
    buffers = Buffers()
    array = buffers.array("A", (2, 3), "float32")
    assert array.shape == (2, 3) and array.dtype == np.float32
    assert buffers.array("A", (2, 3), np.float32) is array
    for other in (("B", (2, 3), "float32"), ("A", (3, 2), "float32"), ("A", (2, 3), "float64")):
        assert not np.shares_memory(buffers.array(*other), array)


@pytest.mark.parametrize("threads", [1, 3])
def test_map_keeps_order(threads: int) -> None:
    assert Workspace(threads).map(lambda a, b: (a, b), range(5), "abcde") == list(zip(range(5), "abcde"))


@pytest.mark.parametrize("threads", [1, 2])
def test_errors_come_through(threads: int) -> None:
    def fail(piece: int) -> None:
        raise ArithmeticError(f"piece {piece}")
    with pytest.raises(ArithmeticError, match="piece 0"):
        Workspace(threads).map(fail, range(2))


def test_refuses() -> None:
    for threads in (1.5, True, None):
        with pytest.raises(TypeError, match="threads must be an integer"):
            Workspace(threads)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads must be at least 1: got 0"):
        Workspace(0)


@pytest.mark.parametrize("attention", ["fused", "plain"])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("batch", [1, 7, 12])
def test_workspace_changes_nothing(threads: int, batch: int, attention: str) -> None:
    """The same numbers to rounding, the same bits when repeated, and no result that lives in the workspace."""
    rng = np.random.default_rng(0)
    model, workspace = VisionTransformer(2, heads=2, width=6, classes=3, attention=attention), Workspace(threads)
    params = model.init(rng, np.float64)

    def run(x: Any, workspace: Workspace | None = None) -> list[Any]:
        y, cache = model.forward(params, x, workspace)
        grads, dx = model.pullback(params, cache, one_hot(np.arange(len(x)) % 3, 3, np.float64), workspace)
        return [y, dx, *(leaf for _, leaf in leaves(grads))]

    x, other = rng.normal(size=(2, batch, 5, 6))
    first = run(x, workspace)
    kept = [array.copy() for array in first]
    run(other, workspace)
    for array, copy, fresh in zip(first, kept, run(x)):
        assert np.array_equal(array, copy)
        assert np.allclose(array, fresh, rtol=0, atol=1e-13 * abs(fresh).max())
    for array, copy in zip(run(x, workspace), kept):
        assert np.array_equal(array, copy)
