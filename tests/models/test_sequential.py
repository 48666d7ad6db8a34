import copy

import keras
import numpy as np
import pytest

import lamina
from lamina.layers import Activation, Dense, Dropout, Flatten

X = np.random.default_rng(0).random((5, 4), dtype="float32")


def test_from_a_list_and_by_add_are_the_same():
    listed = lamina.Sequential([Dense(8, activation="relu", input_dim=4), Dense(3, activation="softmax")])
    added = lamina.Sequential()
    added.add(Dense(8, activation="relu", input_dim=4))
    added.add(Dense(3, activation="softmax"))
    added.set_weights(listed.get_weights())
    np.testing.assert_array_equal(listed(X), added(X))
    assert [layer.name for layer in added.layers] == ["dense", "dense_1"]


@pytest.mark.parametrize(
    "first",
    [
        lambda: [lamina.Input((4,)), Dense(3)],
        lambda: [lamina.layers.InputLayer((4,)), Dense(3)],
        lambda: [lamina.Input(batch_shape=(None, 4)), Dense(3)],
        lambda: [Dense(3, input_shape=(4,))],
        lambda: [Dense(3, input_dim=4)],
        lambda: [Dense(3, batch_input_shape=(None, 4))],
    ],
)
def test_the_first_layer_says_the_shape(first):
    model = lamina.Sequential(first())
    assert model.built
    assert model.input_shape == (None, 4)
    assert (model.input.shape, model.output.shape) == ((None, 4), (None, 3))
    assert model.output_shape == (None, 3)
    assert model.count_params() == 15
    assert len(model.layers) == 1


def test_without_a_shape_weights_appear_at_the_first_call():
    model = lamina.Sequential(
        [Dense(2, activation="relu", name="a"), Dense(3, activation="relu", name="b"), Dense(4, name="c")]
    )
    assert model.weights == []
    assert [layer.name for layer in model.layers] == ["a", "b", "c"]
    assert model(lamina.ops.ones((2, 2))).shape == (2, 4)
    assert len(model.weights) == 6
    assert model.output_shape == (None, 4)


def test_build_and_fit_make_weights_too():
    built = lamina.Sequential([Dense(3)])
    built.build((None, 4))
    fitted = lamina.Sequential([Dense(3)])
    fitted.compile("sgd", "mse")
    fitted.fit(X, X[:, :3], verbose=0)
    assert built.output_shape == fitted.output_shape == (None, 3)


def test_pop_and_add_again():
    model = lamina.Sequential([lamina.Input((4,)), Dense(8), Dense(3)])
    kernel = model.layers[0].kernel
    top = model.pop()
    assert top.name == "dense_1"
    assert model.output_shape == (None, 8)
    model.add(Dense(2))
    assert model.output_shape == (None, 2)
    assert model.layers[0].kernel is kernel
    with pytest.raises(ValueError, match="no layers to take off"):
        lamina.Sequential().pop()


def test_names_and_paths():
    model = lamina.Sequential([lamina.Input((4,)), Dense(2), Dense(2), Dense(2, name="last")], name="net")
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "last"]
    assert model.weights[0].path == "net/dense/kernel"
    assert model.get_layer("last") is model.get_layer(index=2) is model.layers[2]


def test_nested_stacks():
    inner = lamina.Sequential([Dense(8, activation="relu"), Dropout(0.5)], name="inner")
    model = lamina.Sequential([lamina.Input((4,)), inner, Flatten(), Dense(2)])
    assert model.output_shape == (None, 2)
    assert model.weights[0].path == "sequential/inner/dense/kernel"
    np.testing.assert_array_equal(model(X), model(X, training=False))
    assert np.asarray(model(X, training=True)).shape == (5, 2)
    assert not np.array_equal(inner(X, training=True), inner(X))


def test_a_nested_stack_declares_the_shape():
    model = lamina.Sequential([lamina.Sequential([Dense(8, input_shape=(4,))]), Dense(2)])
    assert model.input_shape == (None, 4)


def test_shapes_of_inputs_of_another_rank():
    model = lamina.Sequential([lamina.Input((1,)), Dense(2)])
    assert model(np.ones(3)).shape == (3, 2)
    sequences = lamina.Sequential([lamina.Input((6,)), Activation("relu")])
    assert sequences(np.ones((3, 6, 1))).shape == (3, 6)


def test_inputs_of_every_kind():
    model = lamina.Sequential([lamina.Input((4,)), Dense(2)])
    expected = np.asarray(model(X))
    for x in (X.tolist(), X.astype("float64"), lamina.ops.array(X)):
        np.testing.assert_allclose(model(x), expected, rtol=1e-6)
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)


def test_predict_in_batches_is_predict_at_once():
    model = lamina.Sequential([lamina.Input((4,)), Dense(2, activation="tanh")])
    x = np.random.default_rng(1).random((70, 4), dtype="float32")
    np.testing.assert_allclose(model.predict(x, batch_size=32, verbose=0), model(x), rtol=1e-5, atol=1e-6)


def test_config_gives_the_same_stack_back():
    model = lamina.Sequential(
        [lamina.Input((4,)), Dense(8, activation="relu", kernel_regularizer="l2"), Dropout(0.2), Dense(3)], name="net"
    )
    again = lamina.Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(X), model(X))


def test_config_is_what_keras_writes():
    def make(api):
        layers = [api.Input((4,), name="x"), api.layers.Dense(8, "relu", name="a"), api.layers.Dropout(0.2, name="b")]
        return api.Sequential(layers, name="net")

    def normal(value):  # an argument that is None means the same as one that is left out
        if isinstance(value, dict):
            kept = {key: item for key, item in value.items() if item is not None and key != "shared_object_id"}
            return {key: normal(item) for key, item in kept.items()}
        return [normal(item) for item in value] if isinstance(value, list | tuple) else value

    assert normal(make(lamina).get_config()) == normal(make(keras).get_config())


def test_deepcopy_is_independent():
    model = lamina.Sequential([lamina.Input((4,)), Dense(3)])
    model.compile("adam", "mse")
    clone = copy.deepcopy(model)
    np.testing.assert_array_equal(clone(X), model(X))
    clone.fit(X, X[:, :3], verbose=0)
    assert not np.array_equal(clone(X), model(X))
    assert clone.layers[0].output.shape == (None, 3)


def test_trainable_and_non_trainable_weights():
    model = lamina.Sequential([lamina.Input((4,)), Dense(3), lamina.layers.BatchNormalization(), Dense(2)])
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (6, 2)
    model.layers[0].trainable = False
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (4, 4)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, X[:, :2], verbose=0)
    moved = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert moved[:2] == [False, False]
    assert all(moved[2:])


def test_output_shape_of_the_quiz():
    """`Dense(5, input_shape=(10,))` then `Dense(3)`: a fact that tutorials ask for."""
    assert lamina.Sequential([Dense(5, input_shape=(10,)), Dense(3)]).output_shape == (None, 3)
