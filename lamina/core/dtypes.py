"""Kinds of dtypes and what they promote to."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from lamina import config


def is_float_dtype(dtype: Any) -> bool:
    """Tell whether a dtype holds real numbers.

    Example:
        >>> lamina.backend.is_float_dtype("bfloat16")
        True
    """
    return bool(jnp.issubdtype(config.standardize_dtype(getattr(dtype, "dtype", dtype)), jnp.floating))


def is_int_dtype(dtype: Any) -> bool:
    """Tell whether a dtype holds whole numbers, with or without sign.

    Example:
        >>> lamina.backend.is_int_dtype("uint8")
        True
    """
    return bool(jnp.issubdtype(config.standardize_dtype(getattr(dtype, "dtype", dtype)), jnp.integer))


def result_type(*dtypes: Any) -> str:
    """Return the dtype of a result computed from arrays of several; Python's `int` and `float` give way to arrays'.

    Example:
        >>> lamina.backend.result_type("int8", "float16"), lamina.backend.result_type("float16", float)
        ('float16', 'float16')
    """
    if not dtypes:
        return config.floatx()
    weak = {int: 0, float: 0.0, bool: False}
    given = [config.floatx() if dtype is None else dtype for dtype in dtypes]
    if all(dtype in (int, float, bool) for dtype in given if isinstance(dtype, type)) and all(
        isinstance(dtype, type) for dtype in given
    ):
        return config.floatx() if float in given else config.standardize_dtype(given[0] if len(given) == 1 else int)
    operands = [weak[dtype] if dtype in weak else jnp.dtype(config.standardize_dtype(dtype)) for dtype in given]
    return config.standardize_dtype(jnp.result_type(*operands))
