"""A `train_step`, `test_step` or `predict_step` that the user wrote, as a step of the compiled epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core.functional import pure
from lamina.core.variable import Variable
from lamina.training.state import TrainState, TrainVariables, flat
from lamina.training.values import Data, StepState, TestState, Values
from lamina.typing import Array, PyTree

_GROUPS = {"train_step": StepState._fields, "test_step": TestState._fields, "predict_step": ("params", "buffers")}
_STATES: dict[str, Callable[..., tuple]] = {
    "train_step": StepState,
    "test_step": TestState,
    "predict_step": lambda *groups: groups,
}
_SIGNATURE = (
    "{owner}.{name} must take (self, state, data): it is a pure function, compiled into the epoch, not a step that "
    "changes the model as with tf.GradientTape or loss.backward(). docs/custom_training.md shows how to write one."
)
_RESULT = (
    "{owner}.{name} must return {expected}, got {received}. The state has {count} parts, in the order in which they "
    "came: {parts}."
)


def custom_step(
    trainer: Any, variables: TrainVariables, name: str, keeps_finite: bool = False
) -> Callable[..., tuple[TrainState, Array, list[Array]]]:
    """Return the model's own `train_step` or `test_step` as a step of a program.

    Values that the step returns unchanged take what was assigned to their variables meanwhile, so that
    `metric.update_state(...)` works in it as well.

    Args:
        trainer: the model, the optimizers and where names of results are kept.
        variables: those whose values the state holds.
        name: "train_step" or "test_step".
        keeps_finite: whether a step whose loss is not finite leaves the state as it is.
    """
    method = _checked(trainer.model, name)
    known = variables if name == "train_step" else variables._replace(optimizer={})  # testing does not carry them
    run = pure(lambda state, data: method(state, data), flat(known), asks_for_losses=True)

    def step(state: TrainState, batch: Any) -> tuple[TrainState, Array, list[Array]]:
        given = _STATES[name](*(as_values(getattr(state, group), getattr(variables, group)) for group in _GROUPS[name]))
        number = trainer.step_number(state) if name == "train_step" else None
        answer, effects = run(flat(state), given, Data.of(*batch), step=number)
        logs, returned = _logs_and_state(trainer.model, name, answer)
        new = {}
        for group, old, parts in zip(_GROUPS[name], given, returned):
            owned: dict[str, Variable] = getattr(variables, group)
            new[group] = _updated(trainer.model, name, group, owned, old, parts, effects.values)
        results, loss, after = trainer.noted(logs), _loss(logs), state._replace(**new)
        if keeps_finite:
            after = jax.tree.map(lambda new, old: jnp.where(jnp.isfinite(loss), new, old), after, state)
        return after, loss, results

    return step


def custom_predict_step(
    trainer: Any, variables: TrainVariables
) -> Callable[[dict[str, Array], PyTree], tuple[PyTree, dict[str, Array]]]:
    """Return the model's own `predict_step` as `(values of params and buffers, inputs) -> (outputs, kept buffers)`."""
    method = _checked(trainer.model, "predict_step")
    known = {**variables.params, **variables.buffers}
    run = pure(lambda state, data: method(state, data), known, training=False)

    kept = trainer.kept_paths(variables)

    def step(values: dict[str, Array], x: PyTree) -> tuple[PyTree, dict[str, Array]]:
        given = tuple(as_values(values, group) for group in variables[:2])
        answer = run(values, given, x)[0]
        outputs, buffers = _logs_and_state(trainer.model, "predict_step", answer)
        return outputs, {path: value for path, value in zip(variables.buffers, buffers) if path in kept}

    return step


def as_values(values: Mapping[str, Array], variables: Mapping[str, Variable]) -> Values:
    """Return the values of a group in the order of its variables; jax sorts the keys of dictionaries."""
    return Values([values[path] for path in variables], variables)


def _checked(model: Any, name: str) -> Callable[..., Any]:
    method = getattr(model, name)
    try:
        inspect.signature(method).bind(None, None)
    except TypeError:
        raise ValueError(_SIGNATURE.format(owner=type(model).__name__, name=name)) from None
    return method


def _logs_and_state(model: Any, name: str, answer: Any) -> tuple[Any, Any]:
    predicts = name == "predict_step"
    parts = 1 if predicts else len(_GROUPS[name])
    pair = isinstance(answer, tuple) and len(answer) == 2
    swapped = pair and not predicts and isinstance(answer[1], Mapping) and not isinstance(answer[0], Mapping)
    fits = pair and (predicts or (isinstance(answer[0], Mapping) and _length(answer[1]) == parts))
    if fits and not swapped:
        return answer
    received = "them the other way round" if swapped else _described(answer)
    groups = ", ".join(_GROUPS[name])
    expected = "(outputs, non_trainable_values)" if predicts else "(logs, state)"
    raise ValueError(
        _RESULT.format(
            owner=type(model).__name__, name=name, expected=expected, received=received, count=parts, parts=groups
        )
    )


def _length(value: Any) -> int:
    return len(value) if isinstance(value, Sequence) else -1


def _described(answer: Any) -> str:
    if isinstance(answer, tuple):
        return f"a tuple of {len(answer)}: ({', '.join(type(part).__name__ for part in answer)})"
    return f"a {type(answer).__name__}"


def _updated(
    model: Any, name: str, group: str, variables: dict[str, Variable], old: Values, new: Any, assigned: dict[str, Array]
) -> dict[str, Array]:
    """Return the values of one group after the step, checked against its variables."""
    if isinstance(new, Mapping):
        new = old.replace(new)
    if not isinstance(new, Sequence) or len(new) != len(old):
        received = len(new) if isinstance(new, Sequence) else type(new).__name__
        raise ValueError(
            f"{type(model).__name__}.{name} must return {len(old)} values of {group} ({', '.join(old.paths[:8])}"
            f"{', …' if len(old) > 8 else ''}), got {received}."
        )
    updated = {}
    for path, before, after in zip(old.paths, old, new):
        variable = variables[path]
        value = assigned[f"{group}/{path}"] if after is before else after
        value = jnp.asarray(value)
        if value.shape != variable.shape:
            raise ValueError(
                f"{type(model).__name__}.{name} returned a value of shape {value.shape} for {path!r} of {group}, which "
                f"has shape {variable.shape}."
            )
        updated[path] = lax.convert_element_type(value, variable.dtype)
    return updated


def _loss(logs: Mapping[str, Any]) -> Array:
    """Return what tells whether the step went well: the losses among the logs."""
    numbers = {name: value for name, value in logs.items() if not isinstance(value, Mapping)}
    losses = [value for name, value in numbers.items() if "loss" in name and jnp.ndim(value) == 0]
    return jnp.asarray(sum(losses), "float32")
