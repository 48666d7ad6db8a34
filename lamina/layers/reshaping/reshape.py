"""`Reshape`."""

import math
from typing import Any

import jax.numpy as jnp

from lamina.core import binding
from lamina.layers.layer import Layer
from lamina.typing import Array, Shape


class Reshape(Layer):
    """Arranges the numbers of each example in another shape, in the same order.

    Args:
        target_shape: sizes without the batch; one may be -1, which stands for what is left.

    Input shape: any. Output shape: `(batch, *target_shape)`.

    Raises:
        ValueError: if more than one size is -1, or the numbers of an example don't fill the shape.

    Example:
        >>> lamina.layers.Reshape((3, -1))(lamina.ops.ones((2, 12))).shape
        (2, 3, 4)
    """

    def __init__(self, target_shape: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes: tuple[Any, ...] = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if not all(isinstance(size, int) and size >= -1 for size in sizes) or sizes.count(-1) > 1:
            raise ValueError(
                f"Layer {self.name!r}: target_shape holds whole numbers, of which one may be -1; got {target_shape!r}."
            )
        self.target_shape = sizes

    def call(self, inputs: Array) -> Array:
        have = math.prod(inputs.shape[1:])
        want = math.prod(size for size in self.target_shape if size != -1)
        rest = have // want if want else 0
        unknown = binding.current().abstract
        if unknown and unknown in inputs.shape[1:]:
            # Only shapes are wanted and one is not known: neither is the size that -1 stands for. Data will be checked.
            shape = (unknown if size == -1 else size for size in self.target_shape)
            return jnp.zeros((inputs.shape[0], *shape), inputs.dtype)
        if (rest * want if -1 in self.target_shape else want) != have:
            raise ValueError(
                f"Layer {self.name!r}: an example of shape {inputs.shape[1:]} has {have} numbers, which don't fill "
                f"target_shape={self.target_shape}. The product of the sizes must be {have}."
            )
        # Spelled out, since -1 can't be found for an empty batch.
        return inputs.reshape(inputs.shape[0], *(rest if size == -1 else size for size in self.target_shape))
