import keras
import numpy as np
import pytest

import lamina
from lamina.core.serialization import (
    constructor_config,
    custom_object_scope,
    deserialize,
    register_keras_serializable,
    serialize,
)


@register_keras_serializable("tests")
class Scale(lamina.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


@register_keras_serializable("tests")
def shifted(x):
    return x + 1


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, "relu", (1, (2, 3)), [1, None], {"a": (1, 2)}, slice(1, None, 2)]
)
def test_plain_values_come_back(value):
    assert deserialize(serialize(value)) == value


def test_arrays_come_back():
    array = np.array([[1.5, 2.5]], "float32")
    again = deserialize(serialize(array))
    np.testing.assert_array_equal(again, array)
    assert again.dtype == array.dtype


def test_objects_are_described_as_keras_describes_them():
    for name in ("Dense", "Dropout"):
        argument = {"Dense": 3, "Dropout": 0.5}[name]
        ours = serialize(getattr(lamina.layers, name)(argument, name="x"))
        theirs = keras.saving.serialize_keras_object(getattr(keras.layers, name)(argument, name="x"))
        assert {key: ours[key] for key in ("module", "class_name", "registered_name")} == {
            key: theirs[key] for key in ("module", "class_name", "registered_name")
        }


def test_registered_classes_and_functions():
    described = serialize(Scale(3.0, name="s"))
    assert described["registered_name"] == "tests>Scale"
    again = deserialize(described)
    assert isinstance(again, Scale)
    assert again.factor == 3.0
    assert deserialize(serialize(shifted)) is shifted


def test_names_in_scope():
    class Local(lamina.layers.Layer):
        pass

    described = serialize(Local(name="x"))
    with pytest.raises(ValueError, match="neither part of lamina nor registered"):
        deserialize(described)
    with custom_object_scope({"Local": Local}):
        assert isinstance(deserialize(described), Local)
    assert isinstance(deserialize(described, custom_objects={"Local": Local}), Local)


def test_nothing_is_imported_by_name():
    for described in (
        {"module": "os", "class_name": "system", "config": {"command": "true"}, "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
    ):
        with pytest.raises(ValueError, match="neither part of lamina nor registered"):
            deserialize(described)


def test_unknown_names_get_a_suggestion():
    described = {"module": "keras.layers", "class_name": "Dens", "config": {}, "registered_name": None}
    with pytest.raises(ValueError, match="Did you mean 'Dense'"):
        deserialize(described)


def test_a_lambda_is_refused():
    with pytest.raises(TypeError, match="lambda can't be written"):
        serialize(lambda x: x)


def test_an_argument_without_an_attribute():
    class Forgetful:
        def __init__(self, units):
            pass

    with pytest.raises(NotImplementedError, match="argument 'units' is kept in no attribute"):
        constructor_config(Forgetful(3))
