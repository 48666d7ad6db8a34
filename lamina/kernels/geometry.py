"""The sizes of a sliding window: what strides, padding and dilation mean for every axis."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import jax
import jax.numpy as jnp
from jax import lax

Padding = str | Sequence[Sequence[int]]


def per_axis(value: int | Sequence[int], rank: int, name: str, *, least: int = 1) -> tuple[int, ...]:
    """Return one integer for each spatial axis, from one for all or one for each.

    Raises:
        ValueError: If there are not `rank` integers, or one is smaller than `least`.
    """
    values = tuple(value) if isinstance(value, Sequence) else (value,) * rank
    if len(values) != rank or any(not hasattr(item, "__index__") or item < least for item in values):
        raise ValueError(f"{name} must be an integer or {rank} of them, each at least {least}, got {value!r}.")
    return tuple(int(item) for item in values)


def check_data_format(data_format: str) -> bool:
    """Return whether channels come last; raise ValueError where the format is neither of the two."""
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format must be 'channels_last' or 'channels_first', got {data_format!r}.")
    return data_format == "channels_last"


@dataclass(frozen=True)
class Windows:
    """All the windows that slide over an array of shape (batch, *size, channels).

    Attributes:
        size: Lengths of the spatial axes, without padding.
        window: Taps of a window along each axis.
        strides: Steps from one window to the next.
        padding: Zeros before and after each axis; negative numbers crop.
        dilation: Distance between neighbouring taps.
    """

    size: tuple[int, ...]
    window: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    @classmethod
    def make(
        cls,
        size: Sequence[int],
        window: Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: Padding = "valid",
        dilation: int | Sequence[int] = 1,
    ) -> "Windows":
        """Check the arguments and spell the padding out.

        Raises:
            ValueError: If an argument has the wrong length or value.
        """
        rank = len(size)
        strides, dilation = per_axis(strides, rank, "strides"), per_axis(dilation, rank, "dilation")
        extents = tuple((taps - 1) * step + 1 for taps, step in zip(window, dilation, strict=True))
        return cls(tuple(size), tuple(window), strides, _spell_padding(padding, size, extents, strides), dilation)

    @property
    def extents(self) -> tuple[int, ...]:
        """How far a window reaches along each axis, dilation counted."""
        return tuple((taps - 1) * step + 1 for taps, step in zip(self.window, self.dilation, strict=True))

    @property
    def output_size(self) -> tuple[int, ...]:
        """Number of windows along each axis."""
        return tuple(
            max((length + low + high - extent) // stride + 1, 0)
            for length, (low, high), extent, stride in zip(
                self.size, self.padding, self.extents, self.strides, strict=True
            )
        )

    @property
    def is_dense(self) -> bool:
        """Whether windows move by one position at a time."""
        return all(stride == 1 for stride in self.strides)

    @property
    def is_pointwise(self) -> bool:
        """Whether a window has a single tap."""
        return math.prod(self.window) == 1

    @property
    def is_padded(self) -> bool:
        return any(pair != (0, 0) for pair in self.padding)

    @property
    def taps(self) -> Iterator[tuple[int, ...]]:
        """Positions inside a window, last axis fastest."""
        return product(*map(range, self.window))

    def axes(self, which: slice) -> "Windows":
        """Return the windows along some of the axes alone."""
        return Windows(
            self.size[which], self.window[which], self.strides[which], self.padding[which], self.dilation[which]
        )

    @property
    def in_plane(self) -> "Windows":
        """Windows over sequences as windows over images of one row; others as they are."""
        if len(self.size) != 1:
            return self
        return Windows(
            (1, *self.size), (1, *self.window), (1, *self.strides), ((0, 0), *self.padding), (1, *self.dilation)
        )

    def pad(self, x: jax.Array, value: float = 0.0) -> jax.Array:
        """Return `x`, of shape (batch, *size, channels), with the padding added."""
        if not self.is_padded:
            return x
        edges = [(0, 0, 0), *((low, high, 0) for low, high in self.padding), (0, 0, 0)]
        return lax.pad(x, jnp.asarray(value, x.dtype), edges)

    def gather(self, padded: jax.Array, tap: tuple[int, ...]) -> jax.Array:
        """Return what every window sees at one tap: (batch, *output_size, channels), a strided slice."""
        starts = [at * step for at, step in zip(tap, self.dilation, strict=True)]
        limits = [
            start + (count - 1) * stride + 1
            for start, count, stride in zip(starts, self.output_size, self.strides, strict=True)
        ]
        batch, channels = padded.shape[0], padded.shape[-1]
        return lax.slice(padded, (0, *starts, 0), (batch, *limits, channels), (1, *self.strides, 1))

    def scatter(self, part: jax.Array, tap: tuple[int, ...]) -> jax.Array:
        """Return (batch, *size, channels): `part` put where `gather` took it from, zeros elsewhere."""
        edges = []
        for axis, at in enumerate(tap):
            low = at * self.dilation[axis] - self.padding[axis][0]
            reach = (self.output_size[axis] - 1) * self.strides[axis] + 1
            edges.append((low, self.size[axis] - low - reach, self.strides[axis] - 1))
        return lax.pad(part, jnp.zeros((), part.dtype), [(0, 0, 0), *edges, (0, 0, 0)])


def _spell_padding(
    padding: Padding, size: Sequence[int], extents: Sequence[int], strides: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Return zeros before and after each axis for a padding given by name or in full."""
    rank = len(size)
    if isinstance(padding, str):
        name = padding.lower()
        if name == "valid":
            return ((0, 0),) * rank
        if name == "same":
            return tuple(map(_same_padding, size, extents, strides))
        if name == "causal" and rank == 1:
            return ((extents[0] - 1, 0),)
    elif len(padding) == rank and all(len(pair) == 2 for pair in padding):
        return tuple((int(low), int(high)) for low, high in padding)
    names = "'valid', 'same', 'causal'" if rank == 1 else "'valid', 'same'"
    raise ValueError(f"padding must be {names} or {rank} pairs (before, after), got {padding!r}.")


def _same_padding(length: int, extent: int, stride: int) -> tuple[int, int]:
    total = max((-(-length // stride) - 1) * stride + extent - length, 0)
    return total // 2, total - total // 2
