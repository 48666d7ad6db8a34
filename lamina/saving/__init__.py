"""Files, as in `keras.saving`: models and weights, written whole and read as data."""

from lamina.core.serialization import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from lamina.core.serialization import deserialize as deserialize_keras_object
from lamina.core.serialization import serialize as serialize_keras_object
from lamina.saving.api import load_model, load_weights, save_model, save_weights
from lamina.saving.errors import LoadError, SaveError
from lamina.saving.inspection import Contents, inspect

__all__ = [
    "Contents",
    "CustomObjectScope",
    "LoadError",
    "SaveError",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "inspect",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
