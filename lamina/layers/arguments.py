"""Checks of constructor arguments that many layers share."""

import inspect
from typing import Any

import numpy as np

from lamina.errors import nearest
from lamina.typing import Shape

_OLD_ARGUMENTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "dim_ordering": "data_format",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "p": "rate",
}
_SHAPE_ARGUMENTS = ("input_shape", "batch_shape", "batch_input_shape", "input_dim", "batch_size", "input_dtype")


def declared_batch_shape(layer_class: type, arguments: dict[str, Any]) -> Shape | None:
    """Return the shape of the data, batch axis first, that a layer's keyword arguments declare; None if they don't.

    Args:
        layer_class: whose arguments they are, for messages.
        arguments: those that its constructor handed on.

    Raises:
        ValueError: for an argument that no layer knows; says the nearest.
    """
    unknown = sorted(set(arguments) - set(_SHAPE_ARGUMENTS) - {"weights"})
    if unknown:
        if _OLD_ARGUMENTS.get(unknown[0]) in inspect.signature(layer_class.__init__).parameters:
            raise ValueError(
                f"{layer_class.__name__}: {unknown[0]} is a spelling of Keras 1. Write {_OLD_ARGUMENTS[unknown[0]]}."
            )
        own = [name for name in inspect.signature(layer_class.__init__).parameters if name not in ("self", "kwargs")]
        hint = nearest(unknown[0], [*own, "name", "dtype", "trainable", *_SHAPE_ARGUMENTS])
        raise ValueError(f"{layer_class.__name__} does not know the argument {unknown[0]!r}. {hint}")
    batch_shape = arguments.get("batch_shape", arguments.get("batch_input_shape"))
    if batch_shape is None:
        shape = arguments.get("input_shape")
        if shape is None and arguments.get("input_dim") is not None:
            shape = (arguments["input_dim"],)
        if isinstance(shape, int):
            shape = (shape,)
        if shape is not None:
            batch_shape = (arguments.get("batch_size"), *shape)
    return None if batch_shape is None else tuple(batch_shape)


def positive_int(value: Any, argument: str, layer: str) -> int:
    """Return `value` as an int, or raise a ValueError that names the layer and the argument."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value <= 0:
        raise ValueError(f"Layer {layer!r}: {argument} must be a positive whole number, got {value!r}.")
    return int(value)


def rate(value: Any, argument: str, layer: str) -> float:
    """Return `value` as a float in [0, 1], or raise a ValueError that names the layer and the argument."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
        raise ValueError(f"Layer {layer!r}: {argument} must be a number in [0, 1], got {value!r}.")
    return float(value)


def refuse(layer: str, **arguments: Any) -> None:
    """Raise a ValueError for the first argument that isn't None: Keras has it, lamina does not."""
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(f"Layer {layer!r}: {name}={value!r} is not supported by lamina; leave it at None.")


def choice(value: Any, known: tuple[str, ...], argument: str, layer: str) -> str:
    """Return `value` in lower case if it is `known`, or raise a ValueError that names the layer and the argument."""
    if not isinstance(value, str) or value.lower() not in known:
        options = ", ".join(map(repr, known))
        raise ValueError(f"Layer {layer!r}: {argument} must be one of {options}; got {value!r}.")
    return value.lower()


def per_axis(value: Any, rank: int, argument: str, layer: str, least: int = 1) -> tuple[int, ...]:
    """Return a whole number for each of `rank` axes, from one for all or one for each.

    Raises:
        ValueError: if there are not `rank` of them, or one is below `least`; names the layer and the argument.
    """
    sizes = tuple(value) if isinstance(value, list | tuple) else (value,) * rank
    whole = all(isinstance(size, int | np.integer) and not isinstance(size, bool) for size in sizes)
    if len(sizes) != rank or not whole or min(sizes) < least:
        each = "" if rank == 1 else f", or {rank} of them (one for each axis)"
        raise ValueError(f"Layer {layer!r}: {argument} must be a whole number >= {least}{each}; got {value!r}.")
    return tuple(int(size) for size in sizes)


def not_negative(value: Any, argument: str, layer: str) -> Any:
    """Return `value` if it is a number of at least 0, or raise a ValueError that names the layer and the argument."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not value >= 0:
        raise ValueError(f"Layer {layer!r}: {argument} must be a number >= 0, got {value!r}.")
    return value


def rate_below_one(value: Any, argument: str, layer: str) -> float:
    """Return `value` as a float in [0, 1), or raise a ValueError that names the layer and the argument."""
    if rate(value, argument, layer) == 1:
        raise ValueError(f"Layer {layer!r}: {argument} must be below 1, or nothing would be left.")
    return float(value)
