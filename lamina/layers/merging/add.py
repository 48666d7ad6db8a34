"""`Add`, and the same as a function."""

from functools import reduce
from typing import Any

import jax.numpy as jnp

from lamina.layers.merging.merge import Merge
from lamina.typing import Array, PyTree


class Add(Merge):
    """Adds its inputs.

    Input shape: a list of arrays of one shape, or of shapes that broadcast. Output shape: that shape.

    Example:
        >>> a, b = lamina.ops.array([[1.0, 2.0]]), lamina.ops.array([[3.0, 4.0]])
        >>> lamina.layers.Add()([a, b]).tolist()
        [[4.0, 6.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(jnp.add, inputs)


def add(inputs: list[PyTree], **kwargs: Any) -> PyTree:
    """Return the sum of `inputs`, arrays or symbolic tensors.

    Args:
        inputs: as for `Add`.
        kwargs: arguments of the layer `Add`.

    Example:
        >>> lamina.layers.add([lamina.Input((3,)), lamina.Input((3,))]).shape
        (None, 3)
    """
    return Add(**kwargs)(inputs)
