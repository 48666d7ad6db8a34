"""Checks of constructor arguments that many layers share."""

from typing import Any

import numpy as np


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
