"""`GaussianNoise`."""

from typing import Any

import jax
import jax.numpy as jnp

from lamina.layers.arguments import not_negative
from lamina.layers.layer import Layer
from lamina.random import SeedGenerator
from lamina.typing import Array


class GaussianNoise(Layer):
    """Adds normal noise of mean 0 while training, a way to see each example a little different every time.

    Args:
        stddev: deviation of the noise, at least 0.
        seed: whole number that makes the noise reproducible.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if `stddev` is negative.

    Example:
        >>> lamina.layers.GaussianNoise(0.1)(lamina.ops.ones((2, 3)), training=False).sum().item()
        6.0
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = not_negative(stddev, "stddev", self.name)
        self.seed = seed
        self.supports_masking = True
        if self.stddev > 0:
            self.seed_generator = SeedGenerator(seed)

    def call(self, inputs: Array, training: bool = False) -> Array:
        if not training or self.stddev == 0:
            return inputs
        noise = jax.random.normal(self.seed_generator.next(), inputs.shape, inputs.dtype)
        return inputs + jnp.asarray(self.stddev, inputs.dtype) * noise
