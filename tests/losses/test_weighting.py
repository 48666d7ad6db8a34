"""Reductions, sample weights and masks: the denominators are Keras's, where the mask rides on the predictions."""

import keras
import numpy as np
import pytest

from lamina import losses
from lamina.losses.loss import apply_mask
from lamina.losses.weighting import match_axes

REDUCTIONS = ["sum", "sum_over_batch_size", "mean", "mean_with_sample_weight", "none", None]
RNG = np.random.default_rng(1)
Y_TRUE, Y_PRED = (RNG.normal(size=(2, 3, 4)).astype("float32") for _ in range(2))
MASKS = {
    "none": None,
    "steps": np.array([[True, True, False], [True, False, False]]),
    "all": np.ones((2, 3), bool),
    "nothing": np.zeros((2, 3), bool),
    "ints": np.array([[1, 1, 0], [0, 0, 1]]),
    "floats": np.array([[1, 0.5, 0], [0, 0, 1]], "float32"),
}
WEIGHTS = {
    "none": None,
    "scalar": 2.0,
    "samples": np.array([[1.0], [2.0]]),
    "steps": np.array([[1.0, 2, 3], [2, 1, 0]]),
    "last axis": np.array([[1.0, 2, 3], [2, 1, 0]])[..., None],
    "zeros": np.zeros((2, 3)),
}


def oracle(reduction, weights, mask):
    y_pred = keras.ops.convert_to_tensor(Y_PRED)
    if mask is not None:
        y_pred._keras_mask = mask
    return keras.losses.MeanSquaredError(reduction=reduction)(Y_TRUE, y_pred, sample_weight=weights)


# With a mask, Keras takes no weights that have a last axis of size 1 too many.
PAIRS = [(mask, weights) for mask in MASKS for weights in WEIGHTS if mask == "none" or weights != "last axis"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("mask", "weights"), PAIRS)
def test_denominators_are_those_of_keras(reduction, mask, weights):
    mask, weights = MASKS[mask], WEIGHTS[weights]
    value = losses.MeanSquaredError(reduction=reduction)(Y_TRUE, Y_PRED, weights, mask=mask)
    np.testing.assert_allclose(value, oracle(reduction, weights, mask), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_weight_a_sample_stretches_over_its_steps(reduction):
    loss = losses.MeanSquaredError(reduction=reduction)
    np.testing.assert_allclose(loss(Y_TRUE, Y_PRED, [1.0, 2.0]), loss(Y_TRUE, Y_PRED, [[1.0], [2.0]]))
    np.testing.assert_allclose(
        loss(Y_TRUE, Y_PRED, mask=[True, False]), loss(Y_TRUE, Y_PRED, mask=[[True], [False]]), rtol=1e-6
    )


def test_a_weight_a_sample_is_never_taken_for_one_a_step():
    square = np.arange(9.0, dtype="float32").reshape(3, 3, 1)
    values = losses.MeanSquaredError(reduction=None)(square * 0, square, [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(values, [[0, 1, 4], [0, 0, 0], [0, 0, 0]])


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
def test_ignored_classes_count_as_masked(reduction):
    labels, scores = np.array([[255, 1, 0], [0, 1, 255]]), np.full((2, 3, 2), 0.5, "float32")
    arguments = {"ignore_class": 255, "reduction": reduction}
    ours, theirs = (
        losses.SparseCategoricalCrossentropy(**arguments),
        keras.losses.SparseCategoricalCrossentropy(**arguments),
    )
    for y_true in (labels, labels[..., None]):
        np.testing.assert_allclose(ours(y_true, scores), theirs(y_true, scores), rtol=1e-6)
        weights = np.array([[1.0, 2.0, 3.0], [1.0, 0.0, 1.0]])
        np.testing.assert_allclose(ours(y_true, scores, weights), theirs(y_true, scores, weights), rtol=1e-6)
    masked = keras.ops.convert_to_tensor(scores)
    masked._keras_mask = MASKS["steps"]
    np.testing.assert_allclose(ours(labels, scores, mask=MASKS["steps"]), theirs(labels, masked), rtol=1e-6)


def test_apply_mask_gives_weights_that_average_over_what_is_left():
    mask = np.array([True, False, True, False])
    np.testing.assert_array_equal(apply_mask(None, mask, "float32", "mean"), [2, 0, 2, 0])
    np.testing.assert_array_equal(apply_mask(None, mask, "float32", "sum"), [1, 0, 1, 0])
    np.testing.assert_array_equal(apply_mask([3.0, 1, 1, 1], mask, "float32", "sum"), [3, 0, 1, 0])
    assert apply_mask(None, None, "float32", "sum") is None
    assert apply_mask([1, 2], None, "float16", "sum").dtype == "float16"


def test_match_axes_counts_from_the_first_axis():
    first, second = match_axes(np.zeros((3,)), np.zeros((3, 3)))
    assert (first.shape, second.shape) == ((3, 1), (3, 3))
    first, second = match_axes(np.zeros((2, 3, 1)), np.zeros((2, 3)))
    assert (first.shape, second.shape) == ((2, 3), (2, 3))


@pytest.mark.parametrize("shape", [(3,), (2, 4), (3, 1), (2, 3, 4)])
def test_weights_that_fit_nothing_are_refused(shape):
    with pytest.raises(ValueError, match=r"sample weights .*of shape .*its values have shape \(2, 3\)"):
        losses.MeanSquaredError()(Y_TRUE, Y_PRED, np.ones(shape))


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match="reduction must be one of .*'sum'.* got 'median'"):
        losses.MeanSquaredError(reduction="median")
