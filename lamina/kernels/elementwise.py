"""`vectorized`: keeps a lone addition of large arrays out of a slow loop of XLA's."""

import jax.numpy as jnp
from jax import lax

from lamina.kernels.platform import fast_on_cpu
from lamina.typing import Array


def vectorized(x: Array) -> Array:
    """Return `x`, in such a form that on the CPU an operation on it becomes a full vector loop.

    XLA compiles elementwise operations to one of two kinds of loop. What has no broadcast number in it, such as the
    addition of two arrays, gets the kind that copies 16 numbers at a time through the stack, and takes 1.7 times as
    long where memory is the bound (adding 10 million numbers: 5.8 against 3.5 ms). Here the number is infinity: to
    clip to it changes nothing, NaN included, and no simplification takes it away.

    Args:
        x: floating-point numbers, of any shape.

    Example:
        >>> import jax.numpy as jnp
        >>> vectorized(jnp.array([1.0, jnp.nan])).tolist()
        [1.0, nan]
    """
    if not fast_on_cpu() or not jnp.issubdtype(x.dtype, jnp.floating):
        return x
    infinity = jnp.asarray(jnp.inf, x.dtype)
    return lax.clamp(-infinity, x, infinity)
