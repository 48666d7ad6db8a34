"""What Python does in `call` besides computing: it happens when a model is compiled, not at every step.

Counters that would stand still, lists that would never fill and numbers that would be drawn only once are said as
warnings, when the user's own `call` is traced; a value of an earlier trace that is used in a later one is an error.
"""

from __future__ import annotations

import inspect
import random
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from lamina.core import binding
from lamina.core.variable import Variable
from lamina.errors import kept_value

_WHEN = "Python runs `call` when the model is compiled, not at every step"
_LAMINAS_OWN = ("_nodes", "_own_losses")
_traced_in: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
"""By layer that keeps traced values, what its variables stood for in that trace: it differs from trace to trace."""


@contextmanager
def watched(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Iterator[None]:
    """Warn of what happens to Python's own objects while a user's `call` is traced.

    Args:
        layer: the layer that is called.
        args, kwargs: what it is called with; nothing is watched unless a traced array is among it.
    """
    function = _users_function(layer)
    leaves = jax.tree.leaves((args, kwargs)) if function is not None else []
    if function is None or not any(isinstance(leaf, Tracer) for leaf in leaves):
        yield
        return
    if _traced_in.get(layer) is not (values := binding.current().values):
        for name, value in vars(layer).items():
            if isinstance(value, Tracer):
                setattr(layer, name, _Kept(f"self.{name}"))
    before, generators = _places(layer, function), _generators()
    yield
    if any(isinstance(value, Tracer) for value in vars(layer).values()):
        _traced_in[layer] = values
    sizes = {size for leaf in leaves for size in getattr(leaf, "shape", ())}
    for place, (kind, value) in _places(layer, function).items():
        # A size of the inputs that is noted down means no harm.
        if place in before and before[place] != (kind, value) and (kind == "list" or value not in sizes):
            _warn(layer, function, _meaning(place, kind))
    if generators != _generators():
        _warn(
            layer,
            function,
            f"`call` draws from NumPy's or Python's random numbers. {_WHEN}: it would see the same numbers for ever. "
            "Write keras.random.normal(shape, seed=self.seed) (or another function of keras.random), where "
            "self.seed = keras.random.SeedGenerator(1) is made in __init__.",
        )
    for name, value in vars(layer).items():
        if _is_shared_default(type(layer).__init__, value):
            _warn(
                layer,
                function,
                f"self.{name} is the list (or dictionary) in the defaults of {type(layer).__name__}.__init__: Python "
                f"makes it once, so all {type(layer).__name__} share what is put in it. Write None as the default, and "
                f"self.{name} = [] in __init__.",
            )


def _users_function(layer: Any) -> Callable[..., Any] | None:
    """Return the user's code that a layer runs, or None where it is lamina's."""
    function = getattr(layer, "function", None) if type(layer).__name__ == "Lambda" else type(layer).call
    if not inspect.isfunction(function) or str(function.__module__).startswith("lamina."):
        return None
    return function


def _places(layer: Any, function: Callable[..., Any]) -> dict[str, tuple[str, Any]]:
    """Return what code may change, by how the code calls it: numbers, and the lengths of lists."""
    found = {f"self.{name}": value for name, value in vars(layer).items() if name not in _LAMINAS_OWN}
    with suppress(ValueError):  # a name of an outer function that has no value yet
        variables = inspect.getclosurevars(function)
        found.update({**variables.globals, **variables.nonlocals})
    parameters = inspect.signature(function).parameters
    found.update({f"the default of {name}": parameter.default for name, parameter in parameters.items()})
    return {
        place: ("list", len(value)) if isinstance(value, list) else ("number", value)
        for place, value in found.items()
        if isinstance(value, list) or type(value) in (int, float)
    }


def _meaning(place: str, kind: str) -> str:
    """Say what it means that a number or a list changed."""
    if kind == "list":
        return (
            f"`call` adds to {place}, a list. {_WHEN}: the list is not filled by training, and what is in it holds no "
            "numbers. Return the values from `call` as one more output, or look at them with model.trace(x)."
        )
    weight = place if place.startswith("self.") else f"self.{place}"
    return (
        f"`call` changes {place}, a Python number. {_WHEN}: the number stands still. Keep it in a weight: {weight} = "
        f"self.add_weight(shape=(), initializer='zeros', trainable=False) in __init__, and {weight}.assign_add(1) in "
        "`call`."
    )


def _generators() -> tuple[Any, ...]:
    state: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - it is that generator's draws that are looked for
    return random.getstate(), state["state"]["pos"], state["state"]["key"].tobytes()


def _is_shared_default(function: Callable[..., Any], value: Any) -> bool:
    defaults = getattr(function, "__defaults__", None) or ()
    if not isinstance(value, list | dict) or not any(value is default for default in defaults):
        return False
    held = value.values() if isinstance(value, dict) else value
    return any(isinstance(one, Variable) or hasattr(one, "call_with_mask") for one in held)


def _warn(layer: Any, function: Callable[..., Any], said: str) -> None:
    code = function.__code__
    registry = function.__globals__.setdefault("__warningregistry__", {})  # said once, as if it stood there
    message = f"Layer {layer.name!r} ({type(layer).__name__}): {said}"
    warnings.warn_explicit(message, UserWarning, code.co_filename, code.co_firstlineno, registry=registry)


class _Kept:
    """Stands for a value of an earlier trace: whatever is done with it says that it is gone."""

    def __init__(self, place: str) -> None:
        vars(self)["place"] = place

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _OPERATIONS:  # what Python itself asks for
            raise AttributeError(name)
        return self._use()

    def _use(self, *args: Any, **kwargs: Any) -> Any:
        raise kept_value(vars(self)["place"])


_OPERATIONS = [
    f"__{side}{name}__" for name in ("add", "sub", "mul", "truediv", "pow", "matmul") for side in ("", "r")
] + ["__neg__", "__abs__", "__bool__", "__float__", "__int__", "__len__", "__iter__", "__getitem__", "__array__",
     "__jax_array__", "__eq__", "__lt__", "__le__", "__gt__", "__ge__"]  # fmt: skip
for _operation in _OPERATIONS:
    setattr(_Kept, _operation, _Kept._use)
