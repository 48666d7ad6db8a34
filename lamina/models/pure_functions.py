"""`functional`: a model for those who write JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from lamina.core.functional import pure
from lamina.layers.layer import Layer
from lamina.training.state import by_path
from lamina.typing import Array, PyTree


class PureFunctions(NamedTuple):
    """A model as values and a pure function of them.

    Attributes:
        params: values of the trainable weights, by path.
        state: values of everything else that the model keeps, by path: moving statistics, frozen weights, seeds.
        apply: `(params, state, *inputs, training=False, step=None, **arguments) -> (outputs, new state)`. Pure: it may
            be differentiated, vectorised and compiled. While training, random draws derive from `step`, a number.
    """

    params: dict[str, Array]
    state: dict[str, Array]
    apply: Callable[..., tuple[PyTree, dict[str, Array]]]


def functional(model: Layer) -> PureFunctions:
    """Return a layer or model as pure functions for `jax.grad`, `jax.vmap` and `jax.jit`.

    The model itself is not changed by them; give it new values with `set_weights`, or by its variables.

    Args:
        model: a built layer or model.

    Raises:
        ValueError: if it has no weights yet.

    Example:
        >>> import jax
        >>> model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(1)])
        >>> params, state, apply = lamina.functional(model)
        >>> loss = lambda params, x: (apply(params, state, x)[0] ** 2).mean()
        >>> sorted(jax.grad(loss)(params, lamina.ops.ones((2, 3))))
        ['sequential/dense/bias', 'sequential/dense/kernel']
    """
    if not model.built:
        raise ValueError(f"Model {model.name!r} has no weights yet: build it or call it on data first.")
    trainable = by_path(variable for variable in model.variables if variable.trainable)
    other = by_path(variable for variable in model.variables if not variable.trainable)

    def apply(
        params: dict[str, Array],
        state: dict[str, Array],
        *inputs: PyTree,
        training: bool = False,
        step: Any = None,
        **arguments: Any,
    ) -> tuple[PyTree, dict[str, Array]]:
        call = pure(model, {**trainable, **other}, training=training)
        outputs, effects = call({**params, **state}, *inputs, step=step, **arguments)
        return outputs, {path: effects.values[path] for path in other}

    return PureFunctions(
        params={path: variable.array for path, variable in trainable.items()},
        state={path: variable.array for path, variable in other.items()},
        apply=apply,
    )
