"""Targets that can't be right are found on the host, before a compiled program hides them."""

import numpy as np
import pytest

from lamina import losses


@pytest.mark.parametrize("name", ["SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"])
def test_class_numbers_out_of_range_name_values_row_and_range(name):
    loss = getattr(losses, name)()
    loss.check_targets(np.array([0, 2, 1]), (None, 3))
    loss.check_targets(np.array([[0.0], [2.0]]), (None, 3))
    with pytest.raises(
        ValueError, match=r"from 0 to 2, for 3 outputs, but y_true holds 5 \(first in row 1, 1 in all\)"
    ):
        loss.check_targets(np.array([0, 5, 1]), (None, 3))
    with pytest.raises(ValueError, match=r"last layer 6 units"):
        loss.check_targets(np.array([0, 5, 1]), (None, 3))
    with pytest.raises(ValueError, match=r"holds -1 \(first in row 2"):
        loss.check_targets(np.array([0, 1, -1]), (None, 3))
    with pytest.raises(ValueError, match=r"holds 0.5 "):
        loss.check_targets(np.array([0, 1, 0.5]), (None, 3))
    with pytest.raises(ValueError, match="count from 1: pass y_true - 1"):
        loss.check_targets(np.array([1, 3, 2]), (None, 3))
    with pytest.raises(ValueError, match="NaN is a missing label"):
        loss.check_targets(np.array([0, np.nan, 1]), (None, 3))
    with pytest.raises(ValueError, match="Number the classes first"):
        loss.check_targets(np.array(["cat", "dog"]), (None, 3))


def test_many_wrong_labels_are_shortened():
    with pytest.raises(ValueError, match=r"holds 3, 4, 5, 6, 7 and 92 other values \(first in row 3, 97 in all\)"):
        losses.SparseCategoricalCrossentropy().check_targets(np.arange(100), (None, 3))


def test_the_class_to_ignore_is_no_error():
    losses.SparseCategoricalCrossentropy(ignore_class=255).check_targets(np.array([0, 255]), (None, 3))
    losses.SparseCategoricalCrossentropy(axis=1).check_targets(np.array([[0, 2]]), (None, 3, 2))
    losses.SparseCategoricalCrossentropy().check_targets(np.array([0, 7]), (None, None))
    with pytest.raises(ValueError, match="whole numbers from 0 on"):
        losses.SparseCategoricalCrossentropy().check_targets(np.array([0, -7]), (None, None))


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy"])
def test_probabilities_lie_between_zero_and_one(name):
    loss = getattr(losses, name)()
    loss.check_targets(np.array([[0, 1], [0.5, 0.5]]), (None, 2))
    loss.check_targets(np.array([[True, False]]), (None, 2))
    with pytest.raises(ValueError, match=r"targets in \[0, 1\], but y_true holds 2 \(first in row 1"):
        loss.check_targets(np.array([[0, 1], [0, 2]]), (None, 2))
    with pytest.raises(ValueError, match=r"\(y_true \+ 1\) / 2"):
        loss.check_targets(np.array([[-1], [1]]), (None, 1))
    with pytest.raises(ValueError, match="holds nan"):
        loss.check_targets(np.array([[np.nan], [1]]), (None, 1))


def test_labels_of_sequences_are_class_numbers():
    losses.CTC().check_targets(np.array([[1, 2, 0]]), (None, 10, 3))
    with pytest.raises(ValueError, match="from 0 to 2, for 3 outputs"):
        losses.CTC().check_targets(np.array([[1, 3, 0]]), (None, 10, 3))


def test_other_losses_take_any_number():
    losses.MeanSquaredError().check_targets(np.array([-5.0, 1e9]), (None, 1))
