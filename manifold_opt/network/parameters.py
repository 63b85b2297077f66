"""The tree of parameters: random values, and whether input fits it."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from manifold_opt.arrays.checks import Array, check_array, check_finite
from manifold_opt.arrays.trees import Tree, map_tree
from manifold_opt.network.sizes import check_dtype
from manifold_opt.spaces import Euclidean, HomogeneousSpace

__all__ = ["random_parameters", "check_input", "check_like"]


def random_parameters(rng: np.random.Generator, spaces: Tree, shapes: Tree, dtype: npt.DTypeLike) -> Tree:
    """Random points of constrained spaces, Glorot-uniform matrices (Glorot, Bengio, 2010, eq. 16), zero vectors.

    Examples
    --------
    >>> import numpy as np
    >>> from manifold_opt.network.parameters import random_parameters
    >>> from manifold_opt.spaces import Euclidean
    >>> params = random_parameters(np.random.default_rng(0), {"W": Euclidean(4, 2)}, {"W": (100, 4, 2)}, "float32")
    >>> params["W"].shape, params["W"].dtype, bool(0.9 < abs(params["W"]).max() <= 1)
    ((100, 4, 2), dtype('float32'), True)
    """
    dtype = check_dtype("dtype", dtype)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator: got {type(rng).__name__}")

    def draw(space: HomogeneousSpace, shape: tuple[int, ...]) -> Array:
        if not isinstance(space, Euclidean):
            return space.random_point(rng, shape[:-2], dtype)
        bound = np.sqrt(6 / sum(space.shape)) if len(space.shape) == 2 else 0.0
        return rng.uniform(-bound, bound, shape).astype(dtype)

    return map_tree(draw, spaces, shapes)


def check_input(shapes: Tree, params: Tree, x: Array) -> None:
    """TypeError or ValueError naming the argument unless parameters and sequences fit the model and each other."""
    check_array("x", x)
    width = shapes["classifier"][1]
    if x.ndim != 3 or x.shape[2] != width:
        raise ValueError(f"x must have shape (batch, tokens, {width}): got {x.shape}")
    check_finite("x", x)

    def check(path: str, shape: tuple[int, ...], leaf: Array) -> None:
        check_array(f"params[{path}]", leaf)
        if leaf.shape != shape:
            raise ValueError(f"params[{path}] must have shape {shape}: got {leaf.shape}")
        if leaf.real.dtype != x.real.dtype:
            raise TypeError(f"params[{path}] must have the precision of x ({x.dtype}): got {leaf.dtype}")
        check_finite(f"params[{path}]", leaf)

    try:
        map_tree(check, shapes, params, names=True)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith("params") else f"params: {error}") from None


def check_like(name: str, value: Array, y: Array) -> None:
    """TypeError or ValueError unless the value is a finite array of the shape and the precision of y."""
    check_array(name, value)
    if value.shape != y.shape:
        raise ValueError(f"{name} must have the shape {y.shape} of y: got {value.shape}")
    if value.real.dtype != y.real.dtype or np.iscomplexobj(value) > np.iscomplexobj(y):
        raise TypeError(f"{name} must have the precision of y ({y.dtype}): got {value.dtype}")
    check_finite(name, value)
