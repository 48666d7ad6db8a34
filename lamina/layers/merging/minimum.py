"""`Minimum`, and the same as a function."""

from functools import reduce
from typing import Any

import jax.numpy as jnp

from lamina.layers.merging.merge import Merge
from lamina.typing import Array, PyTree


class Minimum(Merge):
    """Keeps the smallest of its inputs, number by number.

    Input shape: a list of arrays of one shape, or of shapes that broadcast. Output shape: that shape.

    Example:
        >>> a, b = lamina.ops.array([[1.0, 2.0]]), lamina.ops.array([[3.0, 4.0]])
        >>> lamina.layers.Minimum()([a, b]).tolist()
        [[1.0, 2.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(jnp.minimum, inputs)


def minimum(inputs: list[PyTree], **kwargs: Any) -> PyTree:
    """Return the minimum of `inputs`, arrays or symbolic tensors.

    Args:
        inputs: as for `Minimum`.
        kwargs: arguments of the layer `Minimum`.

    Example:
        >>> lamina.layers.minimum([lamina.Input((3,)), lamina.Input((3,))]).shape
        (None, 3)
    """
    return Minimum(**kwargs)(inputs)
