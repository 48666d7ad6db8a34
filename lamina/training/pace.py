"""How many steps to run in one call of a compiled program."""

from __future__ import annotations

_GROWTH = 8
# So many steps share the cost of a call, where they fit into the longest time of a chunk.
_FEW = 8


class Pace:
    """Chooses chunks of steps from how long steps take.

    Long enough that calling the program costs nothing beside running it, short enough that the progress bar moves and
    Ctrl-C answers at once. What is computed does not depend on it.

    Long steps are taken several at once as well: each call of a program gets fresh memory for all that its steps
    compute, and the system hands that out page by page, which takes a fifth of the step of a small convolutional
    network.

    Args:
        seconds: how long a chunk should take.
        most_seconds: how long it may take where it holds few steps.
    """

    def __init__(self, seconds: float = 0.1, most_seconds: float = 1.0) -> None:
        self._seconds, self._most_seconds = seconds, most_seconds
        self._steps = 1
        self._ahead = 1

    def next(self, remaining: int) -> int:
        """Return the size of the next chunk."""
        return max(1, min(self._steps, remaining))

    def ahead(self, remaining: int) -> int:
        """As `next`, where callbacks follow every step and may look at what it changed."""
        return min(self._ahead, self.next(remaining))

    def seen(self, steps: int, looked: bool) -> None:
        """Learn behind how many steps a callback looked at the variables, or that none did."""
        self._ahead = steps if looked else max(self._ahead, 2 * steps)

    def measured(self, steps: int, seconds: float) -> None:
        """Learn how long a chunk took."""
        step = max(seconds / steps, 1e-9)
        wanted = max(int(self._seconds / step), min(_FEW, int(self._most_seconds / step)))
        self._steps = max(1, min(wanted, _GROWTH * max(steps, self._steps // _GROWTH)))
