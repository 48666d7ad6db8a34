"""`tf.function` and other names at the top of TensorFlow."""

from __future__ import annotations

import builtins
import logging
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.core.binding import current
from lamina.core.symbolic import KerasTensor
from lamina.core.variable import Variable


class TensorSpec(NamedTuple):
    """What a tensor will be.

    Attributes:
        shape: sizes by axis, None where unknown.
        dtype: a dtype or its name.
        name: a label.
    """

    shape: Any = None
    dtype: Any = "float32"
    name: str | None = None


def function(func: Callable[..., Any] | None = None, **kwargs: Any) -> Callable[..., Any]:
    """Return the function as it is: it runs as plain Python, with the results of TensorFlow's compiled one.

    What `fit`, `evaluate` and `predict` run is compiled in any case; for a function of your own use `jax.jit`.

    Args:
        func: the function; None returns a decorator.
        kwargs: TensorFlow's options of how to compile (`input_signature`, `jit_compile`, `reduce_retracing`,
            `autograph`): they change no result.

    Raises:
        TypeError: for other arguments.
    """
    unknown = set(kwargs) - {"input_signature", "autograph", "jit_compile", "reduce_retracing"}
    if unknown:
        raise TypeError(f"tf.function does not know the argument {sorted(unknown)[0]!r}.")
    return (lambda given: given) if func is None else func


def py_function(func: Callable[..., Any] | None = None, inp: Any = None, Tout: Any = None, name: Any = None) -> Any:
    """Call a Python function on tensors and return its results in the dtypes `Tout`."""
    assert func is not None
    return _in_dtypes(func(*(inp or ())), Tout)


def numpy_function(
    func: Callable[..., Any] | None = None, inp: Any = None, Tout: Any = None, stateful: bool = True, name: Any = None
) -> Any:
    """Call a Python function on NumPy arrays and return its results in the dtypes `Tout`."""
    assert func is not None
    return _in_dtypes(func(*(np.asarray(part) for part in inp or ())), Tout)


def executing_eagerly() -> bool:
    """Return whether operations run at once; no while a model's program is made."""
    return current().values is None


def is_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor, a symbolic one or a variable."""
    return isinstance(x, jax.Array | KerasTensor | Variable)


def get_logger() -> logging.Logger:
    """Return the logger "tensorflow", to which lamina writes nothing."""
    return logging.getLogger("tensorflow")


def print(*inputs: Any, output_stream: Any = None, end: str = "\n", sep: str = " ", **kwargs: Any) -> None:
    """Print values as TensorFlow does: without commas, to standard error unless told otherwise.

    Args:
        inputs: what to print.
        output_stream: an open file; default `sys.stderr`.
        end: what comes last.
        sep: what comes between.
        kwargs: TensorFlow's `summarize` and `name`; they must be left out.
    """
    if kwargs:
        raise TypeError(f"tf.print: {sorted(kwargs)[0]!r} is not supported by lamina; leave it out.")
    stream = sys.stderr if output_stream is None else output_stream
    texts = [str(np.asarray(part)) if hasattr(part, "__array__") else str(part) for part in inputs]
    builtins.print(*texts, end=end, sep=sep, file=stream)


def _in_dtypes(results: Any, dtypes: Any) -> Any:
    if isinstance(dtypes, list | tuple):
        return [_in_dtypes(result, dtype) for result, dtype in zip(results, dtypes, strict=True)]
    return jnp.asarray(results) if dtypes is None else jnp.asarray(results, config.standardize_dtype(dtypes))
