"""`tf.math`: arithmetic, comparisons and sums over axes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina import ops
from lamina.compat.tensorflow.wrapping import binary, reduction, tensor, unary

abs = unary(ops.abs)
acos = unary(ops.arccos)
add = binary(ops.add)
asin = unary(ops.arcsin)
atan = unary(ops.arctan)
atan2 = binary(ops.arctan2)
ceil = unary(ops.ceil)
cos = unary(ops.cos)
cosh = unary(ops.cosh)
divide = binary(ops.divide)
equal = binary(ops.equal)
erf = unary(ops.erf)
exp = unary(ops.exp)
expm1 = unary(ops.expm1)
floor = unary(ops.floor)
floordiv = binary(ops.floor_divide)
greater = binary(ops.greater)
greater_equal = binary(ops.greater_equal)
is_finite = unary(ops.isfinite)
is_inf = unary(ops.isinf)
is_nan = unary(ops.isnan)
less = binary(ops.less)
less_equal = binary(ops.less_equal)
log = unary(ops.log)
log1p = unary(ops.log1p)
log_sigmoid = unary(ops.log_sigmoid)
logical_and = binary(ops.logical_and)
logical_not = unary(ops.logical_not)
logical_or = binary(ops.logical_or)
maximum = binary(ops.maximum)
minimum = binary(ops.minimum)
mod = binary(ops.mod)
multiply = binary(ops.multiply)
negative = unary(ops.negative)
not_equal = binary(ops.not_equal)
pow = binary(ops.power)
reciprocal = unary(ops.reciprocal)
reduce_all = reduction(ops.all)
reduce_any = reduction(ops.any)
reduce_logsumexp = reduction(ops.logsumexp)
reduce_max = reduction(ops.max)
reduce_min = reduction(ops.min)
reduce_prod = reduction(ops.prod)
reduce_std = reduction(ops.std)
reduce_sum = reduction(ops.sum)
reduce_variance = reduction(ops.var)
round = unary(ops.round)
rsqrt = unary(ops.rsqrt)
sigmoid = unary(ops.sigmoid)
sign = unary(ops.sign)
sin = unary(ops.sin)
sinh = unary(ops.sinh)
softplus = unary(ops.softplus)
sqrt = unary(ops.sqrt)
square = unary(ops.square)
subtract = binary(ops.subtract)
tan = unary(ops.tan)
tanh = unary(ops.tanh)
truediv = binary(ops.true_divide)

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    *(name for name, value in list(globals().items()) if getattr(value, "__module__", "").endswith("wrapping")
      and name not in ("binary", "reduction", "tensor", "unary")),
    "accumulate_n", "add_n", "argmax", "argmin", "confusion_matrix", "cumprod", "cumsum", "divide_no_nan", "in_top_k",
    "l2_normalize", "reduce_mean", "softmax", "squared_difference", "top_k",
]  # fmt: skip


def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Return the mean over axes. As in TensorFlow, that of whole numbers is a whole number."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    mean = ops.mean(input_tensor, axis=axis, keepdims=keepdims)
    kind = tensor(input_tensor).dtype
    return ops.cast(mean, kind) if jnp.issubdtype(kind, jnp.integer) else mean


def argmax(input: Any, axis: int | None = None, output_type: Any = "int32", name: str | None = None) -> Any:
    """Return the index of the largest value along an axis (default the first)."""
    return ops.cast(ops.argmax(input, axis=0 if axis is None else axis), _index_type(output_type))


def argmin(input: Any, axis: int | None = None, output_type: Any = "int32", name: str | None = None) -> Any:
    """Return the index of the smallest value along an axis (default the first)."""
    return ops.cast(ops.argmin(input, axis=0 if axis is None else axis), _index_type(output_type))


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """Return the sums of all elements up to each along an axis; `exclusive` leaves out the element itself."""
    return _cumulate(jnp.cumsum, jnp.subtract, x, axis, exclusive, reverse)


def cumprod(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """Return the products of all elements up to each along an axis."""
    if exclusive:
        raise ValueError("tf.math.cumprod: exclusive=True is not supported by lamina.")
    return _cumulate(jnp.cumprod, jnp.divide, x, axis, exclusive, reverse)


def add_n(inputs: Any, name: str | None = None) -> Any:
    """Return the sum of several tensors."""
    total, *others = inputs
    for other in others:
        total = ops.add(total, other)
    return total


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Any:
    """Return the sum of several tensors."""
    return add_n(inputs)


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """Return quotients, 0 where the divisor is 0."""
    return ops.divide_no_nan(x, y)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Any:
    """Return the squares of the differences."""
    return ops.square(ops.subtract(x, y))


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """Return `x` divided by its Euclidean norm along axes, by default that of all."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, epsilon)))


def softmax(logits: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Return exponentials that sum to 1 along an axis (default the last)."""
    return ops.softmax(logits, axis=-1 if axis is None else axis)


def top_k(input: Any, k: int = 1, sorted: bool = True, index_type: Any = "int32", name: str | None = None) -> Any:
    """Return the k largest values along the last axis and their indices."""
    return ops.top_k(input, int(k), sorted=sorted)


def in_top_k(targets: Any, predictions: Any, k: int, name: str | None = None) -> Any:
    """Return whether the prediction for each target is among the k highest of its row."""
    return ops.in_top_k(targets, predictions, int(k))


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: Any = None, weights: Any = None, dtype: Any = "int32", name: Any = None
) -> Any:
    """Return how often each label (rows) was predicted as each class (columns)."""
    labels, predictions = jnp.asarray(labels).ravel(), jnp.asarray(predictions).ravel()
    if num_classes is None:
        num_classes = int(jnp.maximum(labels.max(), predictions.max())) + 1
    amounts = 1 if weights is None else jnp.asarray(weights)
    return jnp.zeros((num_classes, num_classes), dtype).at[labels, predictions].add(amounts)


def _cumulate(operation: Any, undo: Any, x: Any, axis: int, exclusive: bool, reverse: bool) -> Any:
    x = jnp.asarray(x)
    turned = jnp.flip(x, axis) if reverse else x
    result = operation(turned, axis=axis)
    if exclusive:
        result = undo(result, turned)
    return jnp.flip(result, axis) if reverse else result


def _index_type(dtype: Any) -> Any:
    """Return the dtype of indices: 64 bits where JAX is told to have them, else 32."""
    return jax.dtypes.canonicalize_dtype(dtype)
