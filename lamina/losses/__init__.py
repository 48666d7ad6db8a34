"""Losses, as in `keras.losses`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core.catalogue import Catalogue
from lamina.losses.binary_crossentropy import BinaryCrossentropy, binary_crossentropy
from lamina.losses.categorical_crossentropy import CategoricalCrossentropy, categorical_crossentropy
from lamina.losses.circle import Circle, circle
from lamina.losses.ctc import CTC, ctc
from lamina.losses.divergence import KLDivergence, Poisson, kl_divergence, poisson
from lamina.losses.focal_crossentropy import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from lamina.losses.generalized_crossentropy import (
    CategoricalGeneralizedCrossEntropy,
    categorical_generalized_cross_entropy,
)
from lamina.losses.hinge import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from lamina.losses.loss import Loss, describe_function
from lamina.losses.loss import LossFunctionWrapper as LossFunctionWrapper
from lamina.losses.overlap import Dice, Tversky, dice, tversky
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
from lamina.losses.robust import Huber, LogCosh, huber, log_cosh
from lamina.losses.similarity import CosineSimilarity, cosine_similarity
from lamina.losses.sparse_categorical_crossentropy import (
    SparseCategoricalCrossentropy,
    sparse_categorical_crossentropy,
)

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CTC",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
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
        "kld": kl_divergence,
        "KLD": kl_divergence,
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
