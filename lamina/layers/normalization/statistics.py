"""Mean and variance, with masks."""

import jax.numpy as jnp

from lamina.typing import Array


def moments(inputs: Array, axes: tuple[int, ...], mask: Array | None = None) -> tuple[Array, Array]:
    """Return mean and variance over axes.

    Args:
        inputs: floats.
        axes: the axes to average over, not negative.
        mask: positions that count; has the leading axes of `inputs`, or all of them.
    """
    if mask is None:
        return jnp.mean(inputs, axes), jnp.var(inputs, axes)
    weights = mask.reshape(mask.shape + (1,) * (inputs.ndim - mask.ndim)).astype(inputs.dtype)
    weights = jnp.broadcast_to(weights, inputs.shape)
    count = jnp.maximum(jnp.sum(weights, axes, keepdims=True), 1)  # a batch without any position that counts
    mean = jnp.sum(weights * inputs, axes, keepdims=True) / count
    variance = jnp.sum(weights * jnp.square(inputs - mean), axes) / jnp.squeeze(count, axes)
    return jnp.squeeze(mean, axes), variance
