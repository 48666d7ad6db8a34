"""`keras.backend` of Keras 2: the functions that metrics and losses in older scripts are written with."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

import lamina
from lamina import ops

abs = ops.abs
any = ops.any
all = ops.all
arange = ops.arange
cast = ops.cast
clip = ops.clip
concatenate = ops.concatenate
cos = ops.cos
dot = ops.dot
equal = ops.equal
exp = ops.exp
expand_dims = ops.expand_dims
greater = ops.greater
greater_equal = ops.greater_equal
less = ops.less
less_equal = ops.less_equal
log = ops.log
max = ops.max
maximum = ops.maximum
mean = ops.mean
min = ops.min
minimum = ops.minimum
not_equal = ops.not_equal
ones_like = ops.ones_like
pow = ops.power
prod = ops.prod
relu = ops.relu
reshape = ops.reshape
round = ops.round
shape = ops.shape
sigmoid = ops.sigmoid
sign = ops.sign
sin = ops.sin
softmax = ops.softmax
softplus = ops.softplus
sqrt = ops.sqrt
square = ops.square
squeeze = ops.squeeze
std = ops.std
sum = ops.sum
tanh = ops.tanh
transpose = ops.transpose
var = ops.var
zeros_like = ops.zeros_like

__all__ = [
    "abs", "all", "any", "arange", "argmax", "argmin", "batch_flatten", "binary_crossentropy", "cast",
    "categorical_crossentropy", "clip", "concatenate", "constant", "cos", "count_params", "dot", "equal", "exp",
    "expand_dims", "flatten", "get_value", "greater", "greater_equal", "int_shape", "less", "less_equal", "log", "max",
    "maximum", "mean", "min", "minimum", "ndim", "not_equal", "ones", "ones_like", "pow", "prod", "relu", "reshape",
    "round", "set_value", "shape", "sigmoid", "sign", "sin", "softmax", "softplus",
    "sparse_categorical_crossentropy", "sqrt", "square", "squeeze", "stack", "std", "sum", "tanh", "transpose", "var",
    "variable", "zeros", "zeros_like",
]  # fmt: skip


def get_value(x: Any) -> np.ndarray:
    """Return the value of a variable as a NumPy array."""
    return np.asarray(x)


def set_value(x: Any, value: Any) -> None:
    """Give a variable a new value.

    Raises:
        TypeError: if it is no variable. A learning rate is set by `optimizer.learning_rate = 0.01`.
    """
    if not isinstance(x, lamina.Variable):
        raise TypeError(
            f"set_value changes a variable, got a {type(x).__name__}. To set a learning rate write "
            f"model.optimizer.learning_rate = {value!r}."
        )
    x.assign(value)


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> lamina.Variable:
    """Return a variable."""
    if constraint is not None:
        raise ValueError("backend.variable: constraint is not supported by lamina; see Layer.add_weight.")
    return lamina.Variable(value, dtype=dtype, name=name)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """Return an array of values; a single one fills `shape`."""
    array = ops.convert_to_tensor(value, dtype=dtype)
    return array if shape is None else jnp.broadcast_to(array, tuple(shape))


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return zeros."""
    return ops.zeros(shape, dtype=dtype)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return ones."""
    return ops.ones(shape, dtype=dtype)


def argmax(x: Any, axis: int = -1) -> Any:
    """Return the index of the largest value along an axis."""
    return ops.argmax(x, axis=axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """Return the index of the smallest value along an axis."""
    return ops.argmin(x, axis=axis)


def stack(x: Any, axis: int = 0) -> Any:
    """Return arrays put side by side along a new axis."""
    return ops.stack(x, axis=axis)


def flatten(x: Any) -> Any:
    """Return all elements in one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """Return the elements of each row in one axis."""
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def int_shape(x: Any) -> tuple[int | None, ...]:
    """Return the sizes of the axes, None where unknown."""
    return tuple(x.shape)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(x.shape)


def count_params(x: Any) -> int:
    """Return the number of elements."""
    return int(np.prod(x.shape))


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return the cross-entropy between probabilities, element by element."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return the cross-entropy between distributions."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return the cross-entropy between class indices and distributions."""
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)
