"""Random bits for dropout: a keyed counter hash on the CPU, the key's own generator elsewhere.

Dropout needs bits without pattern, not bits that nobody can predict. On the CPU the counter hash below takes
0.06 ms for a 128×1600 mask with forward and backward pass, where threefry takes 0.73 ms
(`benchmarks/kernels.py`). `docs/design/0100-dropout-hash.md` tells how it was chosen and tested.
"""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from lamina.kernels.platform import fast_on_cpu


def random_bits(key: jax.Array, shape: Sequence[int]) -> jax.Array:
    """Return uniformly distributed uint32 bits, the same for the same key, shape and platform.

    Args:
        key: A key made by `jax.random.key`, or a legacy one, uint32[2].
        shape: Shape of the result. More than 2**32 elements repeat with that period on the CPU.

    Returns:
        A uint32 array of the given shape.
    """
    shape = tuple(shape)
    if not fast_on_cpu():
        return jax.random.bits(key, shape, jnp.uint32)
    offset, salt = _stream(key)
    index = jnp.arange(math.prod(shape), dtype=jnp.uint32).reshape(shape)
    return _hash(index, offset, salt)


def keep_mask(key: jax.Array, shape: Sequence[int], keep_probability: float | jax.Array) -> jax.Array:
    """Return a mask whose elements are True, independently, with the given probability.

    Args:
        key: A key made by `jax.random.key`, or a legacy one, uint32[2].
        shape: Shape of the mask.
        keep_probability: Between 0 and 1; a Python number (kept to within 2**-32) or a traced scalar
            (to within 2**-24).

    Returns:
        A bool array of the given shape.

    Raises:
        ValueError: If `keep_probability` is a number outside of [0, 1].

    Example:
        >>> import jax
        >>> mask = keep_mask(jax.random.key(0), (32, 100), 0.8)
        >>> 0.75 < mask.mean() < 0.85
        Array(True, dtype=bool)

    Reference:
        Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
    """
    if isinstance(keep_probability, jax.Array):
        return (random_bits(key, shape) >> 8).astype(jnp.float32) * np.float32(2**-24) < keep_probability
    if not 0 <= keep_probability <= 1:
        raise ValueError(f"keep_probability must lie between 0 and 1, got {keep_probability!r}.")
    threshold = round(keep_probability * 2**32)
    if threshold == 2**32:
        return jnp.ones(tuple(shape), bool)
    return random_bits(key, shape) < np.uint32(threshold)


def _stream(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Fold the words of a key into the two words that select a stream of the hash.

    For keys of two words this is one to one. Mixing here makes neighbouring keys, such as (0, 1) and (0, 2),
    as unrelated as any others.
    """
    words = jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key
    offset, salt = jnp.uint32(0), jnp.uint32(0x9E3779B9)
    for position in range(words.shape[-1]):
        offset, salt = salt, _mix(offset ^ _mix(words[position] + salt))
    return salt, _mix(offset ^ _mix(salt))


def _mix(bits: jax.Array) -> jax.Array:
    """Scramble one word: a bijection in which every input bit moves every output bit (Wellons' lowbias32)."""
    bits = (bits ^ (bits >> 16)) * jnp.uint32(0x7FEB352D)
    bits = (bits ^ (bits >> 15)) * jnp.uint32(0x846CA68B)
    return bits ^ (bits >> 16)


def _hash(index: jax.Array, offset: jax.Array, salt: jax.Array) -> jax.Array:
    """Hash counters in the stream (offset, salt).

    `salt` enters after the first round, so that two streams are never shifted windows of one sequence. The three
    rounds after it follow triple32 of Wellons' hash prospector.
    """
    bits = (index ^ offset) * jnp.uint32(0xED5AD4BB)
    bits = ((bits ^ (bits >> 16)) + salt) * jnp.uint32(0xAC4C1B51)
    bits = (bits ^ (bits >> 15)) * jnp.uint32(0x31848BAB)
    bits = (bits ^ (bits >> 14)) * jnp.uint32(0x21F0AAAD)
    return bits ^ (bits >> 15)
