"""`lamina.tree` does what `keras.tree` does."""

import collections

import keras
import pytest

import lamina

Point = collections.namedtuple("Point", ["x", "y"])
STRUCTURES = [1, None, [1, 2], {"b": [1, (2, 3)], "a": None}, Point(1, [2]), (), [[], {"k": 1}], {"k": ()}]


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_one_structure(structure):
    for name in ("flatten", "flatten_with_path", "is_nested", "lists_to_tuples"):
        assert getattr(lamina.tree, name)(structure) == getattr(keras.tree, name)(structure), name
    assert lamina.tree.map_structure(str, structure) == keras.tree.map_structure(str, structure)
    flat = list(range(len(lamina.tree.flatten(structure))))
    assert lamina.tree.pack_sequence_as(structure, flat) == keras.tree.pack_sequence_as(structure, flat)
    for top_down in (True, False):
        seen, expected = [], []
        lamina.tree.traverse(seen.append, structure, top_down)
        keras.tree.traverse(expected.append, structure, top_down)
        assert seen == expected


@pytest.mark.parametrize(
    "a, b", [([1], [2]), ([1], (1,)), ({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), (1, [1]), ([1], [1, 2])], ids=str
)
def test_two_structures(a, b):
    for name in ("assert_same_structure", "assert_same_paths"):
        try:
            getattr(keras.tree, name)(a, b)
        except ValueError:
            with pytest.raises(ValueError, match="differ"):
                getattr(lamina.tree, name)(a, b)
        else:
            getattr(lamina.tree, name)(a, b)


def test_parts_are_replaced():
    structure = [1, (2, 3), {"a": 4}]
    for tree in (keras.tree, lamina.tree):
        assert tree.traverse(lambda part: "t" if isinstance(part, tuple) else None, structure) == [1, "t", {"a": 4}]
        assert tree.traverse(lambda part, none=tree.MAP_TO_NONE: none if part == 1 else None, [1, 2]) == [None, 2]
        assert tree.map_structure_up_to([0, 0], len, [[1, 1], [2]]) == [2, 1]
        assert tree.map_shape_structure(len, {"a": (None, 3)}) == {"a": 2}
        assert tree.map_structure(abs, [None, -1], none_is_leaf=False) == [None, 1]
