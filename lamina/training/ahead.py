"""A state that runs ahead of what callbacks see."""

from __future__ import annotations

from collections.abc import Callable

from lamina.core.variable import Variable
from lamina.training.interrupt import interrupts_held_back


class Ahead:
    """Lets steps be run before the batch hooks in front of them are called.

    A call of a program for every batch costs several times what a step of a small model takes, and most callbacks look
    at no more than the logs. So some steps are run at once, and then the hooks are called for each with its logs. The
    variables stand for the state behind the step that the hooks are about: whoever reads or assigns one of them has the
    steps up to there made once more, from the state that was kept, and those behind it do not count.

    Args:
        variables: those whose values the steps changed.
        settle: called with the number of steps that count; gives the variables their arrays.

    Attributes:
        looked: whether somebody has looked, so that steps behind `steps` do not count.
        steps: how many steps the hooks have got to.
    """

    def __init__(self, variables: list[Variable], settle: Callable[[int], None]) -> None:
        self._variables = variables
        self._settle = settle
        self.looked = False
        self.steps = 0
        for variable in variables:
            variable.postpone(self.look)

    def look(self) -> None:
        """Give the variables the arrays of behind `steps` steps."""
        self.looked = True
        self.finish()

    def finish(self) -> None:
        """As `look`, at the end, when nobody has."""
        with interrupts_held_back():
            for variable in self._variables:
                variable.postpone(None)
            self._settle(self.steps)
