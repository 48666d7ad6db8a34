"""`Concatenate`, and the same as a function."""

from typing import Any

import jax.numpy as jnp

from lamina.layers.layer import Layer
from lamina.layers.merging.merge import check_inputs_to_merge
from lamina.typing import Array, PyTree, Shape


class Concatenate(Layer):
    """Joins its inputs along an axis.

    Args:
        axis: the axis to join along; the sizes along all others must be equal.

    Input shape: a list of arrays. Output shape: theirs, with the sizes along `axis` added up.

    Raises:
        ValueError: if the input is no list, or shapes differ elsewhere than along `axis`.

    Example:
        >>> a, b = lamina.ops.ones((2, 3)), lamina.ops.ones((2, 4))
        >>> lamina.layers.Concatenate()([a, b]).shape
        (2, 7)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def build(self, input_shape: list[Shape]) -> None:
        check_inputs_to_merge(self, input_shape, 1, None)
        ndim = len(input_shape[0])
        if not -ndim <= self.axis < ndim:
            raise ValueError(f"Layer {self.name!r}: axis {self.axis} does not exist in inputs of shapes {input_shape}.")
        for axis in range(ndim):
            sizes = {shape[axis] if len(shape) == ndim else "missing" for shape in input_shape} - {None}
            if any(len(shape) != ndim for shape in input_shape) or (len(sizes) > 1 and axis != self.axis % ndim):
                raise ValueError(
                    f"Layer {self.name!r}: its inputs must have equal shapes except along axis {self.axis}; received "
                    f"{input_shape}."
                )

    def call(self, inputs: list[Array]) -> Array:
        return jnp.concatenate(inputs, self.axis)

    def compute_mask(self, inputs: list[Array], mask: PyTree = None) -> Array | None:
        """Return the masks joined as the inputs are; an input without a mask counts everywhere."""
        if mask is None or all(one is None for one in mask):
            return None
        if len(mask) != len(inputs):
            raise ValueError(f"Layer {self.name!r}: {len(inputs)} inputs need as many masks, received {len(mask)}.")
        # Spread to the shapes of the inputs, joined as they are, and brought back: a position counts if all of it does.
        spread = [
            jnp.ones(array.shape, bool)
            if one is None
            else jnp.broadcast_to(one.reshape(one.shape + (1,) * (array.ndim - one.ndim)), array.shape)
            for array, one in zip(inputs, mask, strict=True)
        ]
        joined = jnp.concatenate(spread, self.axis)
        return jnp.any(joined, -1) if joined.ndim > 2 else joined


def concatenate(inputs: list[PyTree], axis: int = -1, **kwargs: Any) -> PyTree:
    """Join `inputs`, arrays or symbolic tensors, along an axis.

    Args:
        inputs: as for `Concatenate`.
        axis: the axis to join along.
        kwargs: arguments of the layer `Concatenate`.

    Example:
        >>> lamina.layers.concatenate([lamina.Input((3,)), lamina.Input((4,))]).shape
        (None, 7)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
