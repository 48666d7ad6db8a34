"""`GroupNormalization`."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.layers.input_spec import InputSpec
from lamina.layers.normalization.affine import AffineNormalization, in_full_precision, known_sizes
from lamina.typing import Array, Shape


class GroupNormalization(AffineNormalization):
    """Scales each example to mean 0 and deviation 1 within groups of channels, over all positions.

    With one group it is a layer normalization over everything, with as many groups as channels an instance
    normalization.

    Args:
        groups: number of groups that the channels are divided into; -1 for as many as channels.
        axis: the axis of the channels.
        epsilon: added to the variance, so that constant inputs don't divide by 0.
        center: whether to add `beta`.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: default zeros and ones.
        beta_regularizer, gamma_regularizer: penalties added to the loss.
        beta_constraint, gamma_constraint: applied after each update.

    Input shape: `(batch, ..., channels)`, or as `axis` says. Output shape: the same.

    Raises:
        ValueError: if the channels can't be divided into `groups`.

    Example:
        >>> lamina.layers.GroupNormalization(groups=2)(lamina.ops.ones((2, 5, 6))).shape
        (2, 5, 6)

    Reference: Wu and He, 2018, https://arxiv.org/abs/1803.08494
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ValueError(
                f"Layer {self.name!r}: groups must be a positive whole number, or -1 for one group a channel; got "
                f"{groups!r}."
            )
        self.groups = groups
        self.axis = axis

    def build(self, input_shape: Shape) -> None:
        (channels,) = known_sizes(self, input_shape, (self.axis,))
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: {channels} channels can't be divided into {self.groups} groups; received shape "
                f"{tuple(input_shape)}. Choose groups that divide {channels}."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.add_gamma_and_beta((channels,))

    def call(self, inputs: Array) -> Array:
        axis = self.axis % inputs.ndim
        channels = inputs.shape[axis]
        split = (*inputs.shape[:axis], self.groups, channels // self.groups, *inputs.shape[axis + 1 :])
        grouped = in_full_precision(inputs).reshape(split)
        axes = tuple(other for other in range(1, grouped.ndim) if other != axis)
        centred = grouped - jnp.mean(grouped, axes, keepdims=True)
        variance = jnp.mean(jnp.square(centred), axes, keepdims=True)
        normalized = (centred * lax.rsqrt(variance + self.epsilon)).reshape(inputs.shape)
        return self.scaled(normalized, tuple(channels if other == axis else 1 for other in range(inputs.ndim)))
