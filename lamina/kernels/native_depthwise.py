"""Depthwise convolutions of images and sequences, and their gradients, by the compiled extension.

Each is one pass over memory, without padded images or patches (`lamina/kernels/csrc/depthwise.c`). Their derivatives
are those of `lamina/kernels/convolution.py`.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from lamina.kernels import convolution_forms as forms
from lamina.kernels import native
from lamina.kernels.geometry import Windows
from lamina.kernels.native_convolution import image, options

# Multiplications from which a call is worth it, and the most taps of a window.
FEWEST_MULTIPLICATIONS = 1e4
MOST_TAPS = 256
# Up to so many taps, if there are no more numbers than these, and below so many channels, what is computed window by
# window is left to XLA, which fuses it with what comes before and after.
FUSED_TAPS = 9
FUSED_SIZE = 2**19
FEWEST_CHANNELS = 16


def takes(x: jax.Array, kernel: jax.Array, windows: Windows) -> bool:
    """Return whether the extension can and should compute the depthwise convolution of x and kernel."""
    apart = math.prod(windows.window) > FUSED_TAPS or x.size > FUSED_SIZE
    worth_it = apart and x.shape[-1] >= FEWEST_CHANNELS
    return worth_it and native.available(_convolution.name) and _fits(x, kernel, windows)


def takes_input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows) -> bool:
    """Return whether it can and should compute the gradient for the images, given g, that for the result."""
    if windows.is_dense:
        return takes(g, kernel, windows)
    return native.available(_input_gradient.name) and _fits(g, kernel, windows)


def takes_kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> bool:
    """Return whether it can and should compute the gradient for the kernel, given g, that for the result."""
    return native.available(_kernel_gradient.name) and _fits(x, g, windows)


def convolve(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Return the convolution of x and kernel; `takes` has to be true."""
    plane = windows.in_plane
    result = _convolution.bind(image(x), kernel.reshape(*plane.window, 1, -1), windows=plane)
    return result.reshape(x.shape[0], *windows.output_size, x.shape[-1])


def input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    """Return the gradient for the images; `takes_input_gradient` has to be true."""
    plane = windows.in_plane
    result = _input_gradient.bind(image(g), kernel.reshape(*plane.window, 1, -1), windows=plane)
    return result.reshape(g.shape[0], *windows.size, g.shape[-1])


def kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows) -> jax.Array:
    """Return the gradient for the kernel; `takes_kernel_gradient` has to be true."""
    result = _kernel_gradient.bind(image(x), image(g), windows=windows.in_plane)
    return result.reshape(*windows.window, 1, x.shape[-1])


def _fits(first: Any, second: Any, windows: Windows) -> bool:
    """Whether a call of the extension is possible, and faster."""
    known = all(isinstance(size, int) for size in (*first.shape, *second.shape))  # open in programs for export
    if len(windows.size) > 2 or not known or not first.dtype == second.dtype == jnp.float32:
        return False
    channels, taps = first.shape[-1], math.prod(windows.window)
    multiplications = first.shape[0] * math.prod(windows.output_size) * taps * channels
    # Several outputs of a channel are left to XLA.
    return second.shape[-1] == channels and taps <= MOST_TAPS and multiplications >= FEWEST_MULTIPLICATIONS


def _plain_input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    return forms.depthwise_input_gradient(g, kernel, windows, g.shape[-1])


_convolution = native.primitive("lamina_depthwise", forms.depthwise, options, _fits)
_input_gradient = native.primitive("lamina_depthwise_input_gradient", _plain_input_gradient, options, _fits)
_kernel_gradient = native.primitive("lamina_depthwise_kernel_gradient", forms.depthwise_kernel_gradient, options, _fits)
