"""JAX's arrays with what scripts expect of TensorFlow's tensors: `.numpy()`, `.get_shape()`, and how they print.

The methods are put on the class of the arrays themselves. A wrapper would have to come out of every layer, loss and
metric as well, since scripts write `model(x).numpy()`.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

_undressed: dict[str, Any] = {}


def dress() -> None:
    """Put the methods on the class of concrete arrays."""
    cls: Any = type(jnp.zeros(()))
    for name, method in _METHODS.items():
        _undressed[name] = vars(cls).get(name)
        setattr(cls, name, method)


def undress() -> None:
    """Take them off again."""
    cls: Any = type(jnp.zeros(()))
    for name, original in _undressed.items():
        if original is None:
            delattr(cls, name)
        else:
            setattr(cls, name, original)
    _undressed.clear()


def _numpy(self: Any) -> Any:
    return np.array(self)[()]  # a scalar where there are no axes, as TensorFlow gives


def _get_shape(self: Any) -> tuple[int, ...]:
    return self.shape


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


_METHODS = {"numpy": _numpy, "get_shape": _get_shape, "__str__": _str, "__repr__": _repr}
