from hypothesis import given
from hypothesis import strategies as st

from lamina.core.naming import numbered_name, unique_name


@given(st.lists(st.sampled_from(["dense", "dense_1", "dense_2", "dense_1_1", "lstm"])))
def test_numbered_names_are_unique_names(names):
    counts, taken = {}, set()
    for name in names:
        expected = unique_name(name, taken)
        taken.add(expected)
        assert numbered_name(name, counts) == expected
