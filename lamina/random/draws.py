"""Arrays of random numbers. The same whole number as `seed` always gives the same array; a generator never does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina import config
from lamina.core.recording import as_array
from lamina.random.seed_generator import SeedGenerator, draw_key
from lamina.typing import Array, ArrayLike

Seed = int | SeedGenerator | None


def normal(shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Seed = None) -> Array:
    """Return numbers of a normal distribution.

    Args:
        shape: shape of the result.
        mean, stddev: of the distribution.
        dtype: a float type, default `lamina.config.floatx()`.
        seed: a whole number, a `SeedGenerator`, or None for the next seed of the process.

    Example:
        >>> lamina.random.normal((2, 3), seed=1).shape
        (2, 3)
    """
    dtype = _float_type("normal", dtype)
    return jax.random.normal(draw_key(seed), tuple(shape), dtype) * jnp.asarray(stddev, dtype) + jnp.asarray(
        mean, dtype
    )


def truncated_normal(
    shape: Sequence[int], mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Seed = None
) -> Array:
    """Return numbers of a normal distribution without those further than two `stddev` from the mean.

    Args:
        shape, mean, stddev, dtype, seed: as for `normal`.
    """
    dtype = _float_type("truncated_normal", dtype)
    drawn = jax.random.truncated_normal(draw_key(seed), -2.0, 2.0, tuple(shape), dtype)
    return drawn * jnp.asarray(stddev, dtype) + jnp.asarray(mean, dtype)


def uniform(shape: Sequence[int], minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Seed = None) -> Array:
    """Return numbers of the uniform distribution over [minval, maxval).

    Args:
        shape, seed: as for `normal`.
        minval, maxval: bounds; the upper one is left out.
        dtype: a float type, or a type of whole numbers to draw those.
    """
    dtype = config.standardize_dtype(dtype)
    if jnp.issubdtype(dtype, jnp.integer):
        return randint(shape, minval, maxval, dtype, seed)
    return jax.random.uniform(draw_key(seed), tuple(shape), dtype, minval, maxval)


def randint(shape: Sequence[int], minval: Any, maxval: Any, dtype: Any = "int32", seed: Seed = None) -> Array:
    """Return whole numbers of the uniform distribution over minval, ..., maxval - 1.

    Args:
        shape, seed: as for `normal`.
        minval, maxval: bounds; the upper one is left out.
        dtype: a type of whole numbers.
    """
    dtype = config.standardize_dtype(dtype)
    if not jnp.issubdtype(dtype, jnp.integer):
        raise ValueError(f"randint: dtype must be a type of whole numbers, got {dtype!r}.")
    return jax.random.randint(draw_key(seed), tuple(shape), minval, maxval, dtype)


def gamma(shape: Sequence[int], alpha: Any, dtype: Any = None, seed: Seed = None) -> Array:
    """Return numbers of the gamma distribution with shape parameter `alpha` and scale 1.

    Args:
        shape, dtype, seed: as for `normal`.
        alpha: positive; broadcasts to `shape`.
    """
    return jax.random.gamma(draw_key(seed), as_array(alpha), tuple(shape), _float_type("gamma", dtype))


def beta(shape: Sequence[int], alpha: Any, beta: Any, dtype: Any = None, seed: Seed = None) -> Array:
    """Return numbers of the beta distribution.

    Args:
        shape, dtype, seed: as for `normal`.
        alpha, beta: positive; broadcast to `shape`.
    """
    return jax.random.beta(draw_key(seed), as_array(alpha), as_array(beta), tuple(shape), _float_type("beta", dtype))


def binomial(shape: Sequence[int], counts: Any, probabilities: Any, dtype: Any = None, seed: Seed = None) -> Array:
    """Return how many of a number of independent trials succeed.

    Args:
        shape, dtype, seed: as for `normal`.
        counts: how many trials.
        probabilities: of success, in [0, 1].
    """
    dtype = _float_type("binomial", dtype)
    return jax.random.binomial(draw_key(seed), as_array(counts), as_array(probabilities), tuple(shape), dtype)


def categorical(logits: ArrayLike, num_samples: int, dtype: Any = "int32", seed: Seed = None) -> Array:
    """Return indices of classes, drawn by their probabilities.

    Args:
        logits: (batch, classes), unnormalized logarithms of probabilities.
        num_samples: how many to draw for each row.
        dtype: a type of whole numbers.
        seed: as for `normal`.

    Returns:
        An array (batch, num_samples).
    """
    logits = jnp.asarray(as_array(logits))
    if logits.ndim != 2:
        raise ValueError(f"categorical: logits must have the shape (batch, classes), got {logits.shape}.")
    drawn = jax.random.categorical(draw_key(seed), logits[:, None, :], shape=(logits.shape[0], num_samples))
    return drawn.astype(config.standardize_dtype(dtype))


def shuffle(x: ArrayLike, axis: int = 0, seed: Seed = None) -> Array:
    """Return `x` with the order along an axis drawn at random.

    Args:
        x: the array.
        axis: the axis.
        seed: as for `normal`.
    """
    return jax.random.permutation(draw_key(seed), jnp.asarray(as_array(x)), axis)


def dropout(
    inputs: ArrayLike, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Seed = None
) -> Array:
    """Return `inputs` with a random share set to zero and the rest scaled up, so that the mean stays.

    Args:
        inputs: the array.
        rate: the share, in [0, 1].
        noise_shape: shape of the mask, which broadcasts; None, also for single sizes, stands for those of `inputs`.
        seed: as for `normal`.

    Reference: Srivastava et al., 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"dropout: rate must be in [0, 1], got {rate!r}.")
    inputs = jnp.asarray(as_array(inputs))
    if rate == 0:
        return inputs
    if rate == 1:
        return jnp.zeros_like(inputs)
    sizes = inputs.shape if noise_shape is None else noise_shape
    mask_shape = tuple(inputs.shape[axis] if size is None else size for axis, size in enumerate(sizes))
    kept = jax.random.bernoulli(draw_key(seed), 1 - rate, mask_shape)
    return jnp.where(kept, inputs / (1 - rate), jnp.zeros_like(inputs))


def _float_type(function: str, dtype: Any) -> str:
    dtype = config.standardize_dtype(dtype)
    if not jnp.issubdtype(dtype, jnp.floating):
        raise ValueError(f"{function}: dtype must be a float type, got {dtype!r}.")
    return dtype
