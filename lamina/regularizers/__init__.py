"""Penalties on weights and outputs that are added to the loss, as in `keras.regularizers`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lamina.core.catalogue import Catalogue
from lamina.regularizers.orthogonality import OrthogonalRegularizer
from lamina.regularizers.penalties import L1, L1L2, L2
from lamina.regularizers.regularizer import Regularizer

l1 = L1
l1_l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

_catalogue = Catalogue(
    "regularizer",
    "keras.regularizers",
    {"L1": L1, "L2": L2, "L1L2": L1L2, "OrthogonalRegularizer": OrthogonalRegularizer},
    aliases={"l1_l2": L1L2},
)


def get(identifier: Any) -> Callable[..., Any] | None:
    """Return the regularizer that a name, a configuration, a class or a function stands for.

    Args:
        identifier: "l1", "l2", "l1_l2", "orthogonal_regularizer"; a configuration; a regularizer, its class or any
            function of an array that returns a scalar; None stays None.

    Raises:
        ValueError: if the name is unknown; says the nearest one.
        TypeError: if `identifier` is of a kind that can't stand for a regularizer.

    Example:
        >>> lamina.regularizers.get("l2").get_config()
        {'l2': 0.01}
    """
    return _catalogue.get(identifier)


def serialize(regularizer: Callable[..., Any] | None) -> Any:
    """Return the configuration of a regularizer.

    Raises:
        TypeError: if it can't be described, as a lambda.

    Example:
        >>> lamina.regularizers.serialize(lamina.regularizers.L2(0.1))["config"]
        {'l2': 0.1}
    """
    return _catalogue.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the regularizer that `serialize` described; None stays None.

    Args:
        config: a configuration or a name.
        custom_objects: your own classes and functions by name.

    Raises:
        ValueError: if the name is unknown.

    Example:
        >>> lamina.regularizers.deserialize({"class_name": "L2", "config": {"l2": 0.1}}).l2
        0.1
    """
    return _catalogue.deserialize(config, custom_objects)
