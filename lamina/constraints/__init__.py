"""Conditions that weights meet after each update, as in `keras.constraints`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lamina.constraints.constraint import Constraint, NonNeg
from lamina.constraints.norms import MaxNorm, MinMaxNorm, UnitNorm
from lamina.core.catalogue import Catalogue

max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

_catalogue = Catalogue(
    "constraint",
    "keras.constraints",
    {"MaxNorm": MaxNorm, "MinMaxNorm": MinMaxNorm, "NonNeg": NonNeg, "UnitNorm": UnitNorm},
)


def get(identifier: Any) -> Callable[..., Any] | None:
    """Return the constraint that a name, a configuration, a class or a function stands for.

    Args:
        identifier: "max_norm", "min_max_norm", "non_neg", "unit_norm"; a configuration; a constraint, its class or any
            function of an array that returns an array; None stays None.

    Raises:
        ValueError: if the name is unknown; says the nearest one.
        TypeError: if `identifier` is of a kind that can't stand for a constraint.

    Example:
        >>> lamina.constraints.get("non_neg")([-1.0, 2.0])
        Array([0., 2.], dtype=float32)
    """
    return _catalogue.get(identifier)


def serialize(constraint: Callable[..., Any] | None) -> Any:
    """Return the configuration of a constraint.

    Raises:
        TypeError: if it can't be described, as a lambda.

    Example:
        >>> lamina.constraints.serialize(lamina.constraints.MaxNorm(3))["config"]
        {'max_value': 3, 'axis': 0}
    """
    return _catalogue.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the constraint that `serialize` described; None stays None.

    Args:
        config: a configuration or a name.
        custom_objects: your own classes and functions by name.

    Raises:
        ValueError: if the name is unknown.

    Example:
        >>> lamina.constraints.deserialize({"class_name": "MaxNorm", "config": {"max_value": 3}}).max_value
        3
    """
    return _catalogue.deserialize(config, custom_objects)
