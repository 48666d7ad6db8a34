"""Optimizers, as in `keras.optimizers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lamina.core import serialization
from lamina.core.catalogue import Catalogue
from lamina.optimizers import schedules
from lamina.optimizers.adadelta import Adadelta
from lamina.optimizers.adafactor import Adafactor
from lamina.optimizers.adagrad import Adagrad
from lamina.optimizers.adam import Adam
from lamina.optimizers.adamax import Adamax
from lamina.optimizers.adamw import AdamW
from lamina.optimizers.ftrl import Ftrl
from lamina.optimizers.lamb import Lamb
from lamina.optimizers.lion import Lion
from lamina.optimizers.loss_scale_optimizer import LossScaleOptimizer
from lamina.optimizers.multi_optimizer import MultiOptimizer
from lamina.optimizers.muon import Muon
from lamina.optimizers.nadam import Nadam
from lamina.optimizers.optax_optimizer import OptaxOptimizer, is_gradient_transformation
from lamina.optimizers.optimizer import Optimizer
from lamina.optimizers.optimizer_map import OptimizerMap
from lamina.optimizers.rmsprop import RMSprop
from lamina.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from lamina.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "OptaxOptimizer",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_classes = (
    SGD,
    RMSprop,
    Adam,
    AdamW,
    Adadelta,
    Adafactor,
    Adagrad,
    Adamax,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    MultiOptimizer,
    Muon,
    Nadam,
    ScheduleFreeAdamW,
    Optimizer,
)
serialization.register_builtin("keras.optimizers", {"OptimizerMap": OptimizerMap})
serialization.register_builtin("lamina.optimizers", {"OptaxOptimizer": OptaxOptimizer})
_catalogue = Catalogue(
    "optimizer",
    "keras.optimizers",
    {cls.__name__: cls for cls in _classes},
    aliases={cls.__name__.lower(): cls for cls in _classes},
)


def get(identifier: Any) -> Optimizer | None:
    """Return the optimizer that a name, an object or a configuration stands for; None stays None.

    Args:
        identifier: a name in any case ("adam"), an optimizer, its class or configuration, or an
            `optax.GradientTransformation`.

    Raises:
        ValueError: if the name is unknown; says the nearest one.
        TypeError: if `identifier` can't stand for an optimizer.

    Example:
        >>> lamina.optimizers.get("rmsprop")
        <RMSprop name=rm_sprop>
    """
    if is_gradient_transformation(identifier):
        return OptaxOptimizer(identifier)
    if isinstance(identifier, str) and serialization.get_registered_object(identifier) is None:
        identifier = identifier.lower() if identifier.lower() in _catalogue.objects else identifier
    found = _catalogue.get(identifier)
    if found is not None and not isinstance(found, Optimizer):
        raise TypeError(f"{identifier!r} is no optimizer: pass a name, an Optimizer or an optax transformation.")
    return found


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return the configuration of an optimizer, in JSON types."""
    return _catalogue.serialize(optimizer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """Return the optimizer of a configuration.

    Args:
        config: what `serialize` returned, or Keras wrote.
        custom_objects: your own classes by name.
    """
    name = config.get("class_name") if isinstance(config, Mapping) else None
    if isinstance(name, str):
        # Keras 2 wrote its own optimizers as "Custom>Adam" for a while, and any case is understood.
        plain = name.removeprefix("Custom>").lower()
        if serialization.get_registered_object(name, custom_objects) is None and plain in _catalogue.objects:
            config = {**config, "class_name": _catalogue.objects[plain].__name__, "registered_name": None}
    return _catalogue.deserialize(config, custom_objects)
