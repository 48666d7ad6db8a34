"""Models and layers through pickle and copy: the same ones again, sharing nothing."""

import copy
import pickle

import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, pickling

X = np.random.default_rng(0).random((8, 4), dtype="float32")
Y = X.sum(axis=1, keepdims=True)


class Doubled(lamina.layers.Layer):
    """Not registered: pickle knows it by its module."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = lamina.layers.Dense(units)

    def call(self, x):
        return 2 * self.dense(x)


class Own(lamina.Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first = lamina.layers.Dense(units, activation="relu")
        self.second = Doubled(1)

    def call(self, x):
        return self.second(self.first(x))


def own_loss(y_true, y_pred):
    return lamina.ops.mean((y_true - y_pred) ** 2, axis=-1)


def stack():
    return lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3), Doubled(), lamina.layers.Dense(1)])


def graph():
    inputs = lamina.Input((4,))
    outputs = lamina.layers.Dense(1)(lamina.layers.BatchNormalization()(inputs))
    return lamina.Model(inputs, outputs)


def trained(make):
    model = make()
    model.compile(lamina.optimizers.Adam(0.01), own_loss, metrics=["mae"])
    model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return model


def losses(model):
    return model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0).history["loss"]


WAYS = {"pickle": lambda value: pickle.loads(pickle.dumps(value)), "copy": copy.copy, "deepcopy": copy.deepcopy}


@pytest.mark.parametrize("make", [stack, graph, Own])
def test_models_go_on_as_the_original(make):
    model = trained(make)
    expected = model.predict(X, verbose=0)
    copies = {way: again(model) for way, again in WAYS.items()}
    for clone in copies.values():
        assert type(clone) is type(model)
        assert [weight.path for weight in clone.weights] == [weight.path for weight in model.weights]
        np.testing.assert_array_equal(clone.predict(X, verbose=0), expected)
    before = [weight.copy() for weight in model.get_weights()]
    trajectories = {way: losses(clone) for way, clone in copies.items()}
    for kept, weight in zip(before, model.get_weights(), strict=True):  # nothing is shared
        np.testing.assert_array_equal(kept, weight)
    told = losses(model)
    assert trajectories == dict.fromkeys(WAYS, told)


@pytest.mark.parametrize("way", WAYS)
def test_layers(way):
    layers = [lamina.layers.LSTM(3, name="memory"), lamina.layers.Bidirectional(lamina.layers.GRU(2)), Doubled(3)]
    for layer, shape in zip(layers, [(2, 5, 4), (2, 5, 4), (2, 4)], strict=True):
        unbuilt = WAYS[way](layer)
        assert not unbuilt.built and unbuilt.name == layer.name
        x = np.ones(shape, "float32")
        expected = layer(x)
        clone = WAYS[way](layer)
        assert clone.get_config() == layer.get_config()
        np.testing.assert_array_equal(clone(x), expected)
        clone.set_weights([np.zeros_like(weight) for weight in clone.get_weights()])
        np.testing.assert_array_equal(layer(x), expected)


def test_a_model_that_is_not_built():
    model = pickle.loads(pickle.dumps(lamina.Sequential([lamina.layers.Dense(2)])))
    assert not model.built
    assert model(X).shape == (8, 2)


def test_a_lambda_is_refused_in_both_directions():
    layer = lamina.layers.Lambda(lambda x: x)
    with pytest.raises(TypeError, match="lambda can't be written"):
        pickle.dumps(layer)
    with pytest.raises(TypeError, match="lambda can't be written"):
        pickle.dumps(lamina.Sequential([lamina.Input((2,)), layer]))


def test_what_is_pickled_is_checked_as_a_file():
    restore, (data, own) = pickling.pickled(stack())
    assert restore is pickling.restored and own == {"Doubled": Doubled}
    with pytest.raises(LoadError, match=r"pickled\.keras"):
        restore(data[:-10], own)
    with pytest.raises(LoadError, match="'Doubled'.*neither part of lamina nor registered"):
        restore(data, {})
