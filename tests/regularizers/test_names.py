"""`get`, `serialize` and `deserialize` of regularizers, and the base class."""

import json

import jax.numpy as jnp
import keras
import pytest

from lamina import regularizers
from lamina.core.serialization import register_keras_serializable

EVERY = [
    ("L1", {"l1": 0.3}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {"l1": 0.2, "l2": 0.3}),
    ("OrthogonalRegularizer", {"factor": 0.3, "mode": "columns"}),
]


@register_keras_serializable("tests")
class Largest(regularizers.Regularizer):
    def __init__(self, weight=1.0):
        self.weight = weight

    def __call__(self, x):
        return self.weight * jnp.abs(x).max()


def test_the_public_names():
    assert set(regularizers.__all__) == {name for name in dir(keras.regularizers) if not name.startswith("_")}


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_configurations_are_those_of_keras(name, arguments):
    ours = regularizers.serialize(getattr(regularizers, name)(**arguments))
    theirs = keras.regularizers.serialize(getattr(keras.regularizers, name)(**arguments))
    assert ours == {**theirs, "config": pytest.approx(theirs["config"])}  # Keras rounds some factors to float32


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_round_trips(name, arguments):
    regularizer = getattr(regularizers, name)(**arguments)
    assert regularizer.get_config() == arguments
    config = json.loads(json.dumps(regularizers.serialize(regularizer)))
    for again in (
        regularizers.deserialize(config),
        regularizers.get(config),
        regularizers.get({"class_name": name, "config": arguments}),
        regularizers.deserialize(keras.regularizers.serialize(getattr(keras.regularizers, name)(**arguments))),
    ):
        assert type(again) is type(regularizer)
        assert again.get_config() == pytest.approx(arguments)
    assert keras.regularizers.deserialize(config).get_config() == pytest.approx(arguments)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("l1", regularizers.L1),
        ("L2", regularizers.L2),
        ("l1l2", regularizers.L1L2),
        ("l1_l2", regularizers.L1L2),
        ("orthogonal_regularizer", regularizers.OrthogonalRegularizer),
    ],
)
def test_names(name, kind):
    assert type(regularizers.get(name)) is kind


def test_other_identifiers():
    regularizer = regularizers.L1()
    assert regularizers.get(regularizer) is regularizer
    assert regularizers.get(abs) is abs
    assert type(regularizers.get(regularizers.L2)) is regularizers.L2
    assert regularizers.get(None) is regularizers.serialize(None) is regularizers.deserialize(None) is None


def test_ones_own():
    config = regularizers.serialize(Largest(2.0))
    assert config["registered_name"] == "tests>Largest" and config["config"] == {"weight": 2.0}
    again = regularizers.deserialize(config)
    assert type(again) is Largest and again(jnp.array([1.0, -3.0])) == 6
    named = regularizers.deserialize({"class_name": "Other", "config": {}}, custom_objects={"Other": Largest})
    assert type(named) is Largest


def test_errors():
    with pytest.raises(ValueError, match="Unknown regularizer 'L1_L2'. Did you mean 'l1_l2'?"):
        regularizers.get("L1_L2")
    with pytest.raises(TypeError, match="0.1 is no regularizer"):
        regularizers.get(0.1)
    with pytest.raises(NotImplementedError, match="Regularizer must have a method `__call__"):
        regularizers.Regularizer()(1.0)
