"""What cropping and padding share: numbers for both ends of each axis."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.config import standardize_data_format
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array

Ends = tuple[tuple[int, int], ...]


def ends_of_each_axis(value: Any, rank: int, argument: str, layer: str) -> Ends:
    """Return `((before, after), ...)` from one number, one number for each axis, or a pair for each axis.

    Raises:
        ValueError: if `value` is none of these, or holds a negative number; names the layer and the argument.
    """
    axes = (value,) * rank if isinstance(value, int) else tuple(value)
    if rank == 1 and len(axes) == 2:
        axes = (axes,)
    pairs = tuple((axis, axis) if isinstance(axis, int) else tuple(axis) for axis in axes)
    numbers = [number for pair in pairs for number in pair]
    whole = all(isinstance(number, int | np.integer) and number >= 0 for number in numbers)
    if len(pairs) != rank or any(len(pair) != 2 for pair in pairs) or not whole:
        forms = "a pair (before, after)" if rank == 1 else f"{rank} whole numbers, or {rank} pairs (before, after)"
        raise ValueError(f"Layer {layer!r}: {argument} must be a whole number >= 0 or {forms}; got {value!r}.")
    return tuple((int(before), int(after)) for before, after in pairs)


class ZeroPadding(Layer):
    """Adds zeros around `rank` axes.

    Args:
        rank: number of axes besides batch and channels.
        padding, data_format: as in `ZeroPadding2D`.
    """

    def __init__(self, rank: int, padding: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ends = ends_of_each_axis(padding, rank, "padding", self.name)
        self.padding: Any = self.ends[0] if rank == 1 else self.ends
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def call(self, inputs: Array) -> Array:
        none = (0, 0)
        last = self.data_format == "channels_last"
        return jnp.pad(inputs, (none, *self.ends, none) if last else (none, none, *self.ends))


class Cropping(Layer):
    """Cuts the ends of `rank` axes off.

    Args:
        rank: number of axes besides batch and channels.
        cropping, data_format: as in `Cropping2D`.
    """

    def __init__(self, rank: int, cropping: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ends = ends_of_each_axis(cropping, rank, "cropping", self.name)
        self.cropping: Any = self.ends[0] if rank == 1 else self.ends
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def call(self, inputs: Array) -> Array:
        first = 1 if self.data_format == "channels_last" else 2
        cut = [slice(None)] * inputs.ndim
        for axis, (before, after) in enumerate(self.ends, first):
            if before + after >= inputs.shape[axis]:
                raise ValueError(
                    f"Layer {self.name!r}: cropping={self.cropping} leaves nothing of an input of shape "
                    f"{inputs.shape}: axis {axis} has size {inputs.shape[axis]}."
                )
            cut[axis] = slice(before, inputs.shape[axis] - after)
        return inputs[tuple(cut)]
