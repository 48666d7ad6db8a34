"""`Normalization`: adapting to data of all kinds."""

import keras
import numpy as np
import pandas as pd
import pytest

import lamina
from lamina.layers import Normalization

RNG = np.random.default_rng(0)
TABLE = (RNG.normal(size=(50, 3)) * [1.0, 10.0, 100.0] + [0.0, 5.0, 1000.0]).astype("float32")


def statistics(layer):
    return [weight.numpy() for weight in layer.weights[:2]]


@pytest.mark.parametrize("axis", [-1, 1, None, (1,)])
def test_as_keras(axis):
    ours, theirs = Normalization(axis=axis), keras.layers.Normalization(axis=axis)
    ours.adapt(TABLE)
    theirs.adapt(TABLE)
    for own, other in zip(statistics(ours), theirs.get_weights(), strict=False):
        np.testing.assert_allclose(own, other, rtol=1e-5)
    np.testing.assert_allclose(ours(TABLE), theirs(TABLE), rtol=1e-4, atol=1e-4)
    assert ours.mean.shape == tuple(theirs.mean.shape)


class Numbered:
    """A data set of numbered batches that never ends when iterated over, as Keras's PyDataset."""

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return TABLE[index * 10 : index * 10 + 10], np.zeros(10)


@pytest.mark.parametrize(
    "data",
    [
        TABLE,
        TABLE.tolist(),
        pd.DataFrame(TABLE),
        lamina.ops.array(TABLE),
        Numbered(),
        (TABLE[index : index + 7] for index in range(0, 50, 7)),
        iter([(TABLE[:20], "targets"), (TABLE[20:], "targets")]),
    ],
    ids=["array", "list", "table", "jax", "numbered batches", "generator", "pairs"],
)
def test_data_of_any_kind_gives_the_same(data):
    layer = Normalization()
    layer.adapt(data)
    mean, variance = statistics(layer)
    np.testing.assert_allclose(mean, TABLE.mean(0, dtype="float64"), rtol=1e-6)
    np.testing.assert_allclose(variance, TABLE.var(0, dtype="float64"), rtol=1e-6)


def test_variance_survives_a_mean_far_away():
    layer = Normalization()
    layer.adapt((TABLE[:, :1].astype("float64") + 1e7)[index : index + 10] for index in range(0, 50, 10))
    np.testing.assert_allclose(statistics(layer)[1], TABLE[:, 0].var(), rtol=1e-4)


def test_adapting_again_forgets():
    layer = Normalization()
    layer.adapt(TABLE)
    layer.adapt(np.ones((4, 3)))
    np.testing.assert_array_equal(statistics(layer), [np.ones(3), np.zeros(3)])


def test_a_column_that_never_changes_gives_zeros():
    layer = Normalization()
    layer.adapt(np.ones((4, 1)))
    np.testing.assert_array_equal(layer(np.ones((2, 1))), np.zeros((2, 1)))


def test_single_numbers_with_and_without_a_feature_axis():
    layer = Normalization(axis=None)
    layer.adapt(np.array([1.0, 2.0, 3.0]))
    expected = (np.array([1.0, 4.0]) - 2) / np.sqrt(2 / 3)
    np.testing.assert_allclose(layer(np.array([1.0, 4.0])), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(np.array([[1.0], [4.0]])), expected[:, None], rtol=1e-6)


def test_invert_undoes():
    forth, back = Normalization(), Normalization(invert=True)
    forth.adapt(TABLE)
    back.adapt(TABLE)
    np.testing.assert_allclose(back(forth(TABLE)), TABLE, rtol=1e-4, atol=1e-4)


def test_given_statistics_need_no_data_and_have_no_weights():
    layer = Normalization(mean=[0.0, 1.0], variance=[1.0, 4.0])
    np.testing.assert_array_equal(layer(np.array([[1.0, 5.0]])), [[1.0, 2.0]])
    assert layer.weights == []
    assert layer.get_config()["variance"] == [1.0, 4.0]


def test_what_was_learned_is_state_not_configuration():
    layer = Normalization()
    layer.adapt(TABLE)
    config = layer.get_config()
    assert config["mean"] is None
    again = Normalization.from_config(config)
    again.build_from_config(layer.get_build_config())
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(TABLE), layer(TABLE))


@pytest.mark.parametrize(
    ("options", "data", "message"),
    [
        ({}, [], "received no data"),
        ({}, np.array([[1.0, np.nan], [1.0, 2.0]]), r"NaN or infinite numbers in feature\(s\) \[1\]"),
        ({}, np.array([["a"], ["b"]]), "needs numbers, got an array of dtype <U1"),
        ({}, np.arange(3.0), r"only the batch axis.*axis=None.*data\[:, None\]"),
        ({"axis": 3}, np.ones((4, 2)), r"axis \(3,\) does not exist in an input of shape \(None, 2\)"),
        ({"mean": 0.0, "variance": 1.0}, np.ones((4, 2)), "nothing to adapt"),
    ],
)
def test_data_that_can_not_be_learned_from(options, data, message):
    with pytest.raises(ValueError, match=f"'normalization'.*{message}"):
        Normalization(**options).adapt(data)


def test_what_is_no_data():
    with pytest.raises(TypeError, match="an array or an iterable of batches, got int"):
        Normalization().adapt(3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mean": 1.0}, "both mean and variance"),
        ({"mean": [1.0], "variance": 1.0}, "one shape"),
        ({"axis": "x"}, "axis"),
    ],
)
def test_arguments_that_do_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        Normalization(**options)


def test_inputs_of_another_width():
    layer = Normalization()
    layer.adapt(TABLE)
    with pytest.raises(ValueError, match=r"axis -1 has size 3, received shape \(2, 4\)"):
        layer(np.ones((2, 4)))
