"""Checks of the arguments that optimizers share."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from lamina.errors import nearest


def check_share(owner: str, name: str, value: Any, *, closed: bool = False) -> None:
    """Raise unless `value` is a number in [0, 1), or in [0, 1] where `closed`."""
    if not _is_number(value) or not (0 <= value < 1 or (closed and value == 1)):
        raise ValueError(f"{owner}: {name} must be a number in [0, 1{']' if closed else ')'}, got {value!r}.")


def check_positive(owner: str, name: str, value: Any, *, zero: bool = False) -> None:
    """Raise unless `value` is a number above zero, or zero itself where `zero`."""
    if not _is_number(value) or not (value > 0 or (zero and value == 0)):
        wanted = "a number that is not negative" if zero else "a positive number"
        raise ValueError(f"{owner}: {name} must be {wanted}, got {value!r}.")


def check_whole(owner: str, name: str, value: Any, least: int) -> None:
    """Raise unless `value` is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{owner}: {name} must be a whole number of at least {least}, got {value!r}.")


def check_one_clip(owner: str, clips: Mapping[str, float | None]) -> None:
    """Raise if more than one way to clip gradients was asked for."""
    given = [f"{name}={value!r}" for name, value in clips.items() if value is not None]
    if len(given) > 1:
        raise ValueError(
            f"{owner}: only one of clipnorm, clipvalue and global_clipnorm can be used, got {' and '.join(given)}."
        )


def take_legacy(cls: type, learning_rate: Any, kwargs: dict[str, Any]) -> Any:
    """Return the learning rate, given as `learning_rate` or in the spelling of Keras 2, and refuse other arguments.

    Args:
        cls: the optimizer's class.
        learning_rate: what came under that name.
        kwargs: the arguments that no parameter took; emptied.
    """
    parameters = inspect.signature(cls.__init__).parameters
    if "lr" in kwargs:
        default = parameters["learning_rate"].default if "learning_rate" in parameters else None
        if learning_rate is not default and learning_rate != default:
            raise ValueError(f"{cls.__name__}: lr is the old name of learning_rate; pass only one of the two.")
        learning_rate = kwargs.pop("lr")
    decay = kwargs.pop("decay", None)
    if decay:
        raise ValueError(
            f"{cls.__name__}: decay is no longer an argument. For the same numbers pass learning_rate="
            f"lamina.optimizers.schedules.InverseTimeDecay({learning_rate!r}, decay_steps=1, decay_rate={decay!r}); "
            "to shrink weights pass weight_decay."
        )
    if kwargs:
        known = {name for name in parameters if name not in ("self", "kwargs")} | set(COMMON)
        hints = " ".join(f"{name!r}: {nearest(name, known)}" for name in kwargs)
        raise ValueError(f"{cls.__name__} does not know the arguments {sorted(kwargs)}. {hints}")
    return learning_rate


COMMON = (
    "name",
    "learning_rate",
    "weight_decay",
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)
"""The arguments of every optimizer."""


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)
