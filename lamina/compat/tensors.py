"""JAX's arrays with what scripts expect of TensorFlow's tensors: `.numpy()`, `.get_shape()`, and how they print.

The methods are put on the class of the arrays themselves. A wrapper would have to come out of every layer, loss and
metric as well, since scripts write `model(x).numpy()`.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from lamina.core.shapes import declared_shape

_undressed: dict[tuple[Any, str], Any] = {}


def dress() -> None:
    """Put the methods on the class of concrete arrays, and a way to print on that of traced ones."""
    for cls, methods in _dressed():
        for name, method in methods.items():
            _undressed[cls, name] = vars(cls).get(name)
            setattr(cls, name, method)


def undress() -> None:
    """Take them off again."""
    for (cls, name), original in _undressed.items():
        if original is None:
            delattr(cls, name)
        else:
            setattr(cls, name, original)
    _undressed.clear()


def _numpy(self: Any) -> Any:
    return np.array(self)[()]  # a scalar where there are no axes, as TensorFlow gives


class _Shape(tuple):
    def as_list(self) -> list[int]:
        """Return the sizes in a list."""
        return list(self)


def _get_shape(self: Any) -> tuple[int, ...]:
    return _Shape(self.shape)


def _set_shape(self: Any, shape: Any) -> None:
    if len(shape) != self.ndim or any(size not in (None, own) for size, own in zip(shape, self.shape, strict=True)):
        raise ValueError(f"set_shape: the tensor has shape {self.shape}, which is not {tuple(shape)}.")


def _str(self: Any) -> str:
    if self.is_deleted():
        return "<tf.Tensor, whose memory was handed on to a training step>"
    text = str(np.asarray(self))
    newline = "\n" if self.ndim > 1 else ""
    return f"tf.Tensor({newline}{text}, shape={self.shape}, dtype={self.dtype})"


def _repr(self: Any) -> str:
    if self.is_deleted():
        return _str(self)
    text = repr(np.asarray(self)) if self.ndim else str(np.asarray(self))
    newline = "\n" if self.ndim > 1 else ""
    return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype}, numpy={newline}{text}>"


def _traced(self: Any) -> str:
    return f"<tf.Tensor: shape={declared_shape(self)}, dtype={self.dtype}, no values while a model is compiled>"


def _dressed() -> list[tuple[Any, dict[str, Any]]]:
    return [(type(jnp.zeros(())), _METHODS), (Tracer, {"__str__": _traced, "__repr__": _traced})]


_METHODS = {"numpy": _numpy, "get_shape": _get_shape, "set_shape": _set_shape, "__str__": _str, "__repr__": _repr}
