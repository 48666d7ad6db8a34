"""`AlphaDropout`."""

from typing import Any

import jax.numpy as jnp

from lamina.kernels import keep_mask
from lamina.layers.arguments import rate_below_one
from lamina.layers.regularization.dropout import Dropout
from lamina.typing import Array, Shape

# The value that selu tends to far below 0: -scale * alpha of that activation.
_SATURATION = -1.7580993408473766


class AlphaDropout(Dropout):
    """Dropout for networks of selu units: what is dropped is set to selu's lowest value, and mean and variance stay.

    Args:
        rate: share dropped, in [0, 1).
        noise_shape: as in `Dropout`.
        seed: whole number that makes the choice reproducible.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if `rate` is outside [0, 1).

    Example:
        >>> lamina.layers.AlphaDropout(0.5)(lamina.ops.ones((2, 3)), training=False).sum().item()
        6.0

    Reference: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515
    """

    def __init__(self, rate: float, noise_shape: Shape | None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, noise_shape, seed, **kwargs)
        rate_below_one(rate, "rate", self.name)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.rate == 0:
            return inputs
        kept = keep_mask(self.seed_generator.next(), self.mask_shape(inputs.shape), 1 - self.rate)
        values = jnp.where(kept, inputs, jnp.asarray(_SATURATION, inputs.dtype))
        # An affine map gives back mean 0 and variance 1.
        factor = ((1 - self.rate) * (1 + self.rate * _SATURATION**2)) ** -0.5
        shift = -factor * _SATURATION * self.rate
        return jnp.asarray(factor, inputs.dtype) * values + jnp.asarray(shift, inputs.dtype)
