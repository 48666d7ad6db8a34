"""Settings of the whole process, as in `keras.config`."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

_FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")
_DATA_FORMATS = ("channels_last", "channels_first")


class _Settings:
    floatx = "float32"
    epsilon = 1e-7
    image_data_format = "channels_last"
    interactive_logging = True
    dtype_policy: Any = None
    make_policy: Callable[[Any], Any] = staticmethod(lambda name: name)
    filters_tracebacks = True
    flash_attention = True


def floatx() -> str:
    """Return the default float type of weights and inputs, `"float32"` unless set."""
    return _Settings.floatx


def set_floatx(value: str) -> None:
    """Set the default float type.

    Args:
        value: "float16", "bfloat16", "float32" or "float64" (which needs `jax_enable_x64`).
    """
    if value not in _FLOAT_TYPES:
        raise ValueError(f"floatx must be one of {', '.join(_FLOAT_TYPES)}, got {value!r}.")
    _Settings.floatx = value


def epsilon() -> float:
    """Return the fuzz factor that keeps quotients and logarithms finite, 1e-7 unless set."""
    return _Settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the fuzz factor."""
    _Settings.epsilon = float(value)


def image_data_format() -> str:
    """Return `"channels_last"` (the default) or `"channels_first"`."""
    return _Settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default order of image axes, "channels_last" or "channels_first"."""
    _Settings.image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """Return `data_format` checked, or the default where it is None."""
    if data_format is None:
        return _Settings.image_data_format
    if data_format not in _DATA_FORMATS:
        raise ValueError(f"data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    return data_format


def dtype_policy() -> Any:
    """Return the dtype policy of layers that are given none."""
    return _Settings.dtype_policy or _Settings.make_policy(_Settings.floatx)


def set_dtype_policy(policy: Any) -> None:
    """Set the dtype policy of layers that are given none.

    Args:
        policy: a name, such as "mixed_bfloat16", or a `DTypePolicy`.
    """
    _Settings.dtype_policy = _Settings.make_policy(policy)


def policies_are_made_by(make_policy: Callable[[Any], Any]) -> None:
    """Say how a name becomes a dtype policy; `lamina.dtype_policies`, which stands above this module, does."""
    _Settings.make_policy = make_policy


def enable_interactive_logging() -> None:
    """Let `fit`, `evaluate` and `predict` print their progress (the default)."""
    _Settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send the progress of `fit`, `evaluate` and `predict` to the logger "lamina" of `logging`, line by line."""
    _Settings.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Return whether progress is printed."""
    return _Settings.interactive_logging


def set_backend(backend: str) -> None:
    """Accept "jax", the one engine that lamina has."""
    if backend != "jax":
        raise ValueError(f"lamina computes with JAX only; set_backend takes 'jax', got {backend!r}.")


def is_nnx_enabled() -> bool:
    """Return False: layers of Flax NNX are not supported."""
    return False


def enable_traceback_filtering() -> None:
    """Leave frames of lamina and JAX out of tracebacks, as is the default: they end in your own line."""
    _Settings.filters_tracebacks = True


def disable_traceback_filtering() -> None:
    """Show every frame in tracebacks, those inside lamina and JAX as well."""
    _Settings.filters_tracebacks = False


def is_traceback_filtering_enabled() -> bool:
    """Return whether frames of lamina and JAX are left out of tracebacks."""
    return _Settings.filters_tracebacks


def enable_flash_attention() -> None:
    """Let attention layers take a fused kernel where there is one that can compute them (the default)."""
    _Settings.flash_attention = True


def disable_flash_attention() -> None:
    """Let attention layers compute by the plain formula everywhere; programs compiled before stay as they are."""
    _Settings.flash_attention = False


def is_flash_attention_enabled() -> bool:
    """Return whether attention layers may take a fused kernel."""
    return _Settings.flash_attention


def backend() -> str:
    """Return "jax": lamina has one engine."""
    return "jax"


def standardize_dtype(dtype: object) -> str:
    """Return the canonical name of a dtype, `"float32"`; None gives `floatx()`.

    Args:
        dtype: a name, a NumPy or JAX dtype, a Python type (`float` means `floatx()`), or a framework's dtype
            whose text ends in the name (`torch.float32`).
    """
    if dtype is None or dtype is float:
        return _Settings.floatx
    if dtype is int:
        return "int32"
    if dtype is bool:
        return "bool"
    try:
        return jnp.dtype(dtype).name  # type: ignore[arg-type]
    except TypeError:
        name = str(getattr(dtype, "name", dtype)).rsplit(".", 1)[-1]
        if name in {"string", "str"}:
            return "string"
        try:
            return np.dtype(name).name
        except TypeError:
            raise ValueError(f"{dtype!r} is no dtype that lamina knows; use a name such as 'float32'.") from None
