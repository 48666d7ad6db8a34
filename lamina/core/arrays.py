"""Arrays of NumPy as arrays of JAX, without compiling."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.typing import Array

_LARGE_BYTES = 2**24  # from about here, copying an array once more costs what compiling a small program does


def to_jax(value: Any) -> Array:
    """Return what `jnp.asarray` returns, and of a NumPy array always a copy, which later changes of it don't reach.

    `jnp.asarray` compiles a program for each new shape and dtype of a NumPy array, which takes longer than building a
    layer, and `jax.device_put` alone may go on reading NumPy's memory.
    """
    if type(value) is not np.ndarray:
        return jnp.asarray(value)
    with jax.ensure_compile_time_eval():  # a constant, also in the middle of a trace
        return jax.device_put(np.array(value)) if value.nbytes < _LARGE_BYTES else jnp.array(value)
