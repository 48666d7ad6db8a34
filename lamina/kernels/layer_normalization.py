"""Layer normalization, on the CPU in one pass over memory where the compiled extension is at hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels import native
from lamina.kernels.normalization import positive
from lamina.kernels.platform import fast_on_cpu

# Elements from which a call is faster than XLA's passes. In loops on two AVX-512 cores, in parts of XLA's time, forward
# and with the gradient: 4096 rows of 128 0.55 and 0.39, 256 of 128 0.85 and 0.60, 32 of 128 1.11 and 0.55; 16 of 16
# 1.30 and 1.17. Rows of 1 element, where XLA knows the result, took 14 and 6.
FEWEST_ELEMENTS = 4096


def layer_norm(
    x: jax.Array,
    scale: jax.Array | None = None,
    offset: jax.Array | None = None,
    *,
    axes: Sequence[int] = (-1,),
    epsilon: float = 1e-3,
) -> jax.Array:
    """Bring every example to mean 0 and variance 1 over `axes`, then scale and shift it.

    On the CPU only reverse-mode derivatives exist, of any order; forward mode needs `reference_kernels`.

    Args:
        x: A floating array; 16-bit types are computed in float32.
        scale: Factors, of the shape that `x` has along `axes` in ascending order, or None.
        offset: Summands, shaped like `scale`, or None.
        axes: Axes to normalize over.
        epsilon: Added to the variance.

    Returns:
        An array of the shape and type of `x`.

    Raises:
        ValueError: If an axis does not exist, or `scale` or `offset` has another shape.

    Example:
        >>> import jax.numpy as jnp
        >>> layer_norm(jnp.array([[1.0, 3.0]]), epsilon=0.0)
        Array([[-1.,  1.]], dtype=float32)

    Reference:
        Ba, Kiros and Hinton, "Layer normalization", 2016.
    """
    wide = jnp.promote_types(x.dtype, jnp.float32)
    axes = positive(axes, x.ndim)
    expected = tuple(x.shape[axis] for axis in axes)
    in_place = tuple(length if axis in axes else 1 for axis, length in enumerate(x.shape))

    def fit(name, array, neutral):
        if array is None:
            return jnp.full(in_place, neutral, wide)
        if array.shape != expected:
            raise ValueError(f"{name} must have shape {expected}, that of x along its axes, got {array.shape}.")
        return array.astype(wide).reshape(in_place)

    scale, offset = fit("scale", scale, 1), fit("offset", offset, 0)
    if fast_on_cpu() and x.size:
        normalized = _on_cpu(x.astype(wide), scale, offset, axes, float(epsilon))
    else:
        values = x.astype(wide)
        mean = jnp.mean(values, axes, keepdims=True)
        variance = jnp.var(values, axes, keepdims=True)
        normalized = (values - mean) * lax.rsqrt(variance + epsilon) * scale + offset
    return jnp.asarray(normalized, x.dtype)


def _on_cpu(x, scale, offset, axes, epsilon):
    """Take the last axes as one, where that lets the extension do it."""
    if axes == tuple(range(x.ndim - len(axes), x.ndim)):
        width = math.prod(x.shape[axis] for axis in axes)
        rows, scales, offsets = x.reshape(-1, width), scale.reshape(1, width), offset.reshape(1, width)
        if _takes(_normalize, rows, (1,)):
            return jnp.reshape(_layer_norm(rows, scales, offsets, (1,), epsilon), x.shape)
    return _layer_norm(x, scale, offset, axes, epsilon)


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _layer_norm(x, scale, offset, axes, epsilon):
    return _forward(x, scale, offset, axes, epsilon)[0]


def _forward(x, scale, offset, axes, epsilon):
    run = _normalize.bind if _takes(_normalize, x, axes) else _plain_normalize
    outputs, mean, inverse = run(x, scale, offset, axes=axes, epsilon=epsilon)
    return outputs, (x, scale, mean, inverse)


def _backward(axes, epsilon, kept, g):
    del epsilon
    run = _gradient.bind if _takes(_gradient, g, axes) else _plain_gradient
    return tuple(run(g, *kept, axes=axes))


_layer_norm.defvjp(_forward, _backward)


def _plain_normalize(
    x: jax.Array, scale: jax.Array, offset: jax.Array, *, axes: tuple[int, ...], epsilon: float
) -> list[jax.Array]:
    """Return what is normalized, the means, and the factors that brought it to variance 1.

    One pass around a pivot. No element of a row lies further than √n deviations from its mean, so with one of them as
    pivot the variance keeps all digits but log2(n).
    """
    corner = tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(x.ndim))
    pivot = lax.stop_gradient(x[corner])
    shifted = x - pivot
    mean = jnp.mean(shifted, axes, keepdims=True)
    variance = jnp.mean(shifted * shifted, axes, keepdims=True) - mean * mean
    inverse = lax.rsqrt(jnp.maximum(variance, 0) + epsilon)
    mean = mean + pivot
    return [(x - mean) * inverse * scale + offset, mean, inverse]


def _plain_gradient(
    g: jax.Array, x: jax.Array, scale: jax.Array, mean: jax.Array, inverse: jax.Array, *, axes: tuple[int, ...]
) -> list[jax.Array]:
    """Return gradients for x, scale and offset."""
    normalized, scaled = (x - mean) * inverse, g * scale
    along = jnp.mean(scaled * normalized, axes, keepdims=True)
    dx = inverse * (scaled - jnp.mean(scaled, axes, keepdims=True) - normalized * along)
    others = tuple(axis for axis in range(x.ndim) if axis not in axes)
    return [dx, jnp.sum(g * normalized, others, keepdims=True), jnp.sum(g, others, keepdims=True)]


def _takes(primitive: Any, rows: jax.Array, axes: tuple[int, ...]) -> bool:
    return native.available(primitive.name) and _fits(rows, axes=axes)


def _fits(*arrays: Any, axes: tuple[int, ...], **parameters: Any) -> bool:
    """Whether a call of the extension is possible, and faster."""
    known = all(isinstance(size, int) and size > 0 for array in arrays for size in array.shape)
    if not known or axes != (1,) or any(array.ndim != 2 or array.dtype != jnp.float32 for array in arrays):
        return False
    return math.prod(arrays[0].shape) >= FEWEST_ELEMENTS and arrays[0].shape[1] > 1


def _options(epsilon: float, **parameters: Any) -> list[int]:
    return [native.bits(epsilon)]


_normalize = native.primitive("lamina_layer_norm", _plain_normalize, _options, _fits, several=True)
_gradient = native.primitive("lamina_layer_norm_gradient", _plain_gradient, lambda axes: [], _fits, several=True)
