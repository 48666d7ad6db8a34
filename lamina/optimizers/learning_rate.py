"""What may stand for a learning rate: a number, a schedule, or a function without arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from lamina.core import serialization
from lamina.core.variable import Variable
from lamina.optimizers.arguments import check_positive
from lamina.optimizers.schedules.learning_rate_schedule import LearningRateSchedule
from lamina.typing import Array

Rate = LearningRateSchedule | Callable[[], Any]


def standardize(owner: str, value: Any) -> Rate | np.ndarray | Array:
    """Return a schedule or function as it is, and a number as a float32 scalar.

    Args:
        owner: name of the optimizer's class, for messages.
        value: what the user gave.

    Raises:
        ValueError: if the number is negative, or `value` can't be a learning rate.
    """
    if isinstance(value, Mapping):
        value = serialization.deserialize(value)
    if isinstance(value, Variable):
        value = value.value
    if isinstance(value, Tracer):
        return value.astype("float32")
    if isinstance(value, LearningRateSchedule):
        return value
    if callable(value):
        _check_takes_nothing(owner, value)
        return value
    if isinstance(value, np.ndarray | np.generic | jax.Array) and np.ndim(value) == 0:
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(
            f"{owner}: learning_rate must be a number, a LearningRateSchedule or a function without arguments, "
            f"got {value!r}."
        )
    check_positive(owner, "learning_rate", value, zero=True)
    return np.asarray(value, "float32")


def now(rate: Variable | Rate, step: Variable) -> Variable | Array:
    """Return the learning rate at this step: the variable, or the value of a schedule or function.

    A function is asked again at every step, inside a compiled program through a callback to the host.
    """
    if isinstance(rate, Variable):
        return rate
    taken = step.value
    if isinstance(rate, LearningRateSchedule):
        return jnp.asarray(rate(taken))
    value = rate()
    if isinstance(value, Tracer) or not isinstance(taken, Tracer):
        return jnp.asarray(value, "float32")
    # The step is passed so that no compiler may ask only once for the whole loop.
    scalar = jax.ShapeDtypeStruct((), np.dtype("float32"))
    return jax.pure_callback(lambda _: np.asarray(rate(), "float32"), scalar, taken)


def in_config(rate: Variable | Rate) -> Any:
    """Return how a configuration writes the learning rate."""
    return float(np.asarray(rate.value)) if isinstance(rate, Variable) else serialization.serialize(rate)


def _check_takes_nothing(owner: str, function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return
    try:
        signature.bind()
    except TypeError as error:
        raise ValueError(
            f"{owner}: a learning rate that is a function takes no arguments, got {function!r} with the signature "
            f"{signature}. For a rate that depends on the step write a LearningRateSchedule."
        ) from error
