"""`Dropout`."""

from typing import Any

import jax.numpy as jnp

from lamina.kernels.dropout import keep_mask
from lamina.layers.arguments import rate as check_rate
from lamina.layers.layer import Layer
from lamina.random import SeedGenerator
from lamina.typing import Array, Shape


class Dropout(Layer):
    """Sets a random share of the inputs to zero while training and scales up the rest, so that sums keep their mean.

    Args:
        rate: share set to zero, in [0, 1].
        noise_shape: shape of the random mask where it is to be shared along axes of size 1; None stands for the
            input's size: `(None, 1, None)` drops the same features at all time steps.
        seed: whole number that makes the masks reproducible.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if `rate` is outside [0, 1].

    Example:
        >>> float(lamina.layers.Dropout(0.5)(lamina.ops.ones((2, 3)), training=False).sum())
        6.0

    Reference: Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, rate: float, noise_shape: Shape | None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = check_rate(rate, "rate", self.name)
        if noise_shape is not None and not isinstance(noise_shape, list | tuple):
            raise ValueError(f"Layer {self.name!r}: noise_shape must be a tuple or None, got {noise_shape!r}.")
        self.noise_shape = noise_shape
        self.seed = seed
        self.supports_masking = True
        if self.rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return jnp.zeros_like(inputs)
        keep = 1 - self.rate
        mask = keep_mask(self.seed_generator.next(), self.mask_shape(inputs.shape), keep)
        return jnp.where(mask, inputs / jnp.asarray(keep, inputs.dtype), jnp.zeros((), inputs.dtype))

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of the mask for inputs of a shape."""
        if self.noise_shape is None:
            return shape
        if len(self.noise_shape) != len(shape):
            raise ValueError(
                f"Layer {self.name!r}: noise_shape {self.noise_shape} has {len(self.noise_shape)} axes, "
                f"the input of shape {shape} has {len(shape)}."
            )
        return tuple(own if wanted is None else wanted for own, wanted in zip(shape, self.noise_shape, strict=True))
