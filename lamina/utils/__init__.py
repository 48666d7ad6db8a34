"""Helpers, as in `keras.utils`: names gathered from where they live."""

from lamina.config import standardize_dtype
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
from lamina.core.session import clear_session
from lamina.core.symbolic import is_symbolic as is_keras_tensor
from lamina.data.download import get_file
from lamina.data.numeric import normalize, pack_x_y_sample_weight, to_categorical, unpack_x_y_sample_weight
from lamina.data.py_dataset import PyDataset
from lamina.data.sequences import pad_sequences
from lamina.data.split import ShuffledSplit, StratifiedSplit
from lamina.random.global_seed import set_random_seed
from lamina.visualization.plot_model import model_to_dot, plot_model

Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "ShuffledSplit",
    "StratifiedSplit",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "is_keras_tensor",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "standardize_dtype",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
