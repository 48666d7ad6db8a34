import keras
import numpy as np
import pytest

from lamina.utils import to_categorical


@pytest.mark.parametrize("x", [[0, 2, 1], [[0], [2]], [[0, 1], [1, 1]], [1.0, 0.0], np.array([3], "uint8")])
def test_as_keras(x):
    theirs = keras.utils.to_categorical(x)
    ours = to_categorical(x)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == "float32"
    np.testing.assert_array_equal(to_categorical(x, 5), keras.utils.to_categorical(x, 5))


@pytest.mark.parametrize(("x", "message"), [([0, 3], "3 is not among the 3"), ([-1], "-1"), ([0.5], "whole numbers")])
def test_wrong_labels(x, message):
    with pytest.raises(ValueError, match=message):
        to_categorical(x, 3)
