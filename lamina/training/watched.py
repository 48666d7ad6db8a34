"""A program for steps that hooks follow one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.training.packing import Packed, Packing
from lamina.training.state import TrainState
from lamina.training.step import Batch
from lamina.typing import Array, ArrayLike

# Steps whose results a program notes.
NOTED_STEPS = 512


@dataclasses.dataclass(frozen=True)
class WatchedProgram:
    """A compiled loop over steps that is called often, for few of them.

    Attributes:
        run: the compiled function; takes the arrays that are not joined for itself.
        packing: of the values that steps change, as `jax.tree.leaves` has them.
        results: of the results of the steps and the single numbers behind them, stacked for as many as are noted, and
            of the step that comes next.
    """

    run: Callable[..., Any]
    packing: Packing
    results: Packing

    @property
    def noted(self) -> int:
        """Of how many steps at most the results are returned."""
        (steps, *_), _ = self.results.shapes[0]
        return steps

    def __call__(
        self, packed: Packed, fixed: TrainState, data: Batch, order: ArrayLike, first: int, last: int, fresh: bool
    ) -> tuple[Packed, Packed]:
        """Run steps `first` to `last` of an epoch.

        Args:
            packed: the values that steps change.
            fixed: those that they don't.
            data, order, first, last, fresh: as for `Program`.

        Returns:
            The values behind them, and the results: those of step i at `i % noted`.
        """
        return self.run(*packed, fixed, data, order, np.array((first, last, fresh), np.int32))

    def copied(self, packed: Packed) -> Packed:
        """Return the same values, for a call that can't take them away."""
        return packed._replace(rest=_copy(packed.rest)) if packed.rest else packed

    def noted_results(self, results: Packed) -> tuple[list[np.ndarray], np.ndarray, int]:
        """Return the results and numbers of the noted steps, and the step that comes next; waits for the program."""
        on_host = Packed(np.asarray(results.joined), results.rest)
        *stacks, numbers, end = (self.results.view(on_host, index) for index in range(len(self.results.shapes)))
        return [np.asarray(stack) for stack in stacks], np.asarray(numbers), int(end)


def compile_watched(
    compile: Callable[..., Any],
    epoch: Callable[..., Any],
    changing: TrainState,
    fixed: TrainState,
    data: Batch,
    order: ArrayLike,
) -> WatchedProgram:
    """Return the program of an epoch whose steps are watched.

    Args:
        compile: from a function, the numbers of the arguments that it takes for itself and arguments to the compiled
            function.
        epoch: what `epoch_function` returned.
        changing, fixed: the values that it changes, and the others.
        data, order: as for `Program`.
    """
    leaves, structure = jax.tree.flatten(changing)
    packing = Packing(leaves)
    results: list[Packing] = []

    def run(
        joined: Array, rest: list[Array], fixed: TrainState, data: Batch, order: Array, span: Array
    ) -> tuple[Packed, Packed]:
        changed: TrainState = jax.tree.unflatten(structure, packing.unpack(Packed(joined, rest)))
        model = TrainState(*({**one, **other} for one, other in zip(fixed, changed)))
        model, metrics, found, end = epoch(
            model._replace(metrics={}), changed.metrics, data, order, span[0], span[1], span[2] != 0
        )
        found = [*found, end]
        results[:] = [Packing(found)]  # the function is traced once
        return packing.pack(jax.tree.leaves(model._replace(metrics=metrics))), results[0].pack(found)

    span = np.zeros(3, np.int32)
    compiled = compile(run, (1,), *packing.pack_on_host(leaves), fixed, data, order, span)
    return WatchedProgram(compiled, packing, results[0])


_copy = jax.jit(lambda arrays: [jnp.copy(array) for array in arrays])
