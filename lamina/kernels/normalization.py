"""Statistics of batches."""

import math
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.platform import fast_on_cpu

# Above this ratio of mean² to variance, E[x²] - mean² has lost too many digits, and a second pass is worth its time.
MOST_CANCELLATION = 100.0


def moments(x: jax.Array, axes: Sequence[int], mask: jax.Array | None = None) -> tuple[jax.Array, jax.Array]:
    """Return mean and variance (with divisor n) of `x` over `axes`.

    On the CPU both come from one pass over `x`, and a second pass is taken only in a batch where some mean is so large
    beside its deviation that the first has lost precision. There only reverse-mode derivatives exist, of any order;
    forward mode needs `reference_kernels`.

    Args:
        x: A floating array. 16-bit types are summed in float32, and the results are float32.
        axes: The axes to average over; negative ones count from the end.
        mask: Which positions count, as booleans or weights: shaped like the leading axes of `x`, or all of them, with
            ones where it broadcasts. Where nothing counts, mean and variance are zero.

    Returns:
        `(mean, variance)`, each with the axes of `x` that are left.

    Raises:
        ValueError: If an axis does not exist or `mask` does not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> mean, variance = moments(jnp.array([[1.0, 10.0], [3.0, 30.0]]), axes=(0,))
        >>> mean.tolist(), variance.tolist()
        ([2.0, 20.0], [1.0, 100.0])
    """
    x = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    axes = positive(axes, x.ndim)
    if mask is not None:
        return _masked_moments(x, axes, mask)
    if fast_on_cpu() and x.size:
        return _one_pass_moments(x, axes)
    return jnp.mean(x, axes), jnp.var(x, axes)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _one_pass_moments(x: jax.Array, axes: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    return _one_pass_forward(x, axes)[0]


def _one_pass_forward(x, axes):
    mean = jnp.mean(x, axes)
    variance = jnp.mean(x * x, axes) - mean * mean
    variance = lax.cond(
        jnp.any(mean * mean > MOST_CANCELLATION * variance),
        lambda x, mean, _: jnp.mean(jnp.square(x - jnp.expand_dims(mean, axes)), axes),
        lambda x, mean, variance: variance,
        x,
        mean,
        variance,
    )
    return (mean, variance), (x, mean)


def _one_pass_backward(axes, kept, cotangents):
    x, mean = kept
    count = math.prod(x.shape[axis] for axis in axes)
    for_mean, for_variance = (jnp.expand_dims(cotangent, axes) / count for cotangent in cotangents)
    return (for_mean + (x - jnp.expand_dims(mean, axes)) * (2 * for_variance),)


_one_pass_moments.defvjp(_one_pass_forward, _one_pass_backward)


def _masked_moments(x: jax.Array, axes: tuple[int, ...], mask: jax.Array) -> tuple[jax.Array, jax.Array]:
    weights = mask.astype(x.dtype).reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
    if any(ours not in (1, theirs) for ours, theirs in zip(weights.shape, x.shape, strict=True)):
        raise ValueError(f"mask must have the leading axes of x, {x.shape}, or ones, got shape {mask.shape}.")
    weights = jnp.broadcast_to(weights, x.shape)
    total = jnp.sum(weights, axes, keepdims=True)
    weights = weights / jnp.where(total > 0, total, 1)
    mean = jnp.sum(weights * x, axes, keepdims=True)
    return jnp.squeeze(mean, axes), jnp.sum(weights * jnp.square(x - mean), axes)


def positive(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Return the axes counted from the start, sorted."""
    axes = tuple(axes)
    if any(not -rank <= axis < rank for axis in axes) or len({axis % rank for axis in axes}) < len(axes):
        raise ValueError(f"axes must be different axes of an array of rank {rank}, got {axes}.")
    return tuple(sorted(axis % rank for axis in axes))
