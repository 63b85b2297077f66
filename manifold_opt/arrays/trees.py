"""Nested dicts, lists and (named) tuples of arrays: the form in which parameters, gradients and spaces come."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["Tree", "leaves", "map_tree", "spread"]

Tree = Any
"""A leaf, or a dict, list, tuple or named tuple of trees; a tuple of integers is a shape, and so a leaf."""


def leaves(tree: Tree, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a tree with their paths, in order.

    Parameters
    ----------
    tree : nested dict, list or tuple
        Anything else is a leaf, and so is a tuple of integers, which is a shape.
    path : str
        Prefix of the paths.

    Yields
    ------
    (str, object)
        Dotted path ("blocks.query", with the index where the parent is a list or tuple, the name of the field where it
        is a named tuple) and leaf.

    Examples
    --------
    >>> from manifold_opt.arrays.trees import leaves
    >>> list(leaves({"blocks": {"query": 1}, "layers": [2, 3]}))
    [('blocks.query', 1), ('layers.0', 2), ('layers.1', 3)]
    """
    branches = _branches(tree)
    if branches is None:
        yield path, tree
    else:
        for name, subtree in branches.items():
            yield from leaves(subtree, _join(path, name))


def map_tree(function: Callable[..., Any], tree: Tree, *others: Tree, path: str = "", names: bool = False,
             labels: Sequence[str] = ()) -> Tree:
    """Apply a function to corresponding leaves of trees of the same structure.

    Parameters
    ----------
    function : callable
        Takes one leaf of each tree; with ``names=True`` the path comes first.
    tree, *others : nested dict, list or tuple
        Trees of one structure; the first gives the structure of the result. Where it has a leaf, the others may have
        any object but a branch of another kind.
    path : str
        Path of these trees, for error messages.
    names : bool
        Whether `function` is given the path of the leaf.
    labels : sequence of str
        What the trees are, one name for each, for error messages.

    Returns
    -------
    nested dict, list or tuple
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
    branches, subtrees = _branches(tree), [_branches(other) for other in others]
    for k, (other, found) in enumerate(zip(others, subtrees)):
        if not (branches is found is None or _alike(tree, branches, other, found)):
            where = f"at {path!r}" if path else "at the root"
            subject = (f"{labels[k + 1]} must have the structure of {labels[0]}" if labels
                       else "trees must have the same structure")
            raise ValueError(f"{subject}: {where} {_describe(tree)} meets {_describe(other)}")
    if branches is None:
        return function(path, tree, *others) if names else function(tree, *others)
    results = {name: map_tree(function, subtree, *[found[name] for found in subtrees if found], path=_join(path, name),
                              names=names, labels=labels) for name, subtree in branches.items()}
    return _rebuild(tree, results)


def spread(prefix: Tree, tree: Tree, path: str = "") -> Tree:
    """The first tree in the structure of the second: a leaf that meets a branch stands for all leaves of that branch.

    Parameters
    ----------
    prefix : nested dict, list or tuple
        A tree that may end earlier than `tree`; a dict in it may leave out keys, which are then None.
    tree : nested dict, list or tuple
        Gives the structure.
    path : str
        Path of these trees, for error messages.

    Returns
    -------
    nested dict, list or tuple

    Raises
    ------
    ValueError
        If the first tree has a branch that the second one has not; the message names it.

    Examples
    --------
    >>> from manifold_opt.arrays.trees import spread
    >>> spread({"heads": 0.1}, {"heads": ["query", "key"], "bias": "b"})
    {'heads': [0.1, 0.1], 'bias': None}
    """
    branches, given = _branches(tree), _branches(prefix)
    if given is None:
        return map_tree(lambda leaf: prefix, tree)
    fits = given.keys() <= (branches or {}).keys() if isinstance(tree, dict) else _alike(tree, branches, prefix, given)
    if branches is None or not fits or not isinstance(prefix, type(tree)):
        where = f"at {path!r}" if path else "at the root"
        raise ValueError(f"trees must have the same structure: {where} {_describe(tree)} meets {_describe(prefix)}")
    return _rebuild(tree, {name: spread(given.get(name), subtree, _join(path, name))
                           for name, subtree in branches.items()})


def _branches(tree: Tree) -> dict[Any, Tree] | None:
    """The subtrees by name, or None for a leaf."""
    if isinstance(tree, dict):
        return tree
    if isinstance(tree, list):
        return dict(enumerate(tree))
    if isinstance(tree, tuple):
        if hasattr(tree, "_fields"):
            return dict(zip(tree._fields, tree))
        if not all(isinstance(entry, int) for entry in tree):
            return dict(enumerate(tree))
    return None


def _rebuild(tree: Tree, results: dict[Any, Tree]) -> Tree:
    """A branch of the kind of `tree` with other subtrees."""
    if isinstance(tree, dict):
        return results
    if isinstance(tree, list):
        return list(results.values())
    return type(tree)(*results.values()) if hasattr(tree, "_fields") else tuple(results.values())


def _join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _alike(tree: Tree, branches: dict[Any, Tree] | None, other: Tree, found: dict[Any, Tree] | None) -> bool:
    """Whether two trees, whose branches are given, are of one kind with the same branches."""
    if branches is None or found is None:
        return branches is found
    return ((isinstance(other, dict) if isinstance(tree, dict) else type(other) is type(tree))
            and branches.keys() == found.keys())


def _describe(tree: Tree) -> str:
    if isinstance(tree, dict):
        return f"a dict with keys {sorted(map(str, tree))}"
    if _branches(tree) is None:
        return f"a leaf ({type(tree).__name__})"
    return f"a {'list' if isinstance(tree, list) else type(tree).__name__} of {len(tree)}"
