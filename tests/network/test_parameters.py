"""Random parameters: ranges, spaces, reproducibility."""
from __future__ import annotations

import numpy as np
import pytest

from manifold_opt.arrays.checks import tolerance
from manifold_opt.arrays.trees import leaves, map_tree
from manifold_opt.network import VisionTransformer
from manifold_opt.spaces import Euclidean, Grassmann, Stiefel


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("joint_heads", [False, True])
@pytest.mark.parametrize("space", [Stiefel, Grassmann])
@pytest.mark.parametrize("constrained", [(), ("query",), ("query", "key", "value")])
def test_points_lie_on_their_spaces(constrained: tuple[str, ...], space: type, joint_heads: bool, dtype: str) -> None:
    model = VisionTransformer(3, heads=2, width=6, classes=4, joint_heads=joint_heads)
    params = model.init(np.random.default_rng(0), dtype, constrained, space)
    spaces = model.spaces(constrained, space)
    n = 6 if joint_heads else 3
    for name in ("query", "key", "value"):
        assert spaces["blocks"][name] == (space(6, n) if name in constrained else Euclidean(6, n))
        assert params["blocks"][name].shape == ((3, 6, 6) if joint_heads else (3, 2, 6, 3))

    def check(space: Stiefel, Y: np.ndarray, shape: tuple[int, ...]) -> None:
        assert Y.dtype == dtype and Y.shape == shape and Y.shape[Y.ndim - len(space.shape):] == space.shape
        assert np.max(space.point_defect(Y)) <= tolerance(10, dtype, 6)

    map_tree(check, spaces, params, model.shapes)


def test_glorot_bounds() -> None:
    params = VisionTransformer(20, heads=7, width=49).init(np.random.default_rng(0), constrained=())
    bounds = {"blocks.query": np.sqrt(6 / 56), "blocks.weight": np.sqrt(6 / 98), "classifier": np.sqrt(6 / 59)}
    for path, leaf in leaves(params):
        if path in bounds:
            assert 0.98 * bounds[path] < abs(leaf).max() <= bounds[path] * (1 + 1e-6)
            assert abs(leaf.std() - bounds[path] / np.sqrt(3)) < 0.05 * bounds[path]
    assert not params["blocks"]["bias"].any()


def test_reproducible() -> None:
    model = VisionTransformer(2)
    first, again, other = (model.init(np.random.default_rng(seed)) for seed in (0, 0, 1))
    for (path, a), (_, b), (_, c) in zip(leaves(first), leaves(again), leaves(other)):
        assert np.array_equal(a, b) and (path == "blocks.bias" or not np.array_equal(a, c))


def test_refuses() -> None:
    model = VisionTransformer(1)
    with pytest.raises(ValueError, match=r"constrained may hold 'query', 'key', 'value': got \['weight'\]"):
        model.spaces(constrained=("query", "weight"))
    with pytest.raises(TypeError, match="constrained must be a collection of names: got 'query'"):
        model.init(np.random.default_rng(0), constrained="query")
