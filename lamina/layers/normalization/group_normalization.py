"""`GroupNormalization`."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from lamina.kernels import moments
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
        # Statistics of each channel first, in one pass along whole rows, then of the few numbers in each group.
        values = in_full_precision(inputs)
        axis = self.axis % values.ndim
        positions = tuple(other for other in range(1, values.ndim) if other != axis)
        mean, variance = moments(values, positions) if positions else (values, jnp.zeros_like(values))
        channels = values.shape[axis]
        grouped = (-1, self.groups, channels // self.groups)
        mean, variance = mean.reshape(grouped), variance.reshape(grouped)
        centre = jnp.mean(mean, -1, keepdims=True)
        spread = jnp.mean(variance + jnp.square(mean - centre), -1, keepdims=True)
        shape = tuple(size if other in (0, axis) else 1 for other, size in enumerate(values.shape))
        centre, factor = (
            jnp.broadcast_to(each, mean.shape).reshape(shape) for each in (centre, lax.rsqrt(spread + self.epsilon))
        )
        return self.scaled((values - centre) * factor, (*(1,) * axis, channels, *(1,) * (values.ndim - axis - 1)))
