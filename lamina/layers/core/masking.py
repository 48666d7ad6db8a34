"""`Masking`."""

from typing import Any

import jax.numpy as jnp

from lamina.layers.layer import Layer
from lamina.typing import Array, PyTree


class Masking(Layer):
    """Marks the steps of sequences that hold nothing but `mask_value` as padding, and sets them to 0.

    Later layers that know masks (recurrent ones, `GlobalAveragePooling1D`), the loss and the metrics leave them out.

    Args:
        mask_value: what padding is filled with.

    Input shape: `(batch, steps, features)`. Output shape: the same.

    Example:
        >>> layer = lamina.layers.Masking(mask_value=-1.0)
        >>> layer.compute_mask(lamina.ops.array([[[2.0, -1.0], [-1.0, -1.0]]])).tolist()
        [[True, False]]
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.autocast = False  # a mask value such as -99.9 must be found again
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        kept = jnp.any(jnp.not_equal(inputs, self.mask_value), -1, keepdims=True)
        outputs = jnp.where(kept, inputs, jnp.zeros((), inputs.dtype))
        return outputs.astype(self.compute_dtype) if jnp.issubdtype(inputs.dtype, jnp.floating) else outputs

    def compute_mask(self, inputs: Array, mask: PyTree = None) -> Array:
        """Return where a step holds anything else than `mask_value`."""
        return jnp.any(jnp.not_equal(inputs, self.mask_value), -1)
