import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.utils import pad_sequences

SIDES = st.sampled_from(["pre", "post"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=4),
    st.one_of(st.none(), st.integers(1, 6)),
    SIDES,
    SIDES,
)
def test_as_keras(sequences, maxlen, padding, truncating):
    arguments = {"maxlen": maxlen, "padding": padding, "truncating": truncating, "value": 7}
    theirs = keras.utils.pad_sequences(sequences, **arguments)
    np.testing.assert_array_equal(pad_sequences(sequences, **arguments), theirs)


def test_steps_with_features():
    rows = pad_sequences([np.ones((1, 2)), np.ones((3, 2))], dtype="float32")
    assert rows.shape == (2, 3, 2)
    assert rows[0].sum() == 2


def test_what_is_no_list_of_sequences():
    with pytest.raises(ValueError, match="entry 1 is 3"):
        pad_sequences([[1], 3])
    with pytest.raises(ValueError, match="differ in shape"):
        pad_sequences([np.ones((1, 2)), np.ones((1, 3))])
    with pytest.raises(ValueError, match="padding must be"):
        pad_sequences([[1]], padding="left")
