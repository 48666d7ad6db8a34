"""`LayerNormalization`."""

from typing import Any

from lamina.kernels.normalization import layer_norm
from lamina.layers.normalization.affine import AffineNormalization, axes_of, known_sizes, spec_of_axes
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
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("rms_scaling", False):
            raise ValueError("LayerNormalization: rms_scaling=True is a layer of its own, RMSNormalization.")
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

    def build(self, input_shape: Shape) -> None:
        self.add_gamma_and_beta(known_sizes(self, input_shape, tuple(self.axis)))
        self.input_spec = spec_of_axes(self.axis, input_shape)

    def call(self, inputs: Array) -> Array:
        axes = [axis % inputs.ndim for axis in self.axis]
        scale, offset = (None if weight is None else weight.value for weight in (self.gamma, self.beta))
        return layer_norm(inputs, scale, offset, axes=axes, epsilon=self.epsilon).astype(self.compute_dtype)
