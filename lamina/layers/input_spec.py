"""What a layer demands of its inputs, checked at its door."""

from __future__ import annotations

from typing import Any

import jax

from lamina import config
from lamina.core.symbolic import is_symbolic
from lamina.errors import brief, plural
from lamina.typing import PyTree, Shape


class InputSpec:
    """A demand on one input: any part left at None is free.

    Args:
        dtype: required dtype.
        shape: required shape, None for free sizes.
        ndim, max_ndim, min_ndim: required, largest and smallest number of axes, the batch included.
        axes: axis to required size.
        allow_last_axis_squeeze: whether a last axis of size one may be missing or too many.
        name: name of the input, where inputs come in a dictionary.
        optional: whether the input may be None.

    Example:
        >>> layer = lamina.layers.Dense(3)
        >>> layer.input_spec = lamina.layers.InputSpec(ndim=2)
        >>> layer(lamina.ops.ones((4, 5))).shape
        (4, 3)
    """

    def __init__(
        self,
        dtype: object = None,
        shape: Shape | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else config.standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional
        limit = self.ndim if self.ndim is not None else max_ndim
        if self.axes and limit is not None and max(self.axes) >= limit:
            raise ValueError(f"InputSpec: axis {max(self.axes)} does not exist in an input of {limit} axes.")

    def __repr__(self) -> str:
        parts = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        given = [f"{part}={value}" for part in parts if (value := getattr(self, part)) not in (None, {})]
        return f"InputSpec({', '.join(given)})"

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        parts = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {part: getattr(self, part) for part in parts}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Return a spec made from `get_config`."""
        return cls(**config)


def check_inputs(layer_name: str, specs: PyTree, inputs: PyTree) -> None:
    """Raise a ValueError that names the layer and both shapes if `inputs` don't fit `specs`."""
    if hasattr(inputs, "call_with_mask"):
        raise ValueError(f"Layer {layer_name!r}: {_no_data(inputs)}")
    if specs is None:
        return
    if isinstance(inputs, dict) and isinstance(specs, list | tuple) and all(spec.name for spec in specs):
        missing = [spec.name for spec in specs if spec.name not in inputs and not spec.optional]
        if missing:
            raise ValueError(f"Layer {layer_name!r}: input {missing[0]!r} is missing; received {sorted(inputs)}.")
        inputs = [inputs.get(spec.name) for spec in specs]
    expected = jax.tree.leaves(specs, is_leaf=lambda spec: isinstance(spec, InputSpec))
    received = jax.tree.leaves(inputs, is_leaf=lambda value: value is None or is_symbolic(value))
    shapes = [tuple(value.shape) for value in received if hasattr(value, "shape")]
    if len(expected) != len(received):
        told = f", of shapes {', '.join(map(str, shapes))}" if shapes else ""
        raise ValueError(
            f"Layer {layer_name!r} takes {plural(len(expected), 'input')} but received {len(received)}{told}."
        )
    if isinstance(specs, InputSpec) and isinstance(inputs, list | tuple) and shapes:
        raise ValueError(
            f"Layer {layer_name!r} takes an array, received a list of one, of shape {shapes[0]}. Call it as layer(x)."
        )
    for spec, value in zip(expected, received, strict=True):
        if spec is not None and not (value is None and spec.optional):
            _check(layer_name, spec, value)


def _check(layer_name: str, spec: InputSpec, value: Any) -> None:
    if not hasattr(value, "shape") and not isinstance(value, bool | int | float):
        raise ValueError(f"Layer {layer_name!r}: {_no_data(value)}")
    shape = tuple(getattr(value, "shape", ()))
    problem = _problem(spec, shape)
    if problem:
        raise ValueError(f"Layer {layer_name!r}: {problem}")
    dtype: Any = getattr(value, "dtype", type(value))
    if spec.dtype is not None and config.standardize_dtype(dtype) != spec.dtype:
        raise ValueError(f"Layer {layer_name!r}: expected an input of dtype {spec.dtype}, received {dtype}.")


def _no_data(value: Any) -> str:
    """Return the message for something that is no array."""
    if hasattr(value, "call_with_mask"):
        name = type(value).__name__
        return (
            f"it was called on the layer {value.name!r}, not on data. Call that layer first: {name}(...)(inputs), or "
            "put both into a Sequential."
        )
    if value is None:
        return "it was called without data: layer(inputs)."
    return f"expected an array, received {brief(value)} ({type(value).__name__})."


def _problem(spec: InputSpec, shape: Shape) -> str | None:
    received = f"received shape {shape}."
    if spec.shape is not None and spec.allow_last_axis_squeeze:
        if len(shape) == len(spec.shape) + 1 and shape[-1] == 1:
            shape = shape[:-1]
        elif len(shape) == len(spec.shape) - 1 and spec.shape[-1] == 1:
            shape = (*shape, 1)
    if spec.ndim is not None and len(shape) != spec.ndim:
        fix = _axis_hint(spec.ndim, shape)
        return f"expected an input of {spec.ndim} axes (the first is the batch), {received}{fix}"
    if spec.max_ndim is not None and len(shape) > spec.max_ndim:
        return f"expected an input of at most {spec.max_ndim} axes (the first is the batch), {received}"
    if spec.min_ndim is not None and len(shape) < spec.min_ndim:
        fix = _axis_hint(spec.min_ndim, shape)
        return f"expected an input of at least {spec.min_ndim} axes (the first is the batch), {received}{fix}"
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] not in (size, None):
            return (
                f"expected an input whose axis {axis} has size {size}, {received} The layer's weights were made for "
                f"{size}: give it data of that size, or build a new model for size {shape[axis]}."
            )
    if spec.shape is not None:
        for wanted, size in zip(spec.shape, shape, strict=True):
            if wanted is not None and size is not None and wanted != size:
                return f"expected an input of shape {spec.shape}, {received}"
    return None


def _axis_hint(wanted: int, shape: Shape) -> str:
    if len(shape) + 1 != wanted:
        return ""
    whole_batch = bool(shape) and shape[0] is None
    if wanted == 4 and whole_batch:
        return (
            f" The channel axis is missing: Input(shape={(*shape[1:], 1)}), and x[..., None] for the data "
            "(pictures in colour have 3 channels)."
        )
    if wanted == 4:
        return " Add the missing axis: x[None, ...] for the batch of a single image, x[..., None] for the channel."
    if wanted == 3 and whole_batch:
        return (
            " The axis of the steps is missing: (batch, steps, features). A recurrent layer in front of another one "
            "needs return_sequences=True; a series with one value a step becomes x[..., None]."
        )
    return " Add the batch axis: x[None, ...]."
