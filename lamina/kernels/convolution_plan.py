"""Which form computes a convolution, or one of its gradients, on the CPU: the measured rules in one place.

Every function takes and returns float32 or float64 arrays, channels last.
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp

from lamina.kernels import convolution_forms as forms
from lamina.kernels import convolution_strides as strides
from lamina.kernels import native_convolution, native_depthwise
from lamina.kernels.geometry import Windows

# Columns (taps × channels) up to which patches and one product win; the backward pass shares the forward's patches.
FEW_COLUMNS = 36
# Input channels up to which the input gradient is a product, spread tap by tap.
FEW_CHANNELS = 8
# Channels to which small groups are bundled: as one dense convolution each bundle is faster than its groups.
BUNDLE_CHANNELS = 16
# Without a gradient: input channels from which a convolution is kept apart from what comes before it, and outputs from
# which XLA leaves convolutions to the library that is quick for one channel.
APART_CHANNELS = 64
LIBRARY_OUTPUTS = 32
# And input channels up to which a convolution with a rectifier is left to XLA's fusions.
CHAINED_CHANNELS = 32


def convolve_alone(x: jax.Array, kernel: jax.Array, windows: Windows, groups: int, rectified: bool) -> jax.Array:
    """Return the convolution where nobody asks for a gradient.

    There XLA fuses convolutions with biases, rectifiers and poolings, for one pass over memory, which gains more in
    chains of few channels than the compiled extension does. Of whole networks in a single fusion it makes slow
    programs: a choice by comparison, which it can't fuse, is where a next one begins.
    """
    channels, outputs = x.shape[-1], kernel.shape[-1]
    if groups == 1 and len(windows.size) == 2 and not windows.is_pointwise:
        if channels == 1 and outputs >= LIBRARY_OUTPUTS and windows.is_dense:
            return forms.direct(x, kernel, windows)
        if rectified and channels <= CHAINED_CHANNELS and _columns(kernel) > FEW_COLUMNS:
            return forms.direct(x, kernel, windows)
        if channels >= APART_CHANNELS and not native_convolution.takes(x, kernel, windows):
            x = jnp.where(x <= jnp.inf, x, jnp.nan)  # x, NaN included
    return convolve(x, kernel, windows, groups)


def convolve(x: jax.Array, kernel: jax.Array, windows: Windows, groups: int) -> jax.Array:
    """Return the convolution of x and kernel."""
    if _is_depthwise(kernel, groups):
        if native_depthwise.takes(x, kernel, windows):
            return native_depthwise.convolve(x, kernel, windows)
        return forms.depthwise(x, kernel, windows)
    if groups > 1:
        return _by_bundles(
            lambda x, kernel, size: convolve(x, forms.dense_kernel(kernel, size), windows, 1),
            x,
            kernel,
            groups,
            x.shape[-1],
        )
    if windows.is_pointwise or _columns(kernel) <= FEW_COLUMNS:
        return forms.matmul(x, kernel, windows)
    if len(windows.size) < 3:
        return _convolve_dense(x, kernel, windows)
    folded = convolve(forms.fold_input(x, windows), forms.fold_kernel(kernel), windows.axes(slice(1, None)), 1)
    return folded.reshape(x.shape[0], -1, *folded.shape[1:])


def input_gradient(g: jax.Array, kernel: jax.Array, windows: Windows, groups: int) -> jax.Array:
    """Return the gradient for x, given g, that for the result."""
    if _is_depthwise(kernel, groups):
        if groups == g.shape[-1] and native_depthwise.takes_input_gradient(g, kernel, windows):
            return native_depthwise.input_gradient(g, kernel, windows)
        return forms.depthwise_input_gradient(g, kernel, windows, groups)
    if groups > 1:
        return _by_bundles(
            lambda g, kernel, size: input_gradient(g, forms.dense_kernel(kernel, size), windows, 1),
            g,
            kernel,
            groups,
            groups * kernel.shape[-2],
        )
    if strides.can_merge(windows) and not windows.is_pointwise:
        merged = input_gradient(g, strides.merge_kernel(kernel, windows), strides.merged_windows(windows), 1)
        return strides.split_input(merged, windows)
    if windows.is_pointwise or not windows.is_dense:
        return forms.matmul_input_gradient(g, kernel, windows)
    turned, backward = forms.turn_round(kernel, windows)
    if _columns(turned) <= FEW_COLUMNS:
        return forms.matmul(g, turned, backward)
    if kernel.shape[-2] <= FEW_CHANNELS:
        return forms.matmul_input_gradient(g, kernel, windows)
    if len(windows.size) < 3:
        return _convolve_dense(g, turned, backward)
    rest = windows.axes(slice(1, None))
    folded = input_gradient(forms.fold_output(g), forms.fold_kernel(kernel), rest, 1)
    return forms.unfold_input(folded, windows, g.shape[0])


def kernel_gradient(x: jax.Array, g: jax.Array, windows: Windows, groups: int) -> jax.Array:
    """Return the gradient for the kernel, given g, that for the result."""
    if x.shape[-1] == groups > 1:
        if native_depthwise.takes_kernel_gradient(x, g, windows):
            return native_depthwise.kernel_gradient(x, g, windows)
        return forms.depthwise_kernel_gradient(x, g, windows)
    if groups > 1:
        return _by_bundles(
            lambda x, g, size: forms.grouped_kernel(kernel_gradient(x, g, windows, 1), size),
            x,
            g,
            groups,
            x.shape[-1],
        )
    if windows.is_pointwise or x.shape[-1] * math.prod(windows.window) <= FEW_COLUMNS:
        return forms.matmul_kernel_gradient(x, g, windows)
    if strides.can_merge(windows):
        gradient = jnp.zeros((*windows.window, x.shape[-1], g.shape[-1]), g.dtype)
        for taps, part, dense in strides.phases(x, windows):
            gradient = gradient.at[taps].set(kernel_gradient(part, g, dense, 1))
        return gradient
    if len(windows.size) < 3:
        if native_convolution.takes_gradient(x, g, windows):
            return native_convolution.kernel_gradient(x, g, windows)
        return forms.transposed_kernel_gradient(x, g, windows)
    rest = windows.axes(slice(1, None))
    folded = kernel_gradient(forms.fold_input(x, windows), forms.fold_output(g), rest, 1)
    return forms.unfold_kernel(folded, windows)


def _convolve_dense(x: jax.Array, kernel: jax.Array, windows: Windows) -> jax.Array:
    if native_convolution.takes(x, kernel, windows):
        return native_convolution.convolve(x, kernel, windows)
    return forms.direct(x, kernel, windows)


def _by_bundles(function: Callable, first: jax.Array, second: jax.Array, groups: int, channels: int) -> jax.Array:
    """Split the last axis of both arrays into bundles of groups, and join `function(first, second, bundle size)`."""
    size = 1
    while groups % (2 * size) == 0 and channels // groups * 2 * size <= BUNDLE_CHANNELS:
        size *= 2
    bundles = groups // size
    pieces = zip(jnp.split(first, bundles, axis=-1), jnp.split(second, bundles, axis=-1), strict=True)
    return jnp.concatenate([function(*piece, size) for piece in pieces], axis=-1)


def _is_depthwise(kernel: jax.Array, groups: int) -> bool:
    return groups > 1 and kernel.shape[-2] == 1


def _columns(kernel: jax.Array) -> int:
    return math.prod(kernel.shape[:-1])
