"""What a layer is called with: which arguments `call` takes, and arrays made of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import binding, masks
from lamina.core.arrays import to_jax
from lamina.core.symbolic import is_symbolic
from lamina.core.variable import Variable
from lamina.typing import Array, PyTree


@functools.cache
def call_parameters(call: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters of a layer's `call`, in order, without `self`."""
    return tuple(inspect.signature(call).parameters)[1:]


def with_masks(call: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments with the masks that arrays among the arguments are known to have.

    The mask of the first argument becomes `mask`, that of an argument `value` becomes `value_mask` where `call` has
    such a parameter. Masks that the caller gave stay.
    """
    if not binding.current().masks:
        return kwargs
    parameters = call_parameters(call)
    given = {**dict(zip(parameters, args)), **kwargs}
    sources = {name: name.removesuffix("_mask") for name in parameters if name.endswith("_mask")}
    found = {name: masks.of(given.get(source)) for name, source in sources.items() if given.get(name) is None}
    if given.get("mask") is None:
        found["mask"] = masks.of(first_input(args, kwargs))
    return {**kwargs, **{name: mask for name, mask in found.items() if mask is not None}}


def first_input(args: tuple, kwargs: dict[str, Any]) -> PyTree:
    """Return the argument that is the input: the first one."""
    if args:
        return args[0]
    return next((value for name, value in kwargs.items() if name not in ("mask", "training")), None)


def as_arrays(name: str, dtype: str | None, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """Return the arguments of a call with JAX arrays for all that holds numbers.

    Args:
        name: of the layer, for messages.
        dtype: float type that float arrays are cast to; None leaves them.
        args, kwargs: the arguments; symbolic tensors, settings and None stay as they are.

    Raises:
        ValueError: for an array of text or objects.
    """

    def convert(leaf: Any) -> Any:
        if is_symbolic(leaf) or leaf is None or isinstance(leaf, bool | int | float | str):
            return leaf
        if isinstance(leaf, Variable):
            leaf = leaf.value
        if not isinstance(leaf, jax.Array):
            if not hasattr(leaf, "__array__"):
                return leaf
            leaf = _from_numpy(name, leaf)
        if dtype is not None and jnp.issubdtype(leaf.dtype, jnp.floating) and leaf.dtype != dtype:
            return leaf.astype(dtype)
        return leaf

    args = tuple(_numbers_to_array(arg) for arg in args)
    return jax.tree.map(convert, (args, dict(kwargs)), is_leaf=lambda leaf: is_symbolic(leaf) or leaf is None)


def _numbers_to_array(value: Any) -> Any:
    """Make an array of a list of numbers, however nested; leave structures of arrays alone."""
    if isinstance(value, list | tuple) and value:
        leaves = jax.tree.leaves(value)
        if leaves and all(isinstance(leaf, bool | int | float) for leaf in leaves):
            return np.asarray(value)
    return value


def _from_numpy(name: str, value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype.kind in "OUSM":
        raise ValueError(
            f"Layer {name!r} received an array of dtype {array.dtype}, which holds no numbers. Convert it first, "
            "for example with np.asarray(values, dtype='float32')."
        )
    return to_jax(array)
