"""`LayerNormalization`."""

from typing import Any

import jax.numpy as jnp

from lamina.kernels.layer_normalization import layer_norm
from lamina.layers.normalization.affine import (
    AffineNormalization,
    axes_of,
    in_full_precision,
    known_sizes,
    spec_of_axes,
)
from lamina.typing import Array, Shape


class LayerNormalization(AffineNormalization):
    """Scales each example to mean 0 and deviation 1 over its features: `gamma * (x - mean) / deviation + beta`.

    Unlike `BatchNormalization` it does the same in training and afterwards, and for a batch of any size.

    Args:
        axis: the axis, or axes, to normalize over; usually the features.
        epsilon: added to the variance, so that constant inputs don't divide by 0.
        center: whether to add `beta`.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: default zeros and ones.
        beta_regularizer, gamma_regularizer: penalties added to the loss.
        beta_constraint, gamma_constraint: applied after each update.
        rms_scaling: whether to compute `gamma * x / deviation` instead, whatever `center` and `scale` say. (To divide
            by the root of the mean square, take `RMSNormalization`.)

    Input shape: any whose sizes are known along `axis`. Output shape: the same.

    Example:
        >>> lamina.layers.LayerNormalization(epsilon=0.0)(lamina.ops.array([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]

    Reference: Ba et al., 2016, https://arxiv.org/abs/1607.06450
    """

    def __init__(
        self,
        axis: int | list[int] | tuple[int, ...] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
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
        self.axis = axes_of(axis, self.name)
        self.rms_scaling = bool(rms_scaling)

    def build(self, input_shape: Shape) -> None:
        sizes = known_sizes(self, input_shape, tuple(self.axis))
        self.add_gamma_and_beta(sizes, self.scale or self.rms_scaling, self.center and not self.rms_scaling)
        self.input_spec = spec_of_axes(self.axis, input_shape)

    def call(self, inputs: Array) -> Array:
        axes = [axis % inputs.ndim for axis in self.axis]
        if self.rms_scaling:
            values = in_full_precision(inputs)
            deviation = jnp.sqrt(jnp.var(values, axes, keepdims=True) + self.epsilon)
            sizes = [size if axis in axes else 1 for axis, size in enumerate(values.shape)]
            return self.scaled(values / deviation, sizes)
        scale, offset = (None if weight is None else weight.value for weight in (self.gamma, self.beta))
        return layer_norm(inputs, scale, offset, axes=axes, epsilon=self.epsilon).astype(self.compute_dtype)
