import numpy as np
from sklearn.datasets import load_digits

from lamina.datasets import digits


def test_shapes_types_and_range():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8) and y_train.shape == (1437,)
    assert x_test.shape == (360, 8, 8) and y_test.shape == (360,)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert (x_train.min(), x_train.max()) == (x_test.min(), x_test.max()) == (0, 16)


def test_they_are_exactly_the_digits_of_scikit_learn():
    def rows(images, labels):
        return sorted(np.column_stack([images.reshape(len(images), -1), labels]).astype(int).tolist())

    (x_train, y_train), (x_test, y_test) = digits.load_data()
    original = load_digits()
    ours = rows(np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test]))
    assert ours == rows(original.images, original.target)


def test_any_slice_is_a_fair_sample():
    (_, y_train), (_, y_test) = digits.load_data()
    for labels in (y_train, y_test, y_train[-144:]):
        share = np.bincount(labels, minlength=10) / len(labels)
        assert share.min() > 0.05 and share.max() < 0.16


def test_every_call_gives_arrays_of_its_own():
    (first, _), _ = digits.load_data()
    original = first[0].copy()
    first[:] = 0
    (second, _), _ = digits.load_data()
    np.testing.assert_array_equal(second[0], original)
