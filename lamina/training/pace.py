"""How many steps to run in one call of a compiled program."""

from __future__ import annotations

_GROWTH = 8


class Pace:
    """Chooses chunks of steps from how long steps take.

    Long enough that calling the program costs nothing beside running it, short enough that the progress bar moves and
    Ctrl-C answers at once. What is computed does not depend on it.

    Args:
        seconds: how long a chunk should take.
    """

    def __init__(self, seconds: float = 0.1) -> None:
        self._seconds = seconds
        self._steps = 1

    def next(self, remaining: int) -> int:
        """Return the size of the next chunk."""
        return max(1, min(self._steps, remaining))

    def measured(self, steps: int, seconds: float) -> None:
        """Learn how long a chunk took."""
        wanted = int(self._seconds / max(seconds / steps, 1e-9))
        self._steps = max(1, min(wanted, _GROWTH * max(steps, self._steps // _GROWTH)))
