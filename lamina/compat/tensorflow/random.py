"""`tf.random`: draws, and the seed that they start from."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina.random.global_seed import fresh_seed, set_seed

__all__ = ["categorical", "normal", "set_seed", "shuffle", "truncated_normal", "uniform"]


def draw_key(seed: Any) -> Any:
    """Return a new key at every call, from the process's seeds; `seed` is mixed in.

    In TensorFlow as well a function that is given a seed goes on drawing other numbers at every call.
    """
    key = jax.random.key(fresh_seed())
    return key if seed is None else jax.random.fold_in(key, int(seed) % 2**32)


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Return draws from normal distributions."""
    return jax.random.normal(draw_key(seed), _shape(shape), dtype) * stddev + mean


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Return draws from normal distributions, none farther from the mean than two standard deviations."""
    return jax.random.truncated_normal(draw_key(seed), -2, 2, _shape(shape), dtype) * stddev + mean


def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Return draws from [minval, maxval), for floats by default [0, 1)."""
    if jnp.issubdtype(jnp.dtype(dtype), jnp.integer):
        if maxval is None:
            raise ValueError("tf.random.uniform: whole numbers need maxval=...")
        return jax.random.randint(draw_key(seed), _shape(shape), minval, maxval, jax.dtypes.canonicalize_dtype(dtype))
    return jax.random.uniform(draw_key(seed), _shape(shape), dtype, minval, 1.0 if maxval is None else maxval)


def categorical(logits: Any, num_samples: int, dtype: Any = None, seed: Any = None, name: Any = None) -> Any:
    """Return class indices drawn by logits, of shape (rows, num_samples)."""
    logits = jnp.asarray(logits)
    drawn = jax.random.categorical(draw_key(seed), logits[:, None, :], axis=-1, shape=(len(logits), int(num_samples)))
    return drawn if dtype is None else drawn.astype(jax.dtypes.canonicalize_dtype(dtype))


def shuffle(value: Any, seed: Any = None, name: Any = None) -> Any:
    """Return the rows in another order."""
    return jax.random.permutation(draw_key(seed), jnp.asarray(value))


def _shape(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, int) else tuple(int(size) for size in shape)
