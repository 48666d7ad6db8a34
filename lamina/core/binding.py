"""The one ambient thing: what holds while a layer is being called.

Inside a traced call a variable stands for a traced array, randomness derives from the training step, and layers that
are not told whether they train ask the call they are part of. All that is a `Scope`, held by one `ContextVar`, so two
threads can trace two programs at once and nothing outlives the call.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from lamina.typing import Array


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """What holds during one call.

    Attributes:
        values: arrays that stand for variables, by `id` of the variable; None where variables keep their own.
        losses: what `add_loss` and activity regularizers gave in this call; None where nobody collects them.
        step: number of the training step, from which random keys are derived; None outside of training.
        draws: how often each seed generator, by `id`, was asked in this call.
        training: whether the outermost call trains; None where it did not say.
        autocast: dtype to which float variables are cast when read, or None.
        abstract: only shapes are wanted, so variables need no values; the size that stands in for None, or -1.
        masks: the masks of arrays that layers returned in this call, by `id` of the array (`lamina.core.masks`).
        layer: the layer whose `call` runs.
        asks_for_losses: what runs asks for the losses of each call itself (a `train_step` of the user's), so penalties
            count nowhere else.
    """

    values: dict[int, Array] | None = None
    losses: list[Array] | None = None
    step: Array | None = None
    draws: dict[int, int] | None = None
    training: bool | None = None
    autocast: Any = None
    abstract: int = 0
    masks: dict[int, tuple[Array, Array]] | None = None
    layer: Any = None
    asks_for_losses: bool = False


OUTSIDE = Scope()
_scope: ContextVar[Scope] = ContextVar("lamina_scope", default=OUTSIDE)


def current() -> Scope:
    """Return the scope of the call in progress, or an empty one."""
    return _scope.get()


@contextmanager
def within(**changes: Any) -> Iterator[Scope]:
    """Enter a scope that differs from the current one by `changes`."""
    scope = dataclasses.replace(_scope.get(), **changes)
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)
