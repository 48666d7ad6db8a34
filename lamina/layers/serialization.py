"""Layers to configurations and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core import serialization
from lamina.layers.layer import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """Return the configuration of a layer, in JSON types.

    Example:
        >>> lamina.layers.serialize(lamina.layers.Dense(3))["class_name"]
        'Dense'
    """
    return serialization.serialize(layer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """Return the layer that `serialize` described.

    Args:
        config: the description. A plain `{"class_name", "config"}` of one of lamina's layers is understood, too.
        custom_objects: your own classes and functions by name.

    Raises:
        ValueError: if the description names no layer that is known.
    """
    layer = serialization.deserialize(config, custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"The configuration of {config.get('class_name')!r} describes no layer.")
    return layer
