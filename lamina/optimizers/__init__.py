"""Optimizers, as in `keras.optimizers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core.catalogue import Catalogue
from lamina.optimizers import schedules
from lamina.optimizers.adam import Adam
from lamina.optimizers.optimizer import Optimizer
from lamina.optimizers.rmsprop import RMSprop
from lamina.optimizers.sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "deserialize", "get", "schedules", "serialize"]

_objects = {"Optimizer": Optimizer, "SGD": SGD, "RMSprop": RMSprop, "Adam": Adam}
_catalogue = Catalogue(
    "optimizer", "keras.optimizers", _objects, aliases={name.lower(): value for name, value in _objects.items()}
)


def get(identifier: Any) -> Optimizer | None:
    """Return the optimizer that a name, an object or a configuration stands for; None stays None.

    Example:
        >>> lamina.optimizers.get("rmsprop")
        <RMSprop name=rm_sprop>
    """
    return _catalogue.get(identifier)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return the configuration of an optimizer, in JSON types."""
    return _catalogue.serialize(optimizer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """Return the optimizer of a configuration.

    Args:
        config: what `serialize` returned, or Keras wrote.
        custom_objects: your own classes by name.
    """
    return _catalogue.deserialize(config, custom_objects)
