"""`Subtract`, and the same as a function."""

from typing import Any

from lamina.layers.merging.merge import Merge
from lamina.typing import Array, PyTree


class Subtract(Merge):
    """Subtracts the second of its two inputs from the first.

    Input shape: a list of two arrays of one shape, or of shapes that broadcast. Output shape: that shape.

    Example:
        >>> a, b = lamina.ops.array([[1.0, 2.0]]), lamina.ops.array([[3.0, 4.0]])
        >>> lamina.layers.Subtract()([a, b]).tolist()
        [[-2.0, -2.0]]
    """

    least_inputs = most_inputs = 2

    def merge(self, inputs: list[Array]) -> Array:
        return inputs[0] - inputs[1]


def subtract(inputs: list[PyTree], **kwargs: Any) -> PyTree:
    """Return the difference of `inputs`, arrays or symbolic tensors.

    Args:
        inputs: as for `Subtract`.
        kwargs: arguments of the layer `Subtract`.

    Example:
        >>> lamina.layers.subtract([lamina.Input((3,)), lamina.Input((3,))]).shape
        (None, 3)
    """
    return Subtract(**kwargs)(inputs)
