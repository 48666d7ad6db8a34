"""What the compiled loops of LSTM and GRU have in common (`lamina/kernels/csrc/recurrent.c`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import batching

from lamina.kernels import native


def loop_primitive(
    target: str, plain: Callable[..., list[jax.Array]], options: Callable[..., Sequence[int]]
) -> Primitive:
    """Return a primitive of arrays with the batch in the last axis but one, except for the first: recurrent kernel.

    Batches are folded into that axis while there is one recurrent kernel for all.
    """
    primitive = native.primitive(target, plain, options, _fits, several=True)

    def batched(arrays: Any, axes: Any, **parameters: Any) -> Any:
        if axes[0] is not None:
            results = jax.vmap(partial(plain, **parameters), axes)(*arrays)
            return results, [0] * len(results)
        size = next(array.shape[axis] for array, axis in zip(arrays, axes, strict=True) if axis is not None)
        kernel, *arrays = arrays
        arrays = [_folded(array, axis, size) for array, axis in zip(arrays, axes[1:], strict=True)]
        results = [_unfolded(result, size) for result in primitive.bind(kernel, *arrays, **parameters)]
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
