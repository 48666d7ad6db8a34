"""Means, variances, and what is normalized by them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina import config, kernels
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike, Axis

__all__ = [
    "batch_normalization", "layer_normalization", "moments", "normalize", "psnr", "rms_normalization",
]  # fmt: skip


@operation(class_name="BatchNorm")
def batch_normalization(
    x: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    axis: int,
    offset: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    epsilon: float = 0.001,
) -> Array:
    """Return `scale * (x - mean) / sqrt(variance + epsilon) + offset`, with an element for each index of an axis."""
    return _batch_normalization(x, mean, variance, axis, offset, scale, epsilon)


@operation
def moments(x: ArrayLike, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Array, Array]:
    """Return means and variances over axes."""
    return _moments(x, axes, keepdims, synchronized)


@operation
def normalize(x: ArrayLike, axis: Axis = -1, order: float = 2, epsilon: float | None = None) -> Array:
    """Return `x` divided by its norm of an order over axes; zeros stay zeros."""
    return _normalize(x, axis, order, epsilon)


@operation(class_name="PSNR")
def psnr(x1: ArrayLike, x2: ArrayLike, max_val: float) -> Array:
    """Return the peak signal-to-noise ratio of two images, in decibels."""
    return 20 * jnp.log10(max_val) - 10 * jnp.log10(jnp.mean(jnp.square(x1 - x2)))


@operation(class_name="RMSNorm")
def rms_normalization(
    x: ArrayLike, scale: ArrayLike | None = None, axis: Axis = -1, epsilon: float | None = None
) -> Array:
    """Return `x` divided by its root mean square over axes, times `scale`."""
    return _rms_normalization(x, scale, axis, epsilon)


def layer_normalization(
    x: ArrayLike,
    gamma: ArrayLike | None = None,
    beta: ArrayLike | None = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Array:
    """Return `x` with mean 0 and variance 1 over axes, times `gamma`, plus `beta`.

    Args:
        x: the array.
        gamma, beta: factors and summands, of the shape of `x` along the axes.
        axis: the axes that are normalized together.
        epsilon: added to the variance; default `lamina.config.epsilon()`.
        kwargs: `rms_scaling=True` divides by the standard deviation only (`rms_normalization` is the better known).
    """
    return _layer_normalization(x, gamma, beta, axis, epsilon, **kwargs)


@operation(class_name="LayerNorm")
def _layer_normalization(
    x: ArrayLike,
    gamma: ArrayLike | None = None,
    beta: ArrayLike | None = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    rms_scaling: bool = False,
) -> Array:
    x = jnp.asarray(x)
    epsilon = config.epsilon() if epsilon is None else epsilon
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    floats = x.astype(jnp.promote_types(x.dtype, config.floatx()) if jnp.issubdtype(x.dtype, jnp.integer) else x.dtype)
    if not rms_scaling:
        return kernels.layer_norm(floats, gamma, beta, axes=axes, epsilon=epsilon)
    variance = jnp.var(floats.astype("float32"), axes, keepdims=True)
    return _scaled(floats, jax.lax.rsqrt(variance + epsilon), gamma, axes)


def _rms_normalization(x: Array, scale: Array | None, axis: Axis, epsilon: float | None) -> Array:
    epsilon = config.epsilon() if epsilon is None else epsilon
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    square = jnp.mean(jnp.square(x.astype(jnp.promote_types(x.dtype, "float32"))), axes, keepdims=True)
    return _scaled(x, jax.lax.rsqrt(square + epsilon), scale, axes)


def _scaled(x: Array, factor: Array, scale: Array | None, axes: tuple[int, ...]) -> Array:
    if scale is not None:
        kept = {axis % x.ndim for axis in axes}
        factor = factor * jnp.reshape(scale, [size if axis in kept else 1 for axis, size in enumerate(x.shape)])
    return (x * factor).astype(x.dtype)


def _batch_normalization(
    x: Array, mean: Array, variance: Array, axis: int, offset: Array | None, scale: Array | None, epsilon: float
) -> Array:
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    factor = jax.lax.rsqrt(jnp.reshape(variance, shape) + epsilon)
    if scale is not None:
        factor = factor * jnp.reshape(scale, shape)
    shift = -jnp.reshape(mean, shape) * factor
    if offset is not None:
        shift = shift + jnp.reshape(offset, shape)
    return (x * factor + shift).astype(x.dtype)


def _moments(x: Array, axes: Any, keepdims: bool, synchronized: bool) -> tuple[Array, Array]:
    if synchronized:
        raise ValueError(
            "moments: synchronized=True is not needed: one program computes the moments of the whole batch, on however "
            "many devices it lies. Leave it out."
        )
    floats = x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    mean, variance = kernels.moments(floats, axes)
    if keepdims:
        mean, variance = jnp.expand_dims(mean, axes), jnp.expand_dims(variance, axes)
    if x.dtype == "float16":  # a variance may exceed what the type can hold
        limit = jnp.finfo("float16")
        mean, variance = (jnp.clip(value, limit.min, limit.max) for value in (mean, variance))
    return mean.astype(floats.dtype), variance.astype(floats.dtype)


def _normalize(x: Array, axis: Axis, order: float, epsilon: float | None) -> Array:
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: order must be a whole number of at least 1, got {order!r}.")
    x = x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())
    epsilon = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        squares = jnp.sum(jnp.square(x), axis, keepdims=True)
        return x * jax.lax.rsqrt(jnp.maximum(squares, epsilon**2))
    norm = jnp.sum(jnp.abs(x) ** order, axis, keepdims=True) ** (1 / order)
    return x / jnp.maximum(norm, epsilon)
