"""Nested dictionaries and lists of arrays: the shape in which parameters, gradients and spaces come."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Tree", "leaves", "map_tree"]

Tree = Any
"""A leaf, or a dict or list of trees."""


def leaves(tree: Tree, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a tree with their paths, in order.

    Parameters
    ----------
    tree : nested dict or list
        Anything that is neither dict nor list is a leaf.
    path : str
        Prefix of the paths.

    Yields
    ------
    (str, object)
        Dotted path ("blocks.query", with the index where the parent is a list) and leaf.

    Examples
    --------
    >>> from manifold_opt.arrays.trees import leaves
    >>> list(leaves({"blocks": {"query": 1}, "layers": [2, 3]}))
    [('blocks.query', 1), ('layers.0', 2), ('layers.1', 3)]
    """
    if isinstance(tree, dict):
        for key, subtree in tree.items():
            yield from leaves(subtree, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        for index, subtree in enumerate(tree):
            yield from leaves(subtree, f"{path}.{index}" if path else str(index))
    else:
        yield path, tree


def map_tree(function: Callable[..., Any], tree: Tree, *others: Tree, path: str = "", names: bool = False) -> Tree:
    """Apply a function to corresponding leaves of trees of the same structure.

    Parameters
    ----------
    function : callable
        Takes one leaf of each tree; with ``names=True`` the path comes first.
    tree, *others : nested dict or list
        Trees of one structure; the first gives the structure of the result.
    path : str
        Path of these trees, for error messages.
    names : bool
        Whether `function` is given the path of the leaf.

    Returns
    -------
    nested dict or list
        The results in the structure of `tree`.

    Raises
    ------
    ValueError
        If the structures differ; the message names the path.

    Examples
    --------
    >>> from manifold_opt.arrays.trees import map_tree
    >>> map_tree(lambda a, b: a + b, {"x": [1, 2]}, {"x": [10, 20]})
    {'x': [11, 22]}
    >>> map_tree(lambda a, b: a + b, {"x": [1, 2]}, {"x": [10]})
    Traceback (most recent call last):
    ...
    ValueError: trees must have the same structure: at 'x' a list of 2 meets a list of 1
    """
    for other in others:
        if _structure(other) != _structure(tree):
            where = f"at {path!r}" if path else "at the root"
            raise ValueError(f"trees must have the same structure: {where} {_describe(tree)} meets {_describe(other)}")
    if isinstance(tree, dict):
        return {key: map_tree(function, tree[key], *(other[key] for other in others),
                              path=f"{path}.{key}" if path else str(key), names=names) for key in tree}
    if isinstance(tree, list):
        return [map_tree(function, *members, path=f"{path}.{index}" if path else str(index), names=names)
                for index, members in enumerate(zip(tree, *others))]
    return function(path, tree, *others) if names else function(tree, *others)


def _structure(tree: Tree) -> object:
    if isinstance(tree, dict):
        return set(tree)
    return len(tree) if isinstance(tree, list) else None


def _describe(tree: Tree) -> str:
    if isinstance(tree, dict):
        return f"a dict with keys {sorted(map(str, tree))}"
    return f"a list of {len(tree)}" if isinstance(tree, list) else f"a leaf ({type(tree).__name__})"
