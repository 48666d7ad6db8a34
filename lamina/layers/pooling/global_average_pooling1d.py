"""`GlobalAveragePooling1D`."""

from typing import Any

import jax.numpy as jnp

from lamina.layers.pooling.global_pooling import GlobalPooling
from lamina.typing import Array, PyTree


class GlobalAveragePooling1D(GlobalPooling):
    """Keeps the mean of every channel over all steps.

    Args:
        data_format: "channels_last" or "channels_first"; default the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Call arguments:
        inputs: the sequences.
        mask: bool, (batch, steps); False leaves a step out of the mean.

    Input shape: `(batch, steps, channels)`, or `(batch, channels, steps)`.
    Output shape: `(batch, channels)`; `(batch, 1, channels)` (or channels first) with `keepdims`.

    Example:
        >>> lamina.layers.GlobalAveragePooling1D()(lamina.ops.ones((2, 10, 4))).shape
        (2, 4)
    """

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(1, data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Array, mask: Array | None = None) -> Array:
        axis = self.pooled_axes[0]
        if mask is None:
            return jnp.mean(inputs, axis, keepdims=self.keepdims)
        weights = jnp.expand_dims(mask, -1 if self.data_format == "channels_last" else 1).astype(inputs.dtype)
        count = jnp.maximum(jnp.sum(weights, axis, keepdims=self.keepdims), 1)  # a row of nothing but padding gives 0
        return jnp.sum(inputs * weights, axis, keepdims=self.keepdims) / count

    def compute_mask(self, inputs: Array, mask: PyTree = None) -> None:
        """Return None: no steps are left."""
        return None
