"""The state between steps that are watched: packed, as programs take it, until somebody looks at a variable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamina.core.variable import Variable
from lamina.training.interrupt import interrupts_held_back
from lamina.training.packing import Packed, Packing, is_number


class Keeper:
    """Keeps the values of variables for a program that is called again and again, while hooks run in between.

    The variables stand for the state behind the step that a hook is about, but hold no arrays: who reads one gets that
    one, and what is assigned is put in its place for the next call. So a hook pays for what it touches.

    A call of a program for every batch still costs more than a step of a small model, and most callbacks look at no
    more than the logs. So some steps may be run ahead, before the hooks are called for each of them: whoever looks at a
    variable then has the steps up to there made once more, from the state that was kept, and those behind do not count.
    Single numbers, such as a learning rate or the count of steps, were noted of every step: to read them costs nothing.

    Args:
        variables: those whose values the program changes.
        packing: how it takes them.

    Attributes:
        looked: whether somebody has looked since the last `show`.
    """

    def __init__(self, variables: Sequence[Variable], packing: Packing) -> None:
        self.packing = packing
        self.looked = False
        self._packed: Packed | None = packing.pack_on_host([variable.held for variable in variables])
        self._settle: Callable[[], Packed] | None = None
        self._numbers: Callable[[], np.ndarray] | None = None
        noted = [index for index, kind in enumerate(packing.shapes) if is_number(*kind)]
        self._noted = {index: place for place, index in enumerate(noted)}
        self._variables = list(variables)
        self._index = {id(variable): index for index, variable in enumerate(variables)}
        self._fetched: list[Variable] = []
        self._changed: dict[int, Variable] = {}
        self._before = [variable.source for variable in variables]  # a fit may be watched by one that evaluates
        for variable in variables:
            variable.leave_to(self)

    @property
    def packed(self) -> Packed:
        """The state now, with what was assigned."""
        if self._packed is None:
            assert self._settle is not None
            self._packed = self._settle()
        if self._changed:
            values = {index: variable.held for index, variable in self._changed.items()}
            self._packed = self.packing.replaced(self._packed, values)
            self._changed = {}
        return self._packed

    def show(self, settle: Callable[[], Packed], numbers: Callable[[], np.ndarray] | None) -> None:
        """Let the variables stand for another state.

        Args:
            settle: gives it when somebody looks.
            numbers: gives what `numbers_of` returned of it; None where that was not noted.
        """
        self.go_on()
        self._changed, self.looked = {}, False
        self._packed, self._settle, self._numbers = None, settle, numbers

    def go_on(self) -> None:
        """Forget what was read: the state is that of another step now."""
        for variable in self._fetched:
            variable.leave_to(self)
        self._fetched = []

    def fetch(self, variable: Variable) -> Any:
        """Called by a variable that is read."""
        index = self._index[id(variable)]
        if self._packed is None and self._numbers is not None and index in self._noted:
            self._fetched.append(variable)
            _, dtype = self.packing.shapes[index]
            return self._numbers()[self._noted[index]].view(dtype).reshape(())
        self.looked = True
        packed = self.packed
        self._fetched.append(variable)
        return self.packing.view(packed, index)

    def change(self, variable: Variable) -> None:
        """Called by a variable that is about to be given another value."""
        self.looked = True
        if self._packed is None:
            _ = self.packed
        self._fetched.append(variable)
        self._changed[self._index[id(variable)]] = variable

    def release(self) -> None:
        """Give the variables their arrays."""
        with interrupts_held_back():
            arrays = self.packing.unpack(self.packed)
            for variable, array, before in zip(self._variables, arrays, self._before, strict=True):
                variable.leave_to(before)
                variable.array = array
