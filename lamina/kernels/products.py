"""Products of arrays of several axes with a kernel, in the form in which gradients need no copies."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from lamina.kernels.native_product import affine, finished
from lamina.kernels.platform import fast_on_cpu


def project(
    x: jax.Array, kernel: jax.Array, bias: jax.Array | None = None, summed: int = 1, *, rectified: bool = False
) -> jax.Array:
    """Return the product of the last axes of `x` and the first ones of `kernel`, plus a bias, or `relu` of that.

    On the CPU it is a product of two matrices. Where positions have axes of their own, XLA puts the gradient of the
    kernel together from transposed copies of `x` and of what comes back, and the bias' from a further one. Without them
    a training step of a small transformer takes 0.90 of the time (`docs/design/0104-whole-models.md`).

    Args:
        x: (..., summed axes).
        kernel: (summed axes, new axes).
        bias: what is added, of a shape that broadcasts to the new axes; or None.
        summed: number of axes that are summed over.
        rectified: whether to apply the rectifier.

    Returns:
        (..., new axes).

    Example:
        >>> import jax.numpy as jnp
        >>> project(jnp.ones((2, 3, 4)), jnp.ones((4, 5, 6)), jnp.ones(6)).shape
        (2, 3, 5, 6)
    """
    new = kernel.shape[summed:]
    if not fast_on_cpu() or x.dtype != kernel.dtype:
        return finished(jnp.tensordot(x, kernel, summed), bias, rectified)
    kept, gone = x.shape[: x.ndim - summed], x.shape[x.ndim - summed :]
    inner, columns = math.prod(gone), math.prod(new)
    rows = x.reshape(math.prod(kept), inner)
    added = None if bias is None else jnp.broadcast_to(bias, new).reshape(columns)
    outputs = affine(rows, kernel.reshape(inner, columns), added, rectified=rectified)
    return outputs.reshape(*kept, *new)
