"""Running a step over time, with masks and with the side effects of a cell carried along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core import binding
from lamina.core.variable import Variable
from lamina.typing import Array, PyTree

Step = Callable[[PyTree, PyTree], tuple[PyTree, PyTree]]


class Trajectory(NamedTuple):
    """What a loop over time gives.

    Attributes:
        last_output: the output of the last step.
        outputs: the outputs of all steps, (batch, time, ...); None unless asked for.
        states: the states after the last step.
    """

    last_output: PyTree
    outputs: PyTree
    states: PyTree


def run_over_time(
    step: Step,
    sequences: PyTree,
    states: PyTree,
    *,
    output_before: Array | None = None,
    mask: Array | None = None,
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    return_sequences: bool = True,
    unroll: bool = False,
    variables: list[Variable] | None = None,
) -> Trajectory:
    """Call `step` for one time step after the other.

    Args:
        step: `(inputs of a step, states) -> (output, new states)`.
        sequences: arrays of shape (batch, time, ...).
        states: the states before the first step.
        output_before: what masked steps at the beginning give, if it has the shape of an output; default zeros.
        mask: bool, (batch, time). Where False, a step leaves the states alone and repeats the last output.
        go_backwards: whether to start at the end; outputs then come in that order.
        zero_output_for_mask: whether steps that are masked give zeros instead of the last output.
        return_sequences: whether the outputs of all steps are wanted.
        unroll: whether to write the steps out one after the other instead of looping: slower to compile.
        variables: those that `step` may assign.
    """
    by_time = jax.tree.map(lambda array: jnp.moveaxis(array, 1, 0), sequences)
    if mask is not None:
        mask = jnp.moveaxis(mask.astype(bool), 1, 0)
    if go_backwards:
        by_time, mask = jax.tree.map(lambda array: jnp.flip(array, 0), (by_time, mask))
    length = jax.tree.leaves(by_time)[0].shape[0]
    effects = _Effects(variables or [], length)
    states, previous = _as_step_returns(step, by_time, states, effects)
    if getattr(output_before, "shape", None) == getattr(previous, "shape", ()):
        previous = output_before.astype(previous.dtype)

    def body(carry: tuple, now: tuple) -> tuple[tuple, tuple]:
        states, previous, assigned = carry
        index, inputs, keep = now
        (output, new_states), assigned, losses = effects.call(step, inputs, states, assigned, index)
        new_states = jax.tree.map(lambda new, old: new.astype(old.dtype), new_states, states)
        if keep is not None:
            hold = jax.tree.map(jnp.zeros_like, output) if zero_output_for_mask else previous
            output, new_states = _where(keep, output, hold), _where(keep, new_states, states)
        return (new_states, output, assigned), (output if return_sequences else None, losses)

    # A loop has the same shapes as its steps written out, whose number a file may choose.
    loop = _unrolled if unroll and not binding.current().abstract else lax.scan
    steps = (jnp.arange(length, dtype="uint32"), by_time, mask)
    (states, last_output, assigned), (outputs, losses) = loop(body, (states, previous, effects.initial()), steps)
    effects.finish(assigned, losses)
    return Trajectory(last_output, jax.tree.map(lambda array: jnp.moveaxis(array, 0, 1), outputs), states)


class _Effects:
    """Assignments, losses and random draws inside the loop, turned into values that the loop carries.

    A cell may hold layers that draw (Dropout) or learn statistics (BatchNormalization). In each step it sees the values
    that the step before left, draws with keys of its own, and its losses are added up.
    """

    def __init__(self, variables: list[Variable], length: int) -> None:
        self.variables = variables
        self.length = length

    def initial(self) -> list[Array]:
        with binding.within(autocast=None):
            return [variable.value for variable in self.variables]

    def call(
        self, step: Step, inputs: PyTree, states: PyTree, assigned: list[Array], index: Array
    ) -> tuple[tuple[PyTree, PyTree], list[Array], list[Array]]:
        """Return what `step` returns, what it left in the variables, and the losses it added."""
        scope = binding.current()
        values = {id(variable): array for variable, array in zip(self.variables, assigned, strict=True)}
        bound = {**(scope.values or {}), **values}
        number = None if scope.step is None else scope.step * self.length + index
        with binding.within(values=bound, losses=[], draws={}, step=number) as inner:
            outcome = step(inputs, states)
        return outcome, [bound[id(variable)] for variable in self.variables], inner.losses or []

    def finish(self, assigned: list[Array], losses: list[Array]) -> None:
        for variable, value in zip(self.variables, assigned, strict=True):
            variable.assign(value)
        collected = binding.current().losses
        if collected is not None:
            collected.extend(jnp.sum(loss, 0) for loss in losses)


def _as_step_returns(step: Step, by_time: PyTree, states: PyTree, effects: _Effects) -> tuple[PyTree, PyTree]:
    """Return the states in the structure that `step` gives them back in, (h, c) or [h, c], and an output of zeros."""
    first = jax.tree.map(lambda array: array[0], by_time)
    output, new_states = jax.eval_shape(
        lambda inputs, states: effects.call(step, inputs, states, effects.initial(), jnp.uint32(0))[0], first, states
    )
    leaves, wanted = jax.tree.leaves(states), jax.tree.structure(new_states)
    if len(leaves) != wanted.num_leaves:
        raise ValueError(
            f"a cell was given {len(leaves)} states and returned {wanted.num_leaves}. It must return (output, new "
            "states) with as many new states as its state_size says."
        )
    return jax.tree.unflatten(wanted, leaves), jax.tree.map(lambda one: jnp.zeros(one.shape, one.dtype), output)


def _where(keep: Array, chosen: PyTree, other: PyTree) -> PyTree:
    def select(one: Array, two: Array) -> Array:
        return jnp.where(keep.reshape(keep.shape + (1,) * (one.ndim - keep.ndim)), one, two)

    return jax.tree.map(select, chosen, other)


def _unrolled(body: Callable[..., Any], carry: PyTree, steps: PyTree) -> tuple[PyTree, PyTree]:
    collected = []
    for index in range(steps[0].shape[0]):
        carry, given = body(carry, jax.tree.map(lambda array: array[index], steps))  # noqa: B023
        collected.append(given)
    return carry, jax.tree.map(lambda *arrays: jnp.stack(arrays), *collected)
