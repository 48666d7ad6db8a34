"""Losses, as in `keras.losses`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core.catalogue import Catalogue
from lamina.losses.binary_crossentropy import BinaryCrossentropy, binary_crossentropy
from lamina.losses.categorical_crossentropy import CategoricalCrossentropy, categorical_crossentropy
from lamina.losses.loss import Loss, describe_function
from lamina.losses.loss import LossFunctionWrapper as LossFunctionWrapper
from lamina.losses.regression import (
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from lamina.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "deserialize",
    "get",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "serialize",
    "sparse_categorical_crossentropy",
]

_catalogue = Catalogue(
    "loss",
    "keras.losses",
    {name: globals()[name] for name in __all__ if name not in ("Loss", "deserialize", "get", "serialize")},
    aliases={
        "bce": binary_crossentropy,
        "BCE": binary_crossentropy,
        "mse": mean_squared_error,
        "MSE": mean_squared_error,
        "mae": mean_absolute_error,
        "MAE": mean_absolute_error,
        "mape": mean_absolute_percentage_error,
        "MAPE": mean_absolute_percentage_error,
        "msle": mean_squared_logarithmic_error,
        "MSLE": mean_squared_logarithmic_error,
    },
)


def get(identifier: Any) -> Any:
    """Return the loss that a name, a configuration, a class, a function or a loss stands for; None stays None.

    A name in snake case or a short name ("mse") gives a function, the name of a class an object of it.

    Raises:
        ValueError: if the name is unknown; says the nearest one.
        TypeError: if `identifier` can't stand for a loss.

    Example:
        >>> get("mse") is mean_squared_error
        True
    """
    return _catalogue.get(identifier)


def serialize(loss: Any) -> Any:
    """Return the configuration of a loss or of a loss function."""
    return _catalogue.serialize(loss) if isinstance(loss, Loss) else describe_function(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the loss of a configuration or a name.

    Args:
        name: what `serialize` gave, or a name.
        custom_objects: your own losses by name.

    Raises:
        ValueError: if it names no loss that is known.
    """
    return _catalogue.deserialize(name, custom_objects)
