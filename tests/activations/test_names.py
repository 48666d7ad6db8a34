"""`get`, `serialize` and `deserialize` of activations."""

import inspect

import keras
import numpy as np
import pytest

from lamina import activations
from lamina.core.serialization import custom_object_scope, register_keras_serializable

NAMES = sorted(set(activations.__all__) - {"get", "serialize", "deserialize"})


@register_keras_serializable("tests")
def doubled(x):
    return 2 * x


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_of_keras(name):
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    assert inspect.isfunction(ours)
    assert activations.get(name) is ours
    assert activations.deserialize(name) is ours
    assert activations.serialize(ours) == keras.activations.serialize(theirs)
    assert activations.get(activations.serialize(ours)) is ours
    parameters = [(p.name, p.default) for p in inspect.signature(ours).parameters.values()]
    assert parameters == [(p.name, p.default) for p in inspect.signature(theirs).parameters.values()]


def test_the_public_names():
    assert set(activations.__all__) == {name for name in dir(keras.activations) if not name.startswith("_")}


def test_none():
    assert activations.get(None) is activations.linear
    assert activations.deserialize(None) is None
    assert activations.serialize(None) is None


def test_functions_are_themselves():
    assert activations.get(doubled) is doubled
    assert activations.get(np.tanh) is np.tanh


@pytest.mark.parametrize("module", ["keras.activations", "builtins"])
def test_configurations_that_keras_writes(module):
    config = {"module": module, "class_name": "function", "config": "relu", "registered_name": "relu"}
    assert activations.get(config) is activations.relu


def test_a_function_of_ones_own():
    config = activations.serialize(doubled)
    assert config["class_name"] == "function" and config["config"] == "tests>doubled"
    assert activations.deserialize(config) is doubled
    with custom_object_scope({"twice": doubled}):
        assert activations.get("twice") is doubled
    assert activations.deserialize("twice", custom_objects={"twice": doubled}) is doubled


@pytest.mark.parametrize(("name", "suggestion"), [("Relu", "relu"), ("leakyrelu", "leaky_relu")])
def test_unknown_names_suggest_the_nearest(name, suggestion):
    with pytest.raises(ValueError, match=f"Unknown activation {name!r}. Did you mean {suggestion!r}?"):
        activations.get(name)


def test_other_things():
    with pytest.raises(TypeError, match="3 is no activation"):
        activations.get(3)
    with pytest.raises(TypeError, match="A lambda can't be written to a file"):
        activations.serialize(lambda x: x)
