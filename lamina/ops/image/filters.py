"""Blur, edges, and how alike two images are."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.core.recording import operation
from lamina.ops.image.layout import channels_last, check_rank
from lamina.typing import Array, ArrayLike

__all__ = ["gaussian_blur", "sobel_edges", "ssim"]

_LARGEST_BELL = 10_000


@operation
def gaussian_blur(
    images: ArrayLike, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Array:
    """Return images blurred by a normal distribution; outside of the image there are zeros.

    Args:
        images: floats, `(height, width, channels)` or a batch of those.
        kernel_size: `(height, width)` of the neighbourhood that is averaged, in pixels.
        sigma: standard deviations `(height, width)`, in pixels.
        data_format: "channels_last", "channels_first" or None for the default.
    """
    check_rank(images, "gaussian_blur")
    dtype = images.dtype if jnp.issubdtype(images.dtype, jnp.floating) else jnp.float32
    if max(_pair(kernel_size)) > _LARGEST_BELL:
        raise ValueError(f"gaussian_blur: kernel_size must be at most {_LARGEST_BELL:,} pixels, got {kernel_size!r}.")
    kernels = [_bell(int(size), float(deviation)) for size, deviation in zip(_pair(kernel_size), _pair(sigma))]

    def run(batch: Array) -> Array:
        return _separable(batch.astype(dtype), kernels, "SAME")

    return channels_last(run, images, data_format).astype(images.dtype)


@operation
def sobel_edges(images: ArrayLike, data_format: str | None = None) -> Array:
    """Return how steeply images change downwards and to the right, as a last axis of size 2.

    Outside of the image there are zeros.

    Args:
        images: floats, `(height, width, channels)` or a batch of those.
        data_format: "channels_last", "channels_first" or None for the default.
    """
    check_rank(images, "sobel_edges")
    down, smooth = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 2.0, 1.0])

    def filtered(kernels: list[np.ndarray]) -> Array:
        return channels_last(lambda batch: _separable(batch, kernels, "SAME"), images, data_format)

    return jnp.stack([filtered([down, smooth]), filtered([smooth, down])], -1)


@operation(class_name="SSIM")
def ssim(
    image1: ArrayLike,
    image2: ArrayLike,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Array:
    """Return the structural similarity of images: 1 for the same image, about 0 for unrelated ones.

    Args:
        image1, image2: floats of one shape, `(height, width, channels)` or a batch of those.
        max_val: the range of pixels: 1.0 or 255.0.
        filter_size: size of the neighbourhood that is compared, in pixels; images must be at least that large.
        filter_sigma: standard deviation of its weights, in pixels.
        k1, k2: small shares of `max_val` that keep quotients finite.
        data_format: "channels_last", "channels_first" or None for the default.

    Returns:
        A number for each image.

    Reference: Wang et al., 2004, https://ece.uwaterloo.ca/~z70wang/publications/ssim.pdf
    """
    check_rank(image1, "ssim", "image1")
    if image1.shape != image2.shape:
        raise ValueError(f"ssim: the images must have one shape, got {image1.shape} and {image2.shape}.")
    kernel = _bell(filter_size, filter_sigma)
    luminance, contrast = (k1 * max_val) ** 2, (k2 * max_val) ** 2

    def compare(both: Array) -> Array:
        channels = both.shape[-1] // 2
        one, other = both[..., :channels], both[..., channels:]

        def mean(values: Array) -> Array:
            return _separable(values, [kernel, kernel], "VALID")

        mean1, mean2 = mean(one), mean(other)
        spread1, spread2 = mean(one * one) - mean1**2, mean(other * other) - mean2**2
        joint = mean(one * other) - mean1 * mean2
        alike = (2 * mean1 * mean2 + luminance) * (2 * joint + contrast)
        return alike / ((mean1**2 + mean2**2 + luminance) * (spread1 + spread2 + contrast))

    channel_axis = -3 if config.standardize_data_format(data_format) == "channels_first" else -1
    if min(size for axis, size in enumerate(image1.shape[-3:]) if axis - 3 != channel_axis) < filter_size:
        raise ValueError(f"ssim: images must be at least {filter_size} pixels (filter_size) high and wide.")
    similarity = channels_last(compare, jnp.concatenate([image1, image2], channel_axis), data_format)
    return jnp.mean(similarity, (-3, -2, -1))


def _bell(size: int, sigma: float) -> np.ndarray:
    distance = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return weights / weights.sum()


def _pair(value: Any) -> tuple[Any, Any]:
    return (value, value) if isinstance(value, int | float) else tuple(value)  # type: ignore[return-value]


def _separable(batch: Array, kernels: list[np.ndarray], padding: str) -> Array:
    """Filter each channel by the product of a column and a row: far fewer multiplications than by their table."""
    for axis, kernel in enumerate(kernels, 1):
        values = [batch]
        size = len(kernel)
        if padding == "SAME":
            before = (size - 1) // 2
            pads = [(0, 0)] * batch.ndim
            pads[axis] = (before, size - 1 - before)
            values = [jnp.pad(batch, pads)]
        length = values[0].shape[axis] - size + 1
        batch = sum(
            jax.lax.slice_in_dim(values[0], at, at + length, axis=axis) * float(weight)
            for at, weight in enumerate(kernel)
            if weight
        )  # type: ignore[assignment]
    return batch
