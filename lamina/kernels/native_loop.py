"""What the compiled loops of LSTM and GRU have in common (`lamina/kernels/csrc/recurrent.c`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import batching

from lamina.kernels import native


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
    """Whether a call is possible."""
    shapes = (recurrent.shape, *(array.shape for array in arrays))
    known = all(isinstance(size, int) and size > 0 for shape in shapes for size in shape)
    return known and all(array.dtype in (jnp.float32, jnp.bool_) for array in (recurrent, *arrays))


def _folded(array: jax.Array, axis: int | None, size: int) -> jax.Array:
    if axis is None:
        array = jnp.broadcast_to(array[..., None, :, :], (*array.shape[:-2], size, *array.shape[-2:]))
    else:
        array = jnp.moveaxis(array, axis, -3)
    return array.reshape(*array.shape[:-3], -1, array.shape[-1])


def _unfolded(array: jax.Array, size: int) -> jax.Array:
    return array.reshape(*array.shape[:-2], size, -1, array.shape[-1])
