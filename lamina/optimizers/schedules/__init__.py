"""Learning rates as functions of the step, as in `keras.optimizers.schedules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core import serialization
from lamina.core.catalogue import Catalogue
from lamina.optimizers.schedules.cosine_decay import CosineDecay
from lamina.optimizers.schedules.cosine_decay_restarts import CosineDecayRestarts
from lamina.optimizers.schedules.exponential_decay import ExponentialDecay
from lamina.optimizers.schedules.inverse_time_decay import InverseTimeDecay
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from lamina.optimizers.schedules.one_cycle import OneCycle
from lamina.optimizers.schedules.piecewise_constant_decay import PiecewiseConstantDecay
from lamina.optimizers.schedules.polynomial_decay import PolynomialDecay

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]

serialization.register_builtin("lamina.optimizers.schedules", {"OneCycle": OneCycle})
_catalogue = Catalogue(
    "learning rate schedule",
    "keras.optimizers.schedules",
    {
        "CosineDecay": CosineDecay,
        "CosineDecayRestarts": CosineDecayRestarts,
        "ExponentialDecay": ExponentialDecay,
        "InverseTimeDecay": InverseTimeDecay,
        "PiecewiseConstantDecay": PiecewiseConstantDecay,
        "PolynomialDecay": PolynomialDecay,
        "LearningRateSchedule": LearningRateSchedule,
    },
    aliases={"OneCycle": OneCycle},
)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return the configuration of a schedule, in JSON types."""
    return _catalogue.serialize(learning_rate_schedule)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> LearningRateSchedule:
    """Return the schedule of a configuration.

    Args:
        config: what `serialize` returned.
        custom_objects: your own classes by name.
    """
    return _catalogue.deserialize(config, custom_objects)
