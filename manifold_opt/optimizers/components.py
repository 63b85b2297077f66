"""The two components of the orthogonal group, which no continuous path connects."""
from __future__ import annotations

from itertools import product

import numpy as np

from manifold_opt.arrays.checks import Array
from manifold_opt.arrays.trees import Tree, leaves, map_tree
from manifold_opt.spaces.base import HomogeneousSpace
from manifold_opt.spaces.stiefel import Stiefel

__all__ = ["component", "starts_in_all_components"]

MOST_RUNS = 8


def component(space: HomogeneousSpace, Y: Array) -> Array | None:
    """The sign of the determinant of each member (...) on St(N, N), which is O(N); None on connected spaces."""
    if isinstance(space, Stiefel) and space.shape[0] == space.shape[1]:
        return space.component(Y)
    return None


def starts_in_all_components(spaces: Tree, x: Tree) -> list[Tree]:
    """x, and x with the first column of members on O(N) turned round, in all combinations.

    ValueError if there are more than eight of them.
    """
    signs = [(path, component(space, Y)) for (path, space), (_, Y) in zip(leaves(spaces), leaves(x))]
    members = [(path, index) for path, sign in signs if sign is not None for index in np.ndindex(sign.shape)]
    if 2 ** len(members) > MOST_RUNS:
        raise ValueError(f"components must be 'start' for more than {MOST_RUNS.bit_length() - 1} members on O(N), of "
                         f"which x0 has {len(members)}: start in the components of your choice")
    return [_turned(x, {member for member, turn in zip(members, turns) if turn})
            for turns in product((False, True), repeat=len(members))]


def _turned(x: Tree, members: set[tuple[str, tuple[int, ...]]]) -> Tree:
    def turn(path: str, Y: Array) -> Array:
        Y = Y.copy()
        for other, index in members:
            if other == path:
                Y[index][:, 0] *= -1
        return Y

    return map_tree(turn, x, names=True)
