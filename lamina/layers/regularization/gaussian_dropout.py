"""`GaussianDropout`."""

from typing import Any

import jax
import jax.numpy as jnp

from lamina.layers.arguments import rate_below_one
from lamina.layers.layer import Layer
from lamina.random import SeedGenerator
from lamina.typing import Array


class GaussianDropout(Layer):
    """Multiplies by normal noise of mean 1 and deviation `sqrt(rate / (1 - rate))` while training.

    Args:
        rate: as of `Dropout`, whose noise has the same variance; in [0, 1).
        seed: whole number that makes the noise reproducible.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if `rate` is outside [0, 1).

    Example:
        >>> lamina.layers.GaussianDropout(0.5)(lamina.ops.ones((2, 3)), training=False).sum().item()
        6.0

    Reference: Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate_below_one(rate, "rate", self.name)
        self.seed = seed
        self.supports_masking = True
        if self.rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.rate == 0:
            return inputs
        deviation = (self.rate / (1 - self.rate)) ** 0.5
        noise = jax.random.normal(self.seed_generator.next(), inputs.shape, inputs.dtype)
        return inputs * (1 + jnp.asarray(deviation, inputs.dtype) * noise)
