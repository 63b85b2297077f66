"""Trees: order, paths and what is said where structures differ."""
import pytest

from manifold_opt.arrays.trees import leaves, map_tree

TREE = {"b": 1, "a": [2, {"c": 3}], "empty": {}, "none": []}


def test_leaves_in_insertion_order_with_dotted_paths():
    assert list(leaves(TREE)) == [("b", 1), ("a.0", 2), ("a.1.c", 3)]
    assert list(leaves(5)) == [("", 5)]


def test_map_keeps_the_structure_and_the_order_of_the_first_tree():
    other = {"a": [20, {"c": 30}], "none": [], "b": 10, "empty": {}}
    result = map_tree(lambda x, y: x + y, TREE, other)
    assert result == {"b": 11, "a": [22, {"c": 33}], "empty": {}, "none": []} and list(result) == list(TREE)


def test_names_are_the_paths_of_leaves():
    assert map_tree(lambda path, x: path, TREE, names=True)["a"] == ["a.0", {"c": "a.1.c"}]


@pytest.mark.parametrize("other, message", [
    ({"b": 1, "a": [2]}, r"at the root a dict with keys \['a', 'b', 'empty', 'none'\] meets a dict with keys"),
    ({**TREE, "a": [2]}, "at 'a' a list of 2 meets a list of 1"),
    ({**TREE, "a": [2, 3]}, r"at 'a.1' a dict with keys \['c'\] meets a leaf \(int\)"),
    ({**TREE, "b": {}}, r"at 'b' a leaf \(int\) meets a dict"),
    ([1], "at the root a dict .* meets a list of 1")])
def test_mismatch_names_the_place(other, message):
    with pytest.raises(ValueError, match=message):
        map_tree(lambda x, y: x, TREE, other)
