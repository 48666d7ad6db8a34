"""Where the axes of images are, and what all operations on images check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from lamina import config
from lamina.typing import Array


def check_rank(images: Array, function: str, what: str = "images") -> None:
    """Raise unless `images` is one image or a batch of them."""
    if images.ndim not in (3, 4):
        raise ValueError(
            f"{function}: {what} must have 3 axes (one image) or 4 (a batch of images), received shape {images.shape}."
        )


def channels_last(function: Callable[[Array], Array], images: Array, data_format: str | None) -> Array:
    """Apply a function of a batch `(batch, height, width, channels)` to images in any layout."""
    first = config.standardize_data_format(data_format) == "channels_first"
    single = images.ndim == 3
    batch = images[None] if single else images
    batch = jnp.moveaxis(batch, 1, -1) if first else batch
    outputs = function(batch)
    outputs = jnp.moveaxis(outputs, -1, 1) if first else outputs
    return outputs[0] if single else outputs


def back_to(outputs: Array, dtype: Any) -> Array:
    """Return floats as the dtype that the images had: rounded and within its range."""
    if not jnp.issubdtype(dtype, jnp.integer):
        return outputs.astype(dtype)
    limits = jnp.iinfo(dtype)
    return jnp.clip(jnp.round(outputs), limits.min, limits.max).astype(dtype)


def one_of(value: Any, known: tuple[str, ...], argument: str, function: str) -> str:
    """Return `value` if it is known, else raise."""
    if value not in known:
        raise ValueError(f"{function}: {argument} must be one of {', '.join(map(repr, known))}, got {value!r}.")
    return value
