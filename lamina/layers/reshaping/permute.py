"""`Permute`."""

from typing import Any

import jax.numpy as jnp

from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array


class Permute(Layer):
    """Puts the axes of each example in another order.

    Args:
        dims: the axes in their new order, counted from 1: `(2, 1)` swaps steps and features.

    Input shape: any with `len(dims)` axes besides the batch. Output shape: the same sizes in the new order.

    Raises:
        ValueError: if `dims` is not an order of 1, 2, …

    Example:
        >>> lamina.layers.Permute((2, 1))(lamina.ops.ones((2, 10, 4))).shape
        (2, 4, 10)
    """

    def __init__(self, dims: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims) if isinstance(dims, list | tuple) else (dims,)
        if not all(isinstance(axis, int) for axis in self.dims) or sorted(self.dims) != list(
            range(1, len(self.dims) + 1)
        ):
            raise ValueError(
                f"Layer {self.name!r}: dims must hold each axis from 1 to the last once, such as (2, 1); got {dims!r}. "
                "The batch (axis 0) stays where it is."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Array) -> Array:
        return jnp.transpose(inputs, (0, *self.dims))
