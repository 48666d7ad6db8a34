"""Errors of a layer's own computation, in the words of who called the layer on inputs that do not suit it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from lamina.core.symbolic import described, is_symbolic, symbolic_leaves
from lamina.core.tracebacks import of_lamina, users_frames
from lamina.errors import in_users_words
from lamina.layers.call_arguments import first_input
from lamina.typing import PyTree

# What Python says when it meets a list, or None, where a layer has an array: it is the shapes that tell.
_OF_PYTHON = re.compile(
    r"index out of range|unpack|NoneType|no attribute|not subscriptable|unsupported operand|<class '"
)


@contextmanager
def located(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Iterator[None]:
    """Say of an error in which layer it happened; errors of our own name the layer already.

    Args:
        layer: the layer that is called.
        args, kwargs: what it is called on.
    """
    try:
        yield
    except Exception as error:
        told = _in_words_of_layer(layer, args, kwargs, error) or error
        inputs = first_input(args, kwargs)
        tensors = symbolic_leaves(inputs)
        if f"{layer.name!r}" not in str(told):
            received = jax.tree.map(lambda x: getattr(x, "shape", x), inputs, is_leaf=is_symbolic)
            told.add_note(f"in layer {layer.path!r} ({type(layer).__name__}), called on shape {received}")
        elif len(tensors) > 1:
            told.add_note(f"the inputs of layer {layer.name!r} are the outputs {described(tensors)}")
        if told is error:
            raise
        raise told from error


def _in_words_of_layer(layer: Any, args: tuple, kwargs: dict[str, Any], error: Exception) -> ValueError | None:
    """Return a ValueError that names the layer, its inputs and what it takes, if it is the inputs that are wrong.

    Layers check what they can tell before they compute. This is for the rest: JAX, or Python itself, refuses in the
    midst of `call` or `build`, and speaks of arrays and lines that the user does not know. None where code of the user
    failed, or the message names the layer already.
    """
    if not type(layer).__module__.startswith("lamina.layers."):
        return None
    if not isinstance(error, TypeError | ValueError | IndexError | AttributeError | ZeroDivisionError | AssertionError):
        return None
    text = str(error)
    if isinstance(error, jax.errors.JAXTypeError) or text.startswith("Layer '"):
        return None
    if users_frames(error.__traceback__) is not None:
        return None
    text = in_users_words(text if _of_lamina(error) else text.strip().partition("\n")[0]).rstrip(".")
    because = "" if not text or _OF_PYTHON.search(text) else f": {text}"
    parts = [f"Layer {layer.name!r} ({type(layer).__name__}) can't be called on {_shapes(args, kwargs)}{because}."]
    built_for = [shape for shape in (layer._build_shapes or {}).values() if shape is not None]
    if layer.built and built_for:
        parts.append(f"It was built for {built_for[0] if len(built_for) == 1 else tuple(built_for)}.")
    takes = re.search(r"(Input shape: .+?)\.?(?:\s+Output shape|\n\n|\Z)", inspect.getdoc(type(layer)) or "", re.DOTALL)
    if takes:
        parts.append(f"{' '.join(takes[1].split())}.")
    return ValueError(" ".join(parts))


def _of_lamina(error: Exception) -> bool:
    """Tell whether a line of lamina raised the error, so that all of its message is made for users."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and of_lamina(traceback)


def _shapes(args: tuple, kwargs: dict[str, Any]) -> str:
    """Return the shapes of what a layer was called on, as its call is written."""
    given = [_shape(value) for value in args]
    given += [f"{name}={_shape(value)}" for name, value in kwargs.items() if name not in ("mask", "training")]
    if len(given) != 1:
        return f"inputs of shapes {', '.join(given)}" if given else "no inputs"
    several = isinstance(args[0], list | tuple | dict) if args else False
    return f"{'inputs of shapes' if several else 'an input of shape'} {given[0]}"


def _shape(value: PyTree) -> str:
    shapes = jax.tree.map(
        lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else leaf, value, is_leaf=is_symbolic
    )
    return str(shapes)
