"""What layers share that combine several inputs number by number."""

from __future__ import annotations

from functools import reduce
from typing import Any

import jax.numpy as jnp

from lamina.layers.layer import Layer
from lamina.typing import Array, PyTree, Shape


class Merge(Layer):
    """Combines inputs of one shape, or of shapes that broadcast, number by number. Subclasses say how in `merge`.

    Inputs with fewer axes get new ones after the batch: `(batch, 4)` goes with `(batch, steps, 4)`.
    """

    least_inputs, most_inputs = 1, None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: list[Shape]) -> None:
        check_inputs_to_merge(self, input_shape, self.least_inputs, self.most_inputs)
        batches = {shape[0] for shape in input_shape if shape and shape[0] is not None}
        if len(batches) > 1:
            raise ValueError(f"Layer {self.name!r}: its inputs have different batch sizes; received {input_shape}.")
        broadcast: list[int | None] = []
        for axis in range(1, max(map(len, input_shape))):
            sizes = {shape[-axis] for shape in input_shape if len(shape) > axis} - {1}
            if len(sizes - {None}) > 1:
                raise ValueError(
                    f"Layer {self.name!r}: the shapes of its inputs must be equal or broadcast (sizes equal or 1, "
                    f"compared from the last axis); received {input_shape}, which differ in axis {-axis}."
                )
            broadcast.append(next(iter(sizes), 1))

    def call(self, inputs: list[Array]) -> Array:
        axes = max(array.ndim for array in inputs)
        return self.merge([_with_axes(array, axes) for array in inputs])

    def merge(self, inputs: list[Array]) -> Array:
        """Return the combination of arrays that broadcast."""
        raise NotImplementedError(f"{type(self).__name__} must say how it merges its inputs.")

    def compute_mask(self, inputs: list[Array], mask: PyTree = None) -> Array | None:
        """Return where any input counts; None if one has no mask."""
        if mask is None or any(one is None for one in mask):
            return None
        if len(mask) != len(inputs):
            raise ValueError(f"Layer {self.name!r}: {len(inputs)} inputs need as many masks, received {len(mask)}.")
        return reduce(jnp.logical_or, mask)


def check_inputs_to_merge(layer: Layer, input_shape: Any, least: int, most: int | None) -> None:
    """Raise a ValueError that names the layer unless `input_shape` is a list of shapes of the right length."""
    if not isinstance(input_shape, list | tuple) or not all(isinstance(shape, list | tuple) for shape in input_shape):
        raise ValueError(
            f"Layer {layer.name!r} takes a list of inputs, received a single one of shape {input_shape}. "
            "Call it as layer([a, b])."
        )
    if len(input_shape) < least or (most is not None and len(input_shape) > most):
        wanted = f"{least} inputs" if least == most else f"at least {least} inputs"
        raise ValueError(f"Layer {layer.name!r} takes a list of {wanted}, received {len(input_shape)}: {input_shape}.")


def _with_axes(array: Array, axes: int) -> Array:
    return array.reshape(array.shape[:1] + (1,) * (axes - array.ndim) + array.shape[1:])
