"""Settings and dtypes under the names of `keras.backend`; lamina's one engine is JAX."""

from lamina.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_dtype,
)
from lamina.core.dtypes import is_float_dtype, is_int_dtype, result_type
from lamina.core.session import clear_session
from lamina.core.symbolic import is_keras_tensor

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]
