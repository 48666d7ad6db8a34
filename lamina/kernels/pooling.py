"""Maximum and average pooling in one, two or three dimensions.

XLA's CPU code for the gradient of `reduce_window` is slow. Here a pooling is a few maxima or sums of strided slices,
one for each tap of the window; overlapping windows are pooled axis by axis, which needs fewer taps. The gradient of
the maximum goes to its first position in row-major order, exactly as `reduce_window` has it: the first maximum of a
window is the first one in the first row that holds it.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.kernels.geometry import Padding, Windows, check_data_format, per_axis
from lamina.kernels.platform import fast_on_cpu

# Taps of one window above which slices make programs too large, and reduce_window is taken.
MOST_TAPS = 64


def max_pool(
    x: jax.Array,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: Padding = "valid",
    data_format: str = "channels_last",
) -> jax.Array:
    """Return the maximum of every window.

    On the CPU only reverse-mode derivatives exist, of any order; forward mode needs `reference_kernels`.

    Args:
        x: (batch, *space, channels), or (batch, channels, *space); one to three spatial axes.
        pool_size: Length of a window, one for all axes or one for each.
        strides: Steps between windows; None for `pool_size`.
        padding: "valid", "same", or a pair (before, after) for each axis. Padding never is the maximum.
        data_format: "channels_last" or "channels_first".

    Returns:
        (batch, *positions, channels), or channels first, of the type of `x`.

    Raises:
        ValueError: If an argument does not fit the rank of `x`.

    Example:
        >>> import jax.numpy as jnp
        >>> max_pool(jnp.arange(6.0).reshape(1, 6, 1), 2)[0, :, 0]
        Array([1., 3., 5.], dtype=float32)
    """
    return _pool(x, pool_size, strides, padding, data_format, _plain_max, _fast_max)


def average_pool(
    x: jax.Array,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: Padding = "valid",
    data_format: str = "channels_last",
) -> jax.Array:
    """Return the mean of every window. Padding does not count: a window at the edge averages what it sees.

    On the CPU only reverse-mode derivatives exist, of any order; forward mode needs `reference_kernels`.

    Args:
        x: A floating array, shaped as for `max_pool`.
        pool_size: As for `max_pool`.
        strides: As for `max_pool`.
        padding: As for `max_pool`.
        data_format: As for `max_pool`.

    Returns:
        As `max_pool`.

    Raises:
        ValueError: If an argument does not fit the rank of `x`.

    Example:
        >>> import jax.numpy as jnp
        >>> average_pool(jnp.arange(5.0).reshape(1, 5, 1), 2, padding="same")[0, :, 0]
        Array([0.5, 2.5, 4. ], dtype=float32)
    """
    return _pool(x, pool_size, strides, padding, data_format, _plain_average, _fast_average)


def _pool(x, pool_size, strides, padding, data_format, plain: Callable, fast: Callable) -> jax.Array:
    """Bring the arguments into shape, and channels last, and pool with one of the two formulations."""
    channels_last = check_data_format(data_format)
    x = jnp.asarray(x)
    rank = x.ndim - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            f"Pooling takes (batch, *space, channels) with one to three spatial axes, got shape {x.shape}."
        )
    window = per_axis(pool_size, rank, "pool_size")
    size = x.shape[1:-1] if channels_last else x.shape[2:]
    windows = Windows.make(size, window, window if strides is None else strides, padding)
    stages = _stages(windows)
    small = all(math.prod(stage.window) <= MOST_TAPS for stage in stages)
    full = bool(x.size) and all(windows.output_size) and jnp.issubdtype(x.dtype, jnp.floating)
    if not (small and full and fast_on_cpu()):
        return plain(x, windows, channels_last)
    if channels_last:
        return fast(x, windows, stages)
    return jnp.moveaxis(fast(jnp.moveaxis(x, 1, -1), windows, stages), -1, 1)


def _stages(windows: Windows) -> list[Windows]:
    """Return the windows where they tile the array, else windows along one axis after the other, last first."""
    if windows.window == windows.strides or sum(taps > 1 for taps in windows.window) < 2:
        return [windows]
    stages, size = [], list(windows.size)
    for axis in reversed(range(len(size))):
        window, strides, padding = [1] * len(size), [1] * len(size), [(0, 0)] * len(size)
        window[axis], strides[axis], padding[axis] = windows.window[axis], windows.strides[axis], windows.padding[axis]
        stages.append(Windows(tuple(size), tuple(window), tuple(strides), tuple(padding), windows.dilation))
        size[axis] = windows.output_size[axis]
    return stages


# Maximum.


def _fast_max(x: jax.Array, windows: Windows, stages: list[Windows]) -> jax.Array:
    return reduce(_stage_max, stages, x)


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _stage_max(x: jax.Array, windows: Windows) -> jax.Array:
    """Where nobody asks for a gradient, two axes at once are faster by XLA's own window."""
    if sum(taps > 1 for taps in windows.window) > 1:
        return _plain_max(x, windows, channels_last=True)
    return _max_of_slices(x, windows)


def _max_of_slices(x: jax.Array, windows: Windows) -> jax.Array:
    padded = windows.pad(x, -jnp.inf)
    return reduce(jnp.maximum, (windows.gather(padded, tap) for tap in windows.taps))


