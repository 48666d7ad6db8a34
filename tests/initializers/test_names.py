"""`get`, `serialize` and `deserialize` of initializers, and the base class."""

import inspect
import json

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import initializers
from lamina.core.serialization import register_keras_serializable

EVERY = [
    ("Constant", {"value": 0.5}),
    ("GlorotNormal", {"seed": 1, "input_axes": [0], "output_axes": [1]}),
    ("GlorotUniform", {"seed": None, "input_axes": None, "output_axes": None}),
    ("HeNormal", {"seed": 1, "input_axes": None, "output_axes": None}),
    ("HeUniform", {"seed": 1, "input_axes": None, "output_axes": None}),
    ("LecunNormal", {"seed": 1, "input_axes": None, "output_axes": None}),
    ("LecunUniform", {"seed": 1, "input_axes": None, "output_axes": None}),
    ("Ones", {}),
    ("Orthogonal", {"gain": 0.5, "seed": 1}),
    ("RandomNormal", {"mean": 0.5, "stddev": 0.1, "seed": 1}),
    ("RandomUniform", {"minval": 0.1, "maxval": 0.2, "seed": 1}),
    ("TruncatedNormal", {"mean": 0.5, "stddev": 0.1, "seed": None}),
    (
        "VarianceScaling",
        {
            "scale": 2.0,
            "mode": "fan_out",
            "distribution": "uniform",
            "seed": 1,
            "input_axes": None,
            "output_axes": None,
        },
    ),
    ("Zeros", {}),
]
CLASSES = [name for name in initializers.__all__ if inspect.isclass(getattr(initializers, name))]


@register_keras_serializable("tests")
class Sevens(initializers.Initializer):
    def __init__(self, times=1):
        self.times = times

    def __call__(self, shape, dtype=None):
        return np.full(shape, 7 * self.times, dtype)


def test_the_public_names():
    theirs = {name for name in dir(keras.initializers) if not name.startswith("_")}
    assert theirs - set(initializers.__all__) <= {"STFT", "STFTInitializer", "stft"}
    assert set(initializers.__all__) <= theirs


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_configurations_are_those_of_keras(name, arguments):
    initializer = getattr(initializers, name)(**arguments)
    theirs = keras.initializers.serialize(getattr(keras.initializers, name)(**arguments))
    config = initializers.serialize(initializer)
    assert config == theirs
    assert initializer.get_config() == arguments
    for again in (
        initializers.deserialize(json.loads(json.dumps(config))),
        initializers.get(theirs),
        initializers.get({"class_name": name, "config": arguments}),
        initializer.clone(),
    ):
        assert type(again) is type(initializer) and again.get_config() == arguments


@pytest.mark.parametrize("name", CLASSES)
def test_aliases_are_those_of_keras(name):
    ours, theirs = getattr(initializers, name), getattr(keras.initializers, name)
    assert ours.__name__ == theirs.__name__
    if ours is not initializers.Initializer:
        assert type(initializers.get(name)) is ours
        assert initializers.serialize(ours())["class_name"] == keras.initializers.serialize(theirs())["class_name"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("zero", initializers.Zeros),
        ("one", initializers.Ones),
        ("normal", initializers.RandomNormal),
        ("uniform", initializers.RandomUniform),
        ("orthogonal", initializers.Orthogonal),
        ("glorot_uniform", initializers.GlorotUniform),
    ],
)
def test_short_names(name, kind):
    assert type(initializers.get(name)) is kind


def test_other_identifiers():
    initializer = initializers.Ones()
    assert initializers.get(initializer) is initializer
    assert initializers.get(np.zeros) is np.zeros
    assert type(initializers.get(initializers.Ones)) is initializers.Ones
    assert initializers.get(None) is initializers.serialize(None) is initializers.deserialize(None) is None
    for array in (np.arange(3.0), jnp.arange(3.0)):
        assert initializers.get(array)((2, 3)).tolist() == [[0, 1, 2], [0, 1, 2]]


def test_ones_own():
    config = initializers.serialize(Sevens(2))
    assert config["registered_name"] == "tests>Sevens" and config["config"] == {"times": 2}
    assert initializers.deserialize(config)((2,)).tolist() == [14, 14]
    assert Sevens(3).clone().times == 3
    named = initializers.deserialize({"class_name": "Other", "config": {}}, custom_objects={"Other": Sevens})
    assert named((1,)) == 7


def test_errors():
    with pytest.raises(ValueError, match="Unknown initializer 'glorot_unifrom'. Did you mean 'glorot_uniform'?"):
        initializers.get("glorot_unifrom")
    with pytest.raises(TypeError, match="0.5 is no initializer"):
        initializers.get(0.5)
    with pytest.raises(TypeError, match="A lambda can't be written to a file"):
        initializers.serialize(lambda shape, dtype=None: 1)
    with pytest.raises(NotImplementedError, match="Initializer must have a method `__call__"):
        initializers.Initializer()((2,))
