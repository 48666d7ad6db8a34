"""How a training run fares, epoch by epoch, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SMALL = 0.02  # of what was gained in all: less over three epochs is standing still
_WINDOW = 3


def observation(losses: Sequence[float], validation: Sequence[float], epoch: int) -> str:
    """Return what an epoch shows: learning, converged, plateau, overfitting, diverging.

    Args:
        losses: training losses by epoch.
        validation: validation losses by epoch; empty where there are none.
        epoch: its number, from 0; later epochs are not looked at.

    Example:
        >>> observation([1.0, 0.5, 0.3, 0.2], [1.0, 0.6, 0.8, 1.1], 3)
        'overfitting since epoch 3'
    """
    losses = [float(loss) for loss in losses[: epoch + 1]]
    loss, first = losses[-1], losses[0]
    if not math.isfinite(loss):
        return "lost: the loss is not finite"
    if epoch == 0:
        return "the start"
    size = max(abs(first), 1e-12)
    best = min(losses)
    if loss > first + 0.5 * size or (_rises(losses) and loss > best + 0.2 * size):
        return "diverging"
    since = _overfitting_since(losses, [float(one) for one in validation[: epoch + 1]])
    if since:
        return f"overfitting since epoch {since}"
    if epoch >= _WINDOW and losses[-1 - _WINDOW] - loss < _SMALL * max(first - best, 0.05 * size):
        return "converged" if loss < 0.5 * first else "plateau"
    return "learning" if loss < losses[-2] else "a step back"


def _rises(losses: list[float]) -> bool:
    return len(losses) > _WINDOW and all(
        later > earlier for earlier, later in zip(losses[-1 - _WINDOW : -1], losses[-_WINDOW:])
    )


def _overfitting_since(losses: list[float], validation: list[float]) -> int:
    """Return the number (from 1) of the epoch from which validation got worse while training got better, or 0."""
    if len(validation) != len(losses) or not all(map(math.isfinite, validation)):
        return 0
    best = validation.index(min(validation))
    worse = validation[-1] > validation[best] + 0.01 * abs(validation[best])
    if worse and len(losses) - 1 - best >= 2 and losses[-1] < losses[best]:
        return best + 2
    return 0
