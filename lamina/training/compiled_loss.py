"""The loss that `compile` was told, resolved for a model's outputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lamina import losses
from lamina.core.naming import snake_case, unique_name
from lamina.losses.loss import Loss
from lamina.training.outputs import Outputs, per_output
from lamina.typing import Array, PyTree


class CompiledLoss:
    """One loss for each output, weighted and summed.

    Args:
        loss: what `compile` was given: a name, a function, a `Loss`, or those in a list or dictionary by output.
        loss_weights: None, or numbers in the same form.
        outputs: the names of the outputs and how they are nested.

    Raises:
        ValueError: for an unknown name, or a list or dictionary that does not fit the outputs.
    """

    def __init__(self, loss: Any, loss_weights: Any, outputs: Outputs) -> None:
        self.outputs = outputs
        given = per_output(loss, outputs, "loss", spread=True)
        self.losses = [as_loss(one) for one in given]
        self.names = self._names(given)
        self.weights = [None if weight is None else float(weight) for weight in self._weights(loss_weights)]

    def _names(self, given: list[Any]) -> list[str]:
        """Return the name of each output's loss in the logs: that of the output, or of the loss where it has none."""
        names: list[str] = []
        for index, (identifier, loss) in enumerate(zip(given, self.losses)):
            name = self.outputs.names[index]
            if not self.outputs.have_own_names and loss is not None:
                name = unique_name(identifier if isinstance(identifier, str) else str(loss.name), names)
            names.append(name)
        return names

    def _weights(self, loss_weights: Any) -> list[Any]:
        if isinstance(loss_weights, int | float) and not isinstance(loss_weights, bool):
            loss_weights = [loss_weights]
        weights = per_output(loss_weights, self.outputs, "loss_weights")
        for weight in weights:
            if weight is not None and not isinstance(weight, int | float):
                raise TypeError(
                    f"loss_weights must be numbers, got {weight!r}. It is the third argument of compile; for metrics "
                    "write metrics=[...]."
                )
        return weights

    def __call__(
        self, y_true: PyTree, y_pred: PyTree, sample_weight: PyTree = None, mask: PyTree = None
    ) -> tuple[Array | None, dict[str, Array]]:
        """Return the weighted sum, or None if no output has a loss, and the unweighted loss of each by name."""
        targets = self.outputs.flatten(y_true, "y")
        predictions = jax.tree.leaves(y_pred)
        weights = self.outputs.spread(sample_weight, "sample_weight")
        masks = self.outputs.spread(mask, "mask")
        total, parts = None, {}
        for index, loss in enumerate(self.losses):
            if loss is None:
                continue
            value = loss(targets[index], predictions[index], weights[index], mask=masks[index])
            parts[self.names[index]] = jnp.mean(value)
            weight = self.weights[index]
            weighted = jnp.mean(value) if weight is None else jnp.mean(value) * weight
            total = weighted if total is None else total + weighted
        return total, parts


def check_loss(loss: Any) -> None:
    """Raise an error for a loss that can't be one, as early as `compile`."""
    for one in jax.tree.leaves(loss, is_leaf=lambda value: not isinstance(value, list | tuple | dict)):
        as_loss(one)


def as_loss(identifier: Any) -> Any:
    """Return what computes a loss: `(y_true, y_pred, sample_weight, mask=...) -> number`; None stays None."""
    if identifier is None:
        return None
    found = losses.get(identifier)
    if isinstance(found, Loss):
        return found
    if not callable(found):
        raise TypeError(f"{identifier!r} is no loss: pass a name, a lamina.losses.Loss or a function (y_true, y_pred).")
    if found in _CLASSES:
        return _CLASSES[found]()
    _check_signature(found)
    return losses.LossFunctionWrapper(found, name=getattr(found, "__name__", type(found).__name__))


def _check_signature(function: Callable[..., Any]) -> None:
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        raise TypeError(
            f"The loss {getattr(function, '__name__', function)!r} must be callable as (y_true, y_pred)."
        ) from None
    except ValueError:  # no signature to inspect
        return


def _classes_of_functions() -> dict[Callable[..., Any], type[Loss]]:
    """The class of each loss function, which checks targets before training as well."""
    public = [getattr(losses, name) for name in losses.__all__]
    classes = {snake_case(value.__name__): value for value in public if isinstance(value, type)}
    functions = [value for value in public if inspect.isfunction(value) and value.__name__ in classes]
    return {function: classes[function.__name__] for function in functions}


_CLASSES = _classes_of_functions()
