"""What the compiled loops of LSTM and GRU have in common (`lamina/kernels/csrc/recurrent.c`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import batching

from lamina.kernels import native

# Multiplications in a loop from which a call is faster than XLA's loop, and elements of the recurrent kernel up to
# which it is. On two AVX-512 cores, in parts of XLA's time forward and with the gradient: 2.4 and 1.7 for 20
# multiplications, 0.4 and 0.3 for 5 thousand; 0.3 to 1.0 up to 2^18 elements, then 0.7 to 2.1: what is larger than
# the second cache is better read once for all rows than once for each block of them.
FEWEST_MULTIPLICATIONS = 2e3
LARGEST_KERNEL = 2**18


def loop_primitive(
    target: str, plain: Callable[..., list[jax.Array]], flags: tuple[str, ...], weights: int = 1
) -> Primitive:
    """Return the primitive of a loop over all steps, forward or backward.

    Batches of it are folded into the axis of the batch, unless there are several recurrent kernels.

    Args:
        target: name of the handler, and of the primitive.
        plain: the loop in `jax.lax`; it returns a list.
        flags: names of the parameters, in the order in which the handler is told them.
        weights: number of operands that come first and know no batch, the recurrent kernel first of all. The others,
            and the results, have it in their last axis but one.
    """
    primitive = native.primitive(
        target, plain, lambda **parameters: [parameters[flag] for flag in flags], _fits, several=True
    )

    def batched(arrays: Any, axes: Any, **parameters: Any) -> Any:
        if any(axis is not None for axis in axes[:weights]):
            results = jax.vmap(partial(plain, **parameters), axes)(*arrays)
            return results, [0] * len(results)
        size = next(array.shape[axis] for array, axis in zip(arrays, axes, strict=True) if axis is not None)
        folded = [_folded(array, axis, size) for array, axis in zip(arrays[weights:], axes[weights:], strict=True)]
        results = [_unfolded(result, size) for result in primitive.bind(*arrays[:weights], *folded, **parameters)]
        return results, [result.ndim - 3 for result in results]

    batching.primitive_batchers[primitive] = batched
    return primitive


def takes(primitive: Primitive, recurrent: jax.Array, sequence: jax.Array) -> bool:
    """Return whether the extension can and should run the loop."""
    return native.available(primitive.name) and _fits(recurrent, sequence)


def _fits(recurrent: Any, *arrays: Any, **parameters: Any) -> bool:
    """Whether a call of the extension is possible, and faster."""
    shapes = (recurrent.shape, *(array.shape for array in arrays))
    known = all(isinstance(size, int) and size > 0 for shape in shapes for size in shape)
    if not known or any(array.dtype not in (jnp.float32, jnp.bool_) for array in (recurrent, *arrays)):
        return False
    elements = math.prod(recurrent.shape)
    steps, batch, _ = next(shape for shape in shapes if len(shape) == 3)
    return steps * batch * elements >= FEWEST_MULTIPLICATIONS and elements <= LARGEST_KERNEL


def _folded(array: jax.Array, axis: int | None, size: int) -> jax.Array:
    if axis is None:
        array = jnp.broadcast_to(array[..., None, :, :], (*array.shape[:-2], size, *array.shape[-2:]))
    else:
        array = jnp.moveaxis(array, axis, -3)
    return array.reshape(*array.shape[:-3], -1, array.shape[-1])


def _unfolded(array: jax.Array, size: int) -> jax.Array:
    return array.reshape(*array.shape[:-2], size, -1, array.shape[-1])
