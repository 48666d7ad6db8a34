"""Building: what a layer is built for, when, and the paths of all below it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax

from lamina.core import binding, shapes
from lamina.core.naming import unique_name
from lamina.core.symbolic import is_symbolic


def relabel(layer: Any, prefix: str | None = None) -> None:
    """Set the paths of a layer, of all below it and of their variables from their names.

    Names that nobody chose are made unique among the layers that one layer holds.

    Args:
        layer: the layer.
        prefix: path of what holds it; default what its path says already.
    """
    if prefix is None:
        prefix = layer.path.rpartition("/")[0]
    layer.path = f"{prefix}/{layer.name}" if prefix else layer.name
    for variable in (*layer.own_variables(), *layer.own_state()):
        variable.path = f"{layer.path}/{variable.name}"
    taken: set[str] = set()
    for sublayer in layer.held_layers():
        if sublayer.name_is_automatic:
            sublayer.name = unique_name(sublayer.name, taken)
        taken.add(sublayer.name)
        relabel(sublayer, layer.path)


def marking_built(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap a `build` method, which users call themselves, so that it leaves the layer marked as built."""

    @functools.wraps(build)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        self.require_init()
        if not self.trainable:
            self.trainable = False  # sublayers that exist by now must not be trained either
        with binding.within(autocast=None, layer=None):
            build(self, *args, **kwargs)
        bound = inspect.signature(build).bind(self, *args, **kwargs).arguments
        built_for = {name: value for name, value in bound.items() if name != "self"}
        # A single argument is the input's shape, whatever a class calls it: files say so.
        self._build_shapes = {"input_shape": next(iter(built_for.values()))} if len(built_for) == 1 else built_for
        self.built = True
        relabel(self)

    return wrapper


def shapes_of_call(layer: Any, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Return the shape of the only input of a call as `get_build_config` has it; None where there are several."""
    tensors = _tensors(layer, args, kwargs)
    return {"input_shape": _shape_of(next(iter(tensors.values())))} if len(tensors) == 1 else None


def build_for_call(layer: Any, args: tuple, kwargs: dict[str, Any]) -> None:
    """Call `layer.build` with the shapes of what `layer.call` is about to get.

    One shape where `build` takes one, else those by name: `build(query_shape, value_shape)` for `call(query, value)`.
    """
    tensors = _tensors(layer, args, kwargs)
    parameters = inspect.signature(layer.build).parameters
    needed = {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
    by_name = {f"{name}_shape": _shape_of(value) for name, value in tensors.items()}
    if len(parameters) > 1 and needed <= set(by_name):
        layer.build(**{name: by_name[name] for name in parameters if name in by_name})
    elif tensors:
        layer.build(_shape_of(next(iter(tensors.values()))))
    else:
        layer.build(None)


def as_shape(value: Any) -> Any:
    """Return a shape that went through JSON, or a structure of them, with tuples for lists again."""
    if isinstance(value, dict):
        return {key: as_shape(item) for key, item in value.items()}
    if shapes.is_shape(value):
        return tuple(value)
    return [as_shape(item) for item in value] if isinstance(value, list | tuple) else value


def _tensors(layer: Any, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call that are arrays, or structures of them, by name."""
    told = {name: value for name, value in kwargs.items() if name not in ("mask", "training")}
    try:
        arguments = inspect.signature(layer.call).bind_partial(*args, **told).arguments
    except TypeError as error:
        takes = ", ".join(inspect.signature(layer.call).parameters)
        raise TypeError(
            f"Layer {layer.name!r} ({type(layer).__name__}) can't be called like this: {error}. It takes ({takes})."
        ) from None
    return {
        name: value
        for name, value in arguments.items()
        if name not in ("mask", "training")
        and (leaves := jax.tree.leaves(value, is_leaf=is_symbolic))
        and all(hasattr(leaf, "shape") for leaf in leaves)
    }


_shape_of = functools.partial(jax.tree.map, shapes.declared_shape, is_leaf=is_symbolic)
