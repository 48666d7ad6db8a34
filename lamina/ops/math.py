"""Sums by segment, greatest elements, special functions, Fourier transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina import config
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike, Axis

__all__ = [
    "cdist", "erf", "erfc", "erfinv", "extract_sequences", "fft", "fft2", "ifft2", "in_top_k", "irfft", "istft",
    "logdet", "logsumexp", "rfft", "rsqrt", "segment_max", "segment_min", "segment_prod", "segment_sum", "stft",
    "top_k", "view_as_complex", "view_as_real",
]  # fmt: skip


@operation(class_name="CDist")
def cdist(x: ArrayLike, y: ArrayLike) -> Array:
    """Return the Euclidean distances of all pairs of rows."""
    return jnp.sqrt(jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), axis=-1))


@operation
def erf(x: ArrayLike) -> Array:
    """Return the error function."""
    return jax.lax.erf(_floating(x))


@operation
def erfc(x: ArrayLike) -> Array:
    """Return 1 minus the error function."""
    return jax.lax.erfc(_floating(x))


@operation
def erfinv(x: ArrayLike) -> Array:
    """Return the inverse of the error function."""
    return jax.lax.erf_inv(_floating(x))


@operation
def extract_sequences(x: ArrayLike, sequence_length: int, sequence_stride: int) -> Array:
    """Return the windows of a length along the last axis, as a further axis."""
    return _windows(x, sequence_length, sequence_stride)


@operation(class_name="FFT")
def fft(x: Sequence[ArrayLike]) -> tuple[Array, Array]:
    """Return the discrete Fourier transform along the last axis of `(real, imaginary)` parts."""
    return _parts(jnp.fft.fft(_complex("fft", x)))


@operation(class_name="FFT2")
def fft2(x: Sequence[ArrayLike]) -> tuple[Array, Array]:
    """Return the discrete Fourier transform along the last two axes of `(real, imaginary)` parts."""
    return _parts(jnp.fft.fft2(_complex("fft2", x)))


@operation(class_name="IFFT2")
def ifft2(x: Sequence[ArrayLike]) -> tuple[Array, Array]:
    """Return the inverse of `fft2`."""
    return _parts(jnp.fft.ifft2(_complex("ifft2", x)))


@operation
def in_top_k(targets: ArrayLike, predictions: ArrayLike, k: int) -> Array:
    """Tell for each row whether the target is among the `k` highest predictions; ties count."""
    return _in_top_k(targets, predictions, k)


@operation(class_name="IRFFT")
def irfft(x: Sequence[ArrayLike], fft_length: int | None = None) -> Array:
    """Return the real array whose `rfft` is given."""
    return jnp.fft.irfft(_complex("irfft", x), fft_length)


@operation(class_name="ISTFT")
def istft(
    x: Sequence[ArrayLike],
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Array:
    """Return the signal whose `stft` is given."""
    return _istft(_complex("istft", x), sequence_length, sequence_stride, fft_length, length, window, center)


@operation
def logdet(x: ArrayLike) -> Array:
    """Return the logarithm of the determinant of positive definite matrices."""
    return jnp.linalg.slogdet(x)[1]


@operation
def logsumexp(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Array:
    """Return `log(sum(exp(x)))` without overflow."""
    return jax.nn.logsumexp(_floating(x), axis, keepdims=keepdims)


@operation(class_name="RFFT")
def rfft(x: ArrayLike, fft_length: int | None = None) -> tuple[Array, Array]:
    """Return the `(real, imaginary)` parts of the Fourier transform of a real array along its last axis."""
    return _parts(jnp.fft.rfft(x, fft_length))


@operation
def rsqrt(x: ArrayLike) -> Array:
    """Return `1 / sqrt(x)`."""
    return jax.lax.rsqrt(_floating(x))


@operation
def segment_max(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """Return the greatest rows of each segment."""
    return jax.ops.segment_max(data, segment_ids, _count(segment_ids, num_segments), indices_are_sorted=sorted)


@operation
def segment_min(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """Return the least rows of each segment."""
    return jax.ops.segment_min(data, segment_ids, _count(segment_ids, num_segments), indices_are_sorted=sorted)


@operation
def segment_prod(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """Return the products of the rows of each segment."""
    return jax.ops.segment_prod(data, segment_ids, _count(segment_ids, num_segments), indices_are_sorted=sorted)


@operation
def segment_sum(
    data: ArrayLike, segment_ids: ArrayLike, num_segments: int | None = None, sorted: bool = False
) -> Array:
    """Return the sums of the rows of each segment; rows whose segment is out of range are left out."""
    return jax.ops.segment_sum(data, segment_ids, _count(segment_ids, num_segments), indices_are_sorted=sorted)


@operation(class_name="STFT")
def stft(
    x: ArrayLike, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> tuple[Array, Array]:
    """Return the `(real, imaginary)` parts of Fourier transforms of windows of a signal."""
    return _stft(x, sequence_length, sequence_stride, fft_length, window, center)


@operation
def top_k(x: ArrayLike, k: int, sorted: bool = True) -> tuple[Array, Array]:
    """Return the `k` greatest elements along the last axis and their indices, in decreasing order in any case."""
    values, indices = jax.lax.top_k(x, k)
    return values, indices


@operation
def view_as_complex(x: ArrayLike) -> Array:
    """Return the complex numbers whose parts are the two elements of the last axis."""
    return _as_complex(x)


@operation
def view_as_real(x: ArrayLike) -> Array:
    """Return the parts of complex numbers as a last axis."""
    return jnp.stack([jnp.real(x), jnp.imag(x)], axis=-1)


def _floating(x: Array) -> Array:
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(config.floatx())


def _complex(function: str, x: Any) -> Array:
    if not isinstance(x, list | tuple) or len(x) != 2:
        raise ValueError(f"{function} takes a pair (real part, imaginary part), got {type(x).__name__}.")
    real, imaginary = x
    if real.shape != imaginary.shape:
        raise ValueError(
            f"{function}: the real and the imaginary part must have one shape, got {real.shape} and {imaginary.shape}."
        )
    return jax.lax.complex(_floating(real), _floating(imaginary))


def _parts(x: Array) -> tuple[Array, Array]:
    return jnp.real(x), jnp.imag(x)


def _as_complex(x: Array) -> Array:
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ValueError(f"view_as_complex: the last axis must hold two elements, got shape {x.shape}.")
    return jax.lax.complex(x[..., 0], x[..., 1])


def _windows(x: Array, length: int, stride: int) -> Array:
    count = 1 + (x.shape[-1] - length) // stride
    return x[..., jnp.arange(count)[:, None] * stride + jnp.arange(length)]


def _in_top_k(targets: Array, predictions: Array, k: int) -> Array:
    classes = predictions.shape[-1]
    least = jax.lax.top_k(predictions, min(k, classes))[0][..., -1]
    known = (targets >= 0) & (targets < classes)
    own = jnp.take_along_axis(predictions, jnp.clip(targets, 0, classes - 1)[..., None], axis=-1)[..., 0]
    return known & jnp.isfinite(own) & (own >= least)


def _count(segment_ids: Array, num_segments: int | None) -> int:
    if num_segments is not None:
        return num_segments
    if isinstance(segment_ids, jax.core.Tracer):
        raise ValueError("Inside a compiled function, segments need num_segments=...: it can't depend on the data.")
    return int(jnp.max(segment_ids)) + 1 if segment_ids.size else 0


def _window(window: Any, length: int, fft_length: int) -> Array:
    """Return a window, periodic, with zeros on both sides up to the length of the transform."""
    if window is None:
        return jnp.ones(fft_length, config.floatx())
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(f"window must be 'hann', 'hamming', an array or None, got {window!r}.")
        values = (jnp.hanning if window == "hann" else jnp.hamming)(length + 1)[:-1]
    else:
        values = jnp.asarray(window)
        if values.shape != (length,):
            raise ValueError(f"window must have shape ({length},), that of a sequence, got {values.shape}.")
    before = (fft_length - length) // 2
    return jnp.pad(values, (before, fft_length - length - before)).astype(config.floatx())


def _check_lengths(length: int, fft_length: int) -> None:
    if fft_length < length:
        raise ValueError(f"fft_length ({fft_length}) must be at least sequence_length ({length}).")


def _stft(x: Array, length: int, stride: int, fft_length: int, window: Any, center: bool) -> tuple[Array, Array]:
    _check_lengths(length, fft_length)
    x = _floating(x)
    if center:
        half = fft_length // 2
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="reflect")
    frames = _windows(x, fft_length, stride) * _window(window, length, fft_length)
    return _parts(jnp.fft.rfft(frames))


def _istft(
    x: Array, length: int, stride: int, fft_length: int, out_length: int | None, window: Any, center: bool
) -> Array:
    _check_lengths(length, fft_length)
    taper = _window(window, length, fft_length)
    frames = jnp.fft.irfft(x, fft_length) * taper
    count = frames.shape[-2]
    total = fft_length + stride * (count - 1)
    where = jnp.arange(count)[:, None] * stride + jnp.arange(fft_length)
    signal = jnp.zeros((*frames.shape[:-2], total), frames.dtype).at[..., where].add(frames)
    weight = jnp.zeros(total, frames.dtype).at[where].add(jnp.broadcast_to(taper**2, where.shape))
    signal = signal / jnp.where(weight > 1e-11, weight, 1)
    start = fft_length // 2 if center else 0
    stop = total - start if out_length is None else start + out_length
    signal = signal[..., start:stop]
    missing = stop - start - signal.shape[-1]
    return jnp.pad(signal, [(0, 0)] * (signal.ndim - 1) + [(0, missing)]) if missing > 0 else signal