def _stage_max_forward(x: jax.Array, windows: Windows) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    maximum = _max_of_slices(x, windows)
    return maximum, (x, maximum)


def _stage_max_backward(windows: Windows, kept: tuple[jax.Array, jax.Array], g: jax.Array) -> tuple[jax.Array]:
    x, maximum = kept
    padded = windows.pad(x, -jnp.inf)
    here = {tap: windows.gather(padded, tap) == maximum for tap in windows.taps}
    if windows.window == windows.strides:
        return (_to_first(list(here.values()), windows, g),)
    found = jnp.zeros(g.shape, bool)
    parts = []
    for tap, is_here in here.items():
        parts.append(windows.scatter(jnp.where(is_here & ~found, g, 0), tap))
        found |= is_here
    return (reduce(jnp.add, parts),)


_stage_max.defvjp(_stage_max_forward, _stage_max_backward)


def _to_first(here: list[jax.Array], windows: Windows, g: jax.Array) -> jax.Array:
    """Send g to the first of the taps in which `here` is true, where windows tile the array: one pass over memory."""
    first = jnp.full(g.shape, len(here))
    for number, is_here in reversed(list(enumerate(here))):
        first = jnp.where(is_here, number, first)
    between = tuple(range(2, 2 + 2 * len(windows.window), 2))
    own = jnp.expand_dims(np.arange(len(here)).reshape(windows.window), (0, *(axis - 1 for axis in between), -1))
    tiles = jnp.where(jnp.expand_dims(first, between) == own, jnp.expand_dims(g, between), 0)
    return _from_tiles(tiles, windows)


def _from_tiles(tiles: jax.Array, windows: Windows) -> jax.Array:
    """Join (batch, positions, taps, positions, taps, ..., channels) to (batch, *size, channels), without padding."""
    covered = [count * taps for count, taps in zip(windows.output_size, windows.window, strict=True)]
    joined = tiles.reshape(tiles.shape[0], *covered, tiles.shape[-1])
    edges = [
        (-low, length + low - reach, 0)
        for (low, _), length, reach in zip(windows.padding, windows.size, covered, strict=True)
    ]
    return lax.pad(joined, jnp.zeros((), joined.dtype), [(0, 0, 0), *edges, (0, 0, 0)])


def _plain_max(x: jax.Array, windows: Windows, channels_last: bool) -> jax.Array:
    lowest = -np.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    return _reduce_window(x, lowest, lax.max, windows, channels_last)


# Average.


def _fast_average(x: jax.Array, windows: Windows, stages: list[Windows]) -> jax.Array:
    wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    return (reduce(_stage_sum, stages, wide) * _weights(windows, wide.dtype)).astype(x.dtype)


def _stage_sum(x: jax.Array, windows: Windows) -> jax.Array:
    return _tile_sum(x, windows) if windows.window == windows.strides else _sum_of_slices(x, windows)


def _sum_of_slices(x: jax.Array, windows: Windows) -> jax.Array:
    padded = windows.pad(x)
    return reduce(jnp.add, (windows.gather(padded, tap) for tap in windows.taps))


# Where windows tile the array, the gradient is g, repeated: one pass over memory instead of one for each tap.
_tile_sum = jax.custom_vjp(_sum_of_slices, nondiff_argnums=(1,))


def _tile_sum_backward(windows: Windows, kept: None, g: jax.Array) -> tuple[jax.Array]:
    del kept
    for axis, taps in enumerate(windows.window):
        g = jnp.repeat(jnp.expand_dims(g, 2 + 2 * axis), taps, axis=2 + 2 * axis)
    return (_from_tiles(g, windows),)


_tile_sum.defvjp(lambda x, windows: (_sum_of_slices(x, windows), None), _tile_sum_backward)


def _plain_average(x: jax.Array, windows: Windows, channels_last: bool) -> jax.Array:
    x = x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(jnp.float32)
    weights = _weights(windows, x.dtype)
    if not channels_last and weights.ndim:
        weights = jnp.moveaxis(weights, -1, 0)
    return _reduce_window(x, 0, lax.add, windows, channels_last) * weights


def _weights(windows: Windows, dtype: jnp.dtype) -> jax.Array:
    """Return one over the number of elements that each window sees, padding left out: (*output_size, 1) or ()."""
    if not windows.is_padded:
        return jnp.asarray(1 / math.prod(windows.window), dtype)
    counts = []
    for axis, count in enumerate(windows.output_size):
        starts = np.arange(count) * windows.strides[axis] - windows.padding[axis][0]
        stops = np.minimum(starts + windows.window[axis], windows.size[axis])
        counts.append(np.maximum(stops - np.maximum(starts, 0), 1))
    grid = np.array([math.prod(seen) for seen in product(*counts)], np.float64).reshape(*windows.output_size, 1)
    return jnp.asarray(1 / grid, dtype)


def _reduce_window(x: jax.Array, start: float, combine: Callable, windows: Windows, channels_last: bool) -> jax.Array:
    def around(values, neutral):
        return (neutral, *values, neutral) if channels_last else (neutral, neutral, *values)

    return lax.reduce_window(
        x,
        np.array(start, x.dtype),
        combine,
        around(windows.window, 1),
        around(windows.strides, 1),
        around(windows.padding, (0, 0)),
    )
