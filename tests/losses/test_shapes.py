"""Targets and predictions of different shapes: aligned where that is safe, else refused with a way out."""

import keras
import numpy as np
import pytest

from lamina import losses
from lamina.losses.alignment import align_ranks, comparable

ELEMENTWISE = [
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "poisson",
    "kl_divergence",
    "cosine_similarity",
    "hinge",
    "squared_hinge",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "dice",
    "tversky",
]
ONE_HOT = {
    "categorical_crossentropy": "Use sparse_categorical_crossentropy for class numbers, or convert",
    "categorical_focal_crossentropy": "Convert",
    "categorical_hinge": "Convert",
}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((4,), (4, 1), ((4, 1), (4, 1))),
        ((4, 1), (4,), ((4, 1), (4, 1))),
        ((4, 3), (4, 3, 1), ((4, 3), (4, 3))),
        ((4, 3, 1), (4, 3), ((4, 3), (4, 3))),
        ((4, 3), (4,), ((4, 3), (4,))),
        ((4, 1, 1), (4,), ((4, 1, 1), (4,))),
        ((4, 2), (4, 2), ((4, 2), (4, 2))),
    ],
)
def test_a_last_axis_of_one_is_added_or_taken_away(first, second, expected):
    aligned = align_ranks(np.zeros(first), np.zeros(second))
    assert tuple(array.shape for array in aligned) == expected


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_flat_targets_are_compared_with_columns_element_by_element(name):
    y_true, y_pred = np.array([1.0, 0.0, 1.0], "float32"), np.array([[0.2], [0.7], [0.9]], "float32")
    function = getattr(losses, name)
    expected = getattr(keras.losses, name)(y_true[:, None], y_pred)
    np.testing.assert_allclose(function(y_true, y_pred), expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(function(y_true[:, None], y_pred[:, 0]), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize(
    ("true_shape", "pred_shape", "advice"),
    [
        ((4, 3), (4, 1), "Give the last layer 3 units"),
        ((4, 1), (4, 3), "Give the last layer 1 unit, or pass targets of shape"),
        ((4,), (4, 3), "give it 1 unit"),
        ((4, 2), (3, 2), "They hold 4 and 3 samples"),
        ((4,), (3,), "They hold 4 and 3 samples"),
        ((1, 3), (2, 3), "They hold 1 and 2 samples"),
        ((4, 3, 3), (4, 3), "Pass targets of shape"),
        ((), (3,), "Neither may be a scalar"),
    ],
)
def test_other_shapes_are_never_broadcast(name, true_shape, pred_shape, advice):
    with pytest.raises(ValueError) as caught:
        getattr(losses, name)(np.ones(true_shape), np.ones(pred_shape))
    message = str(caught.value)
    assert name in message and str(true_shape) in message and str(pred_shape) in message and advice in message


def test_two_scalars_are_refused():
    with pytest.raises(ValueError, match="arrays of at least one axis"):
        comparable(1.0, 2.0, "mean_squared_error")


@pytest.mark.parametrize("name", ONE_HOT)
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_class_numbers_for_one_hot_losses_name_the_sparse_one(name, shape):
    with pytest.raises(
        ValueError, match=rf"{name} needs one-hot.*class numbers. {ONE_HOT[name]} them: .*to_categorical"
    ):
        getattr(losses, name)(np.zeros(shape, int), np.ones((4, 3)))


def test_one_hot_targets_for_the_sparse_loss_name_the_other_one():
    with pytest.raises(ValueError, match=r"looks one-hot: use categorical_crossentropy .*argmax"):
        losses.sparse_categorical_crossentropy(np.eye(3), np.ones((3, 3)))
    with pytest.raises(ValueError, match="They hold 2 and 3 samples"):
        losses.sparse_categorical_crossentropy(np.zeros(2), np.ones((3, 3)))
    with pytest.raises(ValueError, match="y_pred is a scalar"):
        losses.sparse_categorical_crossentropy(1, 2.0)


def test_one_hot_targets_for_the_generalized_one_are_refused():
    with pytest.raises(ValueError, match="looks one-hot: convert"):
        losses.CategoricalGeneralizedCrossEntropy()(np.eye(3), np.ones((3, 3)))


def test_a_column_of_class_numbers_is_as_good_as_a_row():
    labels, scores = np.array([0, 2, 1]), np.random.default_rng(0).random((3, 3)).astype("float32")
    for function in (
        losses.sparse_categorical_crossentropy,
        lambda *data: losses.categorical_generalized_cross_entropy(*data, q=0.4),
    ):
        np.testing.assert_array_equal(function(labels[:, None], scores), function(labels, scores))
    np.testing.assert_array_equal(losses.circle(labels[:, None], scores), losses.circle(labels, scores))


def test_classes_may_lie_on_another_axis():
    labels, scores = np.array([[0, 1, 0], [0, 1, 1]]), np.random.default_rng(0).random((2, 2, 3)).astype("float32")
    expected = losses.sparse_categorical_crossentropy(labels, np.moveaxis(scores, 1, -1))
    np.testing.assert_allclose(losses.sparse_categorical_crossentropy(labels, scores, axis=1), expected)
    loss = losses.SparseCategoricalCrossentropy(axis=1, ignore_class=1)
    np.testing.assert_allclose(loss(labels, scores), expected[labels == 0].mean(), rtol=1e-6)


def test_a_single_class_is_warned_about():
    with pytest.warns(UserWarning, match="have only one.*Use binary_crossentropy"):
        losses.categorical_crossentropy(np.ones((4, 1)), np.ones((4, 1)))


def test_sequences_and_embeddings_of_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"ctc needs y_true of shape \(batch, labels\)"):
        losses.ctc(np.zeros(3, int), np.zeros((3, 5, 4)))
    with pytest.raises(ValueError, match=r"ctc needs .*\(2, 2\) and \(3, 5, 4\)"):
        losses.ctc(np.zeros((2, 2), int), np.zeros((3, 5, 4)))
    with pytest.raises(ValueError, match="circle needs y_pred of shape"):
        losses.circle(np.zeros(3), np.zeros((4, 2)))
    with pytest.raises(ValueError, match="circle needs ref_embeddings of shape"):
        losses.circle(np.zeros(3), np.zeros((3, 2)), ref_embeddings=np.zeros((4, 2)))


@pytest.mark.parametrize("reference", [slice(None), slice(3)])
def test_circle_compares_with_references(reference):
    rng = np.random.default_rng(3)
    embeddings = rng.normal(size=(6, 4)).astype("float32")
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    labels = np.array([0, 1, 0, 1, 2, 0])
    arguments = {"ref_labels": labels[reference], "ref_embeddings": embeddings[reference] * 0.9, "gamma": 4.0}
    for remove_diagonal in (True, False):
        arguments["remove_diagonal"] = remove_diagonal
        expected = keras.losses.circle(labels, embeddings, **arguments)
        np.testing.assert_allclose(losses.circle(labels, embeddings, **arguments), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("share", [-0.1, 1.5])
@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "BinaryFocalCrossentropy"])
def test_shares_outside_their_range_are_refused(name, share):
    with pytest.raises(ValueError, match=r"label_smoothing must lie in \[0, 1\]"):
        getattr(losses, name)(label_smoothing=share)


@pytest.mark.parametrize("q", [0, 1, -0.5])
def test_the_noise_parameter_lies_between_zero_and_one(q):
    with pytest.raises(ValueError, match=r"q must lie in \(0, 1\)"):
        losses.CategoricalGeneralizedCrossEntropy(q=q)
