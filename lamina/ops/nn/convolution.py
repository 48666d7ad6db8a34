"""Convolutions; blocks of images moved into channels and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina import config, kernels
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = [
    "conv", "conv_transpose", "depth_to_space", "depthwise_conv", "fold", "separable_conv", "space_to_depth",
    "unfold",
]  # fmt: skip


@operation
def conv(
    inputs: ArrayLike,
    kernel: ArrayLike,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """Return the convolution of (batch, *space, channels) with a kernel (*window, channels / groups, outputs)."""
    return _conv(inputs, kernel, strides, padding, data_format, dilation_rate)


@operation
def conv_transpose(
    inputs: ArrayLike,
    kernel: ArrayLike,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """Return the transposed convolution with a kernel (*window, outputs, channels)."""
    return kernels.conv_transpose(
        inputs,
        kernel,
        strides=strides,
        padding=padding.lower(),
        output_padding=output_padding,
        dilation=dilation_rate,
        data_format=_format(data_format),
    )


@operation
def depthwise_conv(
    inputs: ArrayLike,
    kernel: ArrayLike,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """Return the convolution of each channel with kernels (*window, channels, multiplier) of its own."""
    return kernels.depthwise_conv(
        inputs,
        kernel,
        strides=strides,
        padding=_padding(padding),
        dilation=dilation_rate,
        data_format=_format(data_format),
    )


@operation
def separable_conv(
    inputs: ArrayLike,
    depthwise_kernel: ArrayLike,
    pointwise_kernel: ArrayLike,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Array:
    """Return a depthwise convolution, followed by one with a window of 1 that mixes channels."""
    return _separable_conv(inputs, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


@operation
def depth_to_space(x: ArrayLike, block_size: int, data_format: str = "channels_last") -> Array:
    """Return an image larger by a factor, made of square blocks that lay in the channels."""
    return _depth_to_space(x, block_size, data_format)


@operation
def space_to_depth(x: ArrayLike, block_size: int, data_format: str = "channels_last") -> Array:
    """Return an image smaller by a factor, with its square blocks in the channels."""
    return _space_to_depth(x, block_size, data_format)


@operation
def unfold(x: ArrayLike, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Array:
    """Return the windows of images (batch, channels, height, width) as columns (batch, channels * window, windows)."""
    return _unfold(x, kernel_size, dilation, padding, stride)


@operation
def fold(
    x: ArrayLike, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Array:
    """Return images from windows as `unfold` gives them; where windows overlap, their values are added."""
    return _fold(x, output_size, kernel_size, dilation, padding, stride)


def _format(data_format: str | None) -> str:
    return config.standardize_data_format(data_format)


def _padding(padding: Any) -> Any:
    return padding.lower() if isinstance(padding, str) else padding


def _conv(x: Array, kernel: Array, strides: Any, padding: Any, data_format: str | None, dilation_rate: Any) -> Array:
    data_format = _format(data_format)
    channels = x.shape[-1 if data_format == "channels_last" else 1]
    if kernel.shape[-2] == 0 or channels % kernel.shape[-2]:
        raise ValueError(
            f"conv: a kernel of shape {kernel.shape} is for a divisor of {kernel.shape[-2]} channels, but the inputs "
            f"of shape {x.shape} have {channels} ({data_format})."
        )
    return kernels.conv(
        x,
        kernel,
        strides=strides,
        padding=_padding(padding),
        dilation=dilation_rate,
        groups=channels // kernel.shape[-2],
        data_format=data_format,
    )


def _separable_conv(
    x: Array, depthwise: Array, pointwise: Array, strides: Any, padding: Any, data_format: str | None, dilation: Any
) -> Array:
    data_format = _format(data_format)
    x = kernels.depthwise_conv(
        x, depthwise, strides=strides, padding=_padding(padding), dilation=dilation, data_format=data_format
    )
    return kernels.conv(x, pointwise, data_format=data_format)


def _check_block(function: str, x: Array, block_size: int) -> None:
    if x.ndim != 4:
        raise ValueError(f"{function} takes (batch, height, width, channels), got shape {x.shape}.")
    if block_size < 2:
        raise ValueError(f"{function}: block_size must be at least 2, got {block_size}.")


def _depth_to_space(x: Array, block: int, data_format: str) -> Array:
    _check_block("depth_to_space", x, block)
    if config.standardize_data_format(data_format) == "channels_first":
        return jnp.moveaxis(_depth_to_space(jnp.moveaxis(x, 1, -1), block, "channels_last"), -1, 1)
    batch, height, width, depth = x.shape
    if depth % block**2:
        raise ValueError(f"depth_to_space: {depth} channels can't be divided into blocks of {block} x {block}.")
    x = x.reshape(batch, height, width, block, block, depth // block**2)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * block, width * block, depth // block**2)


def _space_to_depth(x: Array, block: int, data_format: str) -> Array:
    _check_block("space_to_depth", x, block)
    channels_last = config.standardize_data_format(data_format) == "channels_last"
    depth, height, width = (x.shape[axis] for axis in ((3, 1, 2) if channels_last else (1, 2, 3)))
    if height % block or width % block:
        raise ValueError(
            f"space_to_depth: {height} x {width} pixels can't be divided into blocks of {block} x {block}."
        )
    if channels_last:
        x = x.reshape(-1, height // block, block, width // block, block, depth).transpose(0, 1, 3, 2, 4, 5)
        return x.reshape(-1, height // block, width // block, depth * block**2)
    # Here, as in Keras, what was one channel stays together.
    x = x.reshape(-1, depth, height // block, block, width // block, block).transpose(0, 1, 3, 5, 2, 4)
    return x.reshape(-1, depth * block**2, height // block, width // block)


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return first, second


def _unfold(x: Array, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    if x.ndim != 4:
        raise ValueError(f"unfold takes (batch, channels, height, width), got shape {x.shape}.")
    patches = jax.lax.conv_general_dilated_patches(
        x,
        _pair(kernel_size),
        _pair(stride),
        [(size, size) for size in _pair(padding)],
        rhs_dilation=_pair(dilation),
        precision=jax.lax.Precision.HIGHEST,
    )
    return patches.reshape(*patches.shape[:2], -1)


def _fold(x: Array, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Array:
    window = math.prod(_pair(kernel_size))
    if x.ndim != 3 or x.shape[1] % window:
        raise ValueError(f"fold takes (batch, channels * {window}, windows), got shape {x.shape}.")
    image = jax.ShapeDtypeStruct((x.shape[0], x.shape[1] // window, *_pair(output_size)), x.dtype)
    (folded,) = jax.linear_transpose(lambda image: _unfold(image, kernel_size, dilation, padding, stride), image)(x)
    return folded
