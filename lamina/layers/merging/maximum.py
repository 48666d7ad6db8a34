"""`Maximum`, and the same as a function."""

from functools import reduce
from typing import Any

import jax.numpy as jnp

from lamina.layers.merging.merge import Merge
from lamina.typing import Array, PyTree


class Maximum(Merge):
    """Keeps the largest of its inputs, number by number.

    Input shape: a list of arrays of one shape, or of shapes that broadcast. Output shape: that shape.

    Example:
        >>> a, b = lamina.ops.array([[1.0, 2.0]]), lamina.ops.array([[3.0, 4.0]])
        >>> lamina.layers.Maximum()([a, b]).tolist()
        [[3.0, 4.0]]
    """

    def merge(self, inputs: list[Array]) -> Array:
        return reduce(jnp.maximum, inputs)


def maximum(inputs: list[PyTree], **kwargs: Any) -> PyTree:
    """Return the maximum of `inputs`, arrays or symbolic tensors.

    Args:
        inputs: as for `Maximum`.
        kwargs: arguments of the layer `Maximum`.

    Example:
        >>> lamina.layers.maximum([lamina.Input((3,)), lamina.Input((3,))]).shape
        (None, 3)
    """
    return Maximum(**kwargs)(inputs)
