"""`Dot`, and the same as a function."""

from typing import Any

import jax
import jax.numpy as jnp

from lamina.layers.layer import Layer
from lamina.layers.merging.merge import check_inputs_to_merge
from lamina.layers.normalization.unit_normalization import unit_length
from lamina.typing import Array, PyTree, Shape


class Dot(Layer):
    """Products of two inputs, summed over an axis of each, for every example.

    Args:
        axes: the axis of both to sum over, or a pair with one for each; the batch is axis 0.
        normalize: whether to scale both to length 1 along these axes first, which gives the cosine of their angle.

    Input shape: a list of two arrays. Output shape: `(batch, *axes left of the first, *axes left of the second)`;
    `(batch, 1)` if none is left.

    Raises:
        ValueError: if there are not two inputs, or the sizes along the axes differ.

    Example:
        >>> a, b = lamina.ops.ones((2, 5, 3)), lamina.ops.ones((2, 3, 4))
        >>> lamina.layers.Dot(axes=(2, 1))([a, b]).shape
        (2, 5, 4)
    """

    def __init__(self, axes: int | tuple[int, int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, int | list | tuple):
            raise TypeError(f"Layer {self.name!r}: axes must be a whole number or a pair of them, got {axes!r}.")
        pair = axes if isinstance(axes, list | tuple) else (axes, axes)
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise ValueError(f"Layer {self.name!r}: axes must be a whole number or a pair of them, got {axes!r}.")
        self.axes = axes
        self.normalize = normalize
        self.supports_masking = True

    def build(self, input_shape: list[Shape]) -> None:
        check_inputs_to_merge(self, input_shape, 2, 2)
        first, second = input_shape
        axes = self._axes(first, second)
        if 0 in axes:
            raise ValueError(f"Layer {self.name!r}: axes={self.axes} would sum over the batch (axis 0).")
        sizes = (first[axes[0]], second[axes[1]])
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                f"Layer {self.name!r}: the sizes along axes={self.axes} must be equal, but are {sizes[0]} and "
                f"{sizes[1]}; received shapes {tuple(first)} and {tuple(second)}."
            )

    def call(self, inputs: list[Array]) -> Array:
        first, second = inputs
        axes = self._axes(first.shape, second.shape)
        if self.normalize:
            first, second = unit_length(first, axes[0]), unit_length(second, axes[1])
        outputs = jax.vmap(lambda one, other: jnp.tensordot(one, other, (axes[0] - 1, axes[1] - 1)))(first, second)
        return outputs[:, None] if outputs.ndim == 1 else outputs

    def compute_mask(self, inputs: list[Array], mask: PyTree = None) -> None:
        """Return None: positions of both are mixed."""
        return None

    def _axes(self, first: Shape, second: Shape) -> tuple[int, int]:
        """Return the axes to sum over, counted from the front."""
        axes = self.axes if isinstance(self.axes, list | tuple) else (self.axes, self.axes)
        counts = len(first), len(second)
        if any(not -count <= axis < count for axis, count in zip(axes, counts, strict=True)):
            raise ValueError(
                f"Layer {self.name!r}: axes={self.axes} do not exist in inputs of shapes {tuple(first)} and "
                f"{tuple(second)}."
            )
        return axes[0] % counts[0], axes[1] % counts[1]


def dot(inputs: list[PyTree], axes: int | tuple[int, int] = -1, **kwargs: Any) -> PyTree:
    """Return the product of two `inputs`, arrays or symbolic tensors, summed over an axis of each.

    Args:
        inputs: as for `Dot`.
        axes: as for `Dot`.
        kwargs: arguments of the layer `Dot`.

    Example:
        >>> lamina.layers.dot([lamina.Input((3,)), lamina.Input((3,))], axes=1).shape
        (None, 1)
    """
    return Dot(axes=axes, **kwargs)(inputs)
