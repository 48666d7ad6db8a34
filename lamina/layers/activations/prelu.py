"""`PReLU`."""

from typing import Any

import jax.numpy as jnp

from lamina import constraints, initializers, regularizers
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array, Shape


class PReLU(Layer):
    """The rectifier whose slope below 0 is learned, for each position: `x` if `x > 0`, else `alpha * x`.

    Args:
        alpha_initializer: default zeros.
        alpha_regularizer: penalty added to the loss.
        alpha_constraint: applied after each update.
        shared_axes: axes (from 1) along which one slope is shared, such as (1, 2) for one slope a channel.

    Input shape: any whose sizes are known along axes that are not shared. Output shape: the same.

    Raises:
        ValueError: if a shared axis does not exist, or the size along another one is unknown.

    Example:
        >>> lamina.layers.PReLU(alpha_initializer="ones")(lamina.ops.array([[-2.0, 3.0]])).tolist()
        [[-2.0, 3.0]]

    Reference: He et al., 2015, https://arxiv.org/abs/1502.01852
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, list | tuple):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        for axis in self.shared_axes or ():
            if not -len(input_shape) <= axis < len(input_shape):
                raise ValueError(
                    f"Layer {self.name!r}: shared_axes={self.shared_axes} holds an axis that an input of shape "
                    f"{tuple(input_shape)} does not have; choose from 1 to {len(input_shape) - 1}."
                )
        shared = {axis % len(input_shape) for axis in self.shared_axes or ()}
        if 0 in shared:
            raise ValueError(f"Layer {self.name!r}: the batch (axis 0) always shares its slopes; leave it out.")
        sizes = {axis: 1 if axis in shared else size for axis, size in enumerate(input_shape) if axis}
        if None in sizes.values():
            raise ValueError(
                f"Layer {self.name!r}: it learns a slope for each position, so its input must have known sizes; "
                f"received shape {tuple(input_shape)}. Give them, or share slopes along the unknown axes with "
                "shared_axes."
            )
        self.alpha = self.add_weight(
            tuple(sizes.values()),
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )
        own = {axis: size for axis, size in sizes.items() if axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own)

    def call(self, inputs: Array) -> Array:
        return jnp.maximum(inputs, 0) + self.alpha.value * jnp.minimum(inputs, 0)
