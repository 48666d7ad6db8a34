"""`SpectralNormalization`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina import initializers
from lamina.core.variable import Variable
from lamina.layers.arguments import positive_int
from lamina.layers.core.wrapper import Wrapper
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.normalization.unit_normalization import unit_length
from lamina.typing import Array, PyTree


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value at each training step, which bounds its slope by 1.

    The singular value is followed by power iteration from the vector `u` of the step before. As in Keras, inference
    uses the kernel as it is.

    Args:
        layer: a layer with a kernel, such as `Dense` or `Conv2D`, or an `Embedding`.
        power_iterations: iterations at each step.

    Input shape, output shape: those of `layer`.

    Raises:
        ValueError: if `power_iterations` is not a positive whole number, or the layer has no kernel.

    Example:
        >>> layer = lamina.layers.SpectralNormalization(lamina.layers.Dense(3))
        >>> layer(lamina.ops.ones((2, 4)), training=True).shape
        (2, 3)

    Reference: Miyato et al., 2018, https://arxiv.org/abs/1802.05957
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_int(power_iterations, "power_iterations", self.name)

    def build(self, input_shape: PyTree) -> None:
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        if kernel is None:
            kernel = getattr(self.layer, "embeddings", None)
        if not isinstance(kernel, Variable):
            raise ValueError(
                f"Layer {self.name!r}: the layer inside, {self.layer.name!r}, has neither a kernel nor embeddings to "
                "normalize."
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]), initializers.TruncatedNormal(stddev=0.02), trainable=False, name="vector_u"
        )
        if isinstance(self.layer.input_spec, InputSpec):
            self.input_spec = self.layer.input_spec

    def call(self, inputs: PyTree, training: bool = False) -> PyTree:
        if training:
            vector, kernel = self.normalized_weights()
            self.vector_u.assign(vector)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Array, Array]:
        """Return the next vector `u` and the kernel divided by its largest singular value."""
        kernel = self.kernel.value
        matrix = kernel.reshape(-1, kernel.shape[-1])
        vector = self.vector_u.value
        other = jnp.zeros((1, matrix.shape[0]), matrix.dtype)
        for _ in range(self.power_iterations):
            other = unit_length(vector @ matrix.T, (0, 1))
            vector = unit_length(other @ matrix, (0, 1))
        vector, other = lax.stop_gradient(vector), lax.stop_gradient(other)
        largest = jnp.squeeze(other @ matrix @ vector.T)
        return vector, kernel / largest
