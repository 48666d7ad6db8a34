"""What adaptive poolings share."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.config import standardize_data_format
from lamina.core import binding
from lamina.layers.arguments import per_axis
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array


class AdaptivePooling(Layer):
    """A summary of as many windows as the output is to have, whatever the size of the input.

    Output `i` of `n` along an axis of size `s` sees the inputs from `floor(i * s / n)` to `ceil((i + 1) * s / n)`.

    Args:
        rank: number of axes besides batch and channels.
        output_size, data_format: as in `AdaptiveAveragePooling2D`.
    """

    def __init__(self, rank: int, output_size: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = per_axis(output_size, rank, "output_size", self.name)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def call(self, inputs: Array) -> Array:
        first = 1 if self.data_format == "channels_last" else 2
        for axis, outputs in enumerate(self.output_size, first):
            inputs = self._along(inputs, axis, outputs)
        return inputs

    def summary(self, window: Array, axis: int) -> Array:
        """Return the summary of whole windows along an axis, which goes."""
        raise NotImplementedError(f"{type(self).__name__} must say what it keeps of a window.")

    def uneven(self, inputs: Array, axis: int, starts: np.ndarray, stops: np.ndarray) -> Array:
        """Return the summaries of windows that overlap or differ in length, along an axis."""
        raise NotImplementedError(f"{type(self).__name__} must say what it keeps of a window.")

    def _along(self, inputs: Array, axis: int, outputs: int) -> Array:
        """Pool along one axis: windows are boxes, so one axis after the other gives the same."""
        size = inputs.shape[axis]
        if size % outputs == 0:
            split = (*inputs.shape[:axis], outputs, size // outputs, *inputs.shape[axis + 1 :])
            return self.summary(inputs.reshape(split), axis + 1)
        if binding.current().abstract:  # only shapes are asked for: the tables below are arrays
            return jnp.take(inputs, jnp.zeros(outputs, "int32"), axis)
        index = np.arange(outputs)
        return self.uneven(inputs, axis, index * size // outputs, -(-(index + 1) * size // outputs))


class AdaptiveMaxPooling(AdaptivePooling):
    """The largest number of each window."""

    def summary(self, window: Array, axis: int) -> Array:
        return jnp.max(window, axis)

    def uneven(self, inputs: Array, axis: int, starts: np.ndarray, stops: np.ndarray) -> Array:
        longest = int(np.max(stops - starts))
        # Shorter windows hold their last position several times, which does not change the largest number.
        positions = np.minimum(starts[:, None] + np.arange(longest), stops[:, None] - 1)
        return jnp.max(jnp.take(inputs, positions, axis), axis + 1)


class AdaptiveAveragePooling(AdaptivePooling):
    """The mean of each window."""

    def summary(self, window: Array, axis: int) -> Array:
        return jnp.mean(window, axis)

    def uneven(self, inputs: Array, axis: int, starts: np.ndarray, stops: np.ndarray) -> Array:
        positions = np.arange(inputs.shape[axis])
        inside = (positions >= starts[:, None]) & (positions < stops[:, None])
        shares = jnp.asarray(inside / (stops - starts)[:, None], inputs.dtype)
        return jnp.moveaxis(jnp.tensordot(inputs, shares, (axis, 1)), -1, axis)
