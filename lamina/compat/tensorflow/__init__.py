"""A small, honest part of TensorFlow on lamina: what scripts around Keras models use.

Tensors are JAX's arrays. What is not here raises an error that names it; nothing stands in for what it does not do.
"""

import jax
import jax.numpy as jnp
import numpy as np

import lamina as keras
from lamina import initializers, losses, metrics, optimizers
from lamina.compat.tensorflow import config, data, image, linalg, math, nn, random, version
from lamina.compat.tensorflow.arrays import *  # noqa: F403
from lamina.compat.tensorflow.arrays import __all__ as _arrays
from lamina.compat.tensorflow.functions import (
    TensorSpec,
    executing_eagerly,
    function,
    get_logger,
    is_tensor,
    numpy_function,
    print,
    py_function,
)
from lamina.compat.tensorflow.linalg import einsum, matmul, norm, tensordot
from lamina.compat.tensorflow.math import (
    abs,
    acos,
    add,
    add_n,
    argmax,
    argmin,
    asin,
    atan,
    cos,
    cosh,
    cumsum,
    divide,
    equal,
    exp,
    floor,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    round,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    truediv,
)  # fmt: skip
from lamina.compat.tensorflow.variable import Variable

__version__ = version.VERSION

Tensor = jax.Array
newaxis = None
string = "string"
bool = np.dtype("bool")
bfloat16 = jnp.dtype("bfloat16")
float16, float32, float64, double = (np.dtype(name) for name in ("float16", "float32", "float64", "float64"))
int8, int16, int32, int64 = (np.dtype(name) for name in ("int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = (np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64"))
complex64, complex128 = np.dtype("complex64"), np.dtype("complex128")

__all__ = [
    "Tensor", "TensorSpec", "Variable", "__version__", "abs", "acos", "add", "add_n", "argmax", "argmin", "asin",
    "atan", "bfloat16", "bool", "complex128", "complex64", "config", "cos", "cosh", "cumsum", "data", "divide",
    "double", "einsum", "equal", "executing_eagerly", "exp", "float16", "float32", "float64", "floor", "function",
    "get_logger", "greater", "greater_equal", "image", "initializers", "int16", "int32", "int64", "int8",
    "is_tensor", "keras", "less", "less_equal", "linalg", "logical_and", "logical_not", "logical_or", "losses",
    "math", "matmul", "maximum", "metrics", "minimum", "multiply", "negative", "newaxis", "nn", "norm", "not_equal",
    "numpy_function", "optimizers", "pow", "print", "py_function", "random", "reduce_all", "reduce_any",
    "reduce_logsumexp", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "round", "sigmoid",
    "sign", "sin", "sinh", "sqrt", "square", "string", "subtract", "tan", "tanh", "tensordot", "truediv", "uint16",
    "uint32", "uint64", "uint8", "version",
]  # fmt: skip
__all__ += _arrays  # pyright: ignore[reportUnsupportedDunderAll]
