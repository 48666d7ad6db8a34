"""Initializers whose scale follows from how many units a weight joins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lamina.errors import nearest
from lamina.initializers import draws
from lamina.initializers.initializer import RandomInitializer, finite_number, float_dtype, static_shape, to_device
from lamina.random.seed_generator import SeedGenerator
from lamina.typing import Array

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


class VarianceScaling(RandomInitializer):
    """Draws with mean 0 and variance `scale / n`, where `n` counts the units that the weights join.

    Args:
        scale: factor of the variance; positive.
        mode: what `n` is: "fan_in" (units on the input side), "fan_out" (output side) or "fan_avg" (their mean).
            A matrix has its inputs on the first axis and its outputs on the last; further axes before those two
            (of a convolution's kernel) multiply both.
        distribution: "truncated_normal" (cut off at two standard deviations and widened so that the variance stays
            right), "untruncated_normal" or "uniform" (over ±sqrt(3 * scale / n)).
        seed: a whole number, which gives the same values at each call; a `lamina.random.SeedGenerator`, which gives
            others at each call; or None for a number drawn now.
        input_axes, output_axes: the axes whose sizes, multiplied, are the units on either side, for weights that
            are laid out differently; both or none.

    Raises:
        ValueError: if an argument is none of these, or if an axis does not exist in the shape asked for.

    Example:
        >>> initializer = lamina.initializers.VarianceScaling(2.0, "fan_in", "uniform", seed=1)
        >>> bool(abs(initializer((600, 10))).max() < (3 * 2 / 600) ** 0.5)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        name = type(self).__name__
        self.scale = finite_number(self, "scale", scale)
        if scale <= 0:
            raise ValueError(f"{name}: scale must be positive, got {scale!r}.")
        if mode not in _MODES:
            raise ValueError(f"{name}: unknown mode {mode!r}. {nearest(mode, _MODES)}")
        self.mode = mode
        self.distribution = str(distribution).lower()
        if self.distribution == "normal":  # an old spelling
            self.distribution = "truncated_normal"
        if self.distribution not in _DISTRIBUTIONS:
            raise ValueError(f"{name}: unknown distribution {distribution!r}. {nearest(distribution, _DISTRIBUTIONS)}")
        if (input_axes is None) != (output_axes is None):
            raise ValueError(
                f"{name}: give both input_axes and output_axes or neither, got {input_axes!r} and {output_axes!r}."
            )
        self.input_axes = _checked_axes(self, "input_axes", input_axes)
        self.output_axes = _checked_axes(self, "output_axes", output_axes)

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        shape, dtype = static_shape(self, shape), float_dtype(self, dtype)
        fan_in, fan_out = self._fans(shape)
        units = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, units)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            values = draws.uniform(self.source(), shape, -limit, limit, dtype)
        elif self.distribution == "truncated_normal":
            stddev = math.sqrt(variance) / draws.TRUNCATED_DEVIATION
            values = draws.truncated_normal(self.source(), shape, 0, stddev, dtype)
        else:
            values = draws.normal(self.source(), shape, 0, math.sqrt(variance), dtype)
        return to_device(values, dtype)

    def _fans(self, shape: tuple[int, ...]) -> tuple[int, int]:
        if self.input_axes is None or self.output_axes is None:
            return fans(shape)
        for axis in (*self.input_axes, *self.output_axes):
            if not -len(shape) <= axis < len(shape):
                raise ValueError(
                    f"{type(self).__name__}: axis {axis} does not exist in shape {shape}; it was given as one of "
                    f"input_axes={self.input_axes!r}, output_axes={self.output_axes!r}."
                )
        sides = (math.prod(shape[axis] for axis in axes) for axes in (self.input_axes, self.output_axes))
        return next(sides), next(sides)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many units a weight of a shape joins on the input and on the output side.

    Args:
        shape: `(..., inputs, outputs)`; the axes in front (of a convolution's kernel) multiply both.
    """
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _checked_axes(owner: object, name: str, axes: Any) -> Any:
    whole = isinstance(axes, tuple | list) and all(isinstance(axis, int) for axis in axes)
    if axes is not None and not whole:
        raise ValueError(f"{type(owner).__name__}: {name} must be a list of whole numbers or None, got {axes!r}.")
    return axes


class GlorotUniform(VarianceScaling):
    """Draws uniformly over ±sqrt(6 / (fan_in + fan_out)): the default of most layers' kernels.

    Args:
        seed: a whole number, a `lamina.random.SeedGenerator`, or None for a number drawn now.
        input_axes, output_axes: as in `VarianceScaling`.

    Example:
        >>> bool(abs(lamina.initializers.GlorotUniform(seed=1)((4, 2))).max() < 1)
        True

    Reference: Glorot & Bengio, 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """

    def __init__(
        self,
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(VarianceScaling):
    """Draws from a truncated normal distribution of variance `2 / (fan_in + fan_out)`.

    Args:
        seed: a whole number, a `lamina.random.SeedGenerator`, or None for a number drawn now.
        input_axes, output_axes: as in `VarianceScaling`.

    Example:
        >>> lamina.initializers.GlorotNormal(seed=1)((4, 2)).shape
        (4, 2)

    Reference: Glorot & Bengio, 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """

    def __init__(
        self,
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class LecunNormal(VarianceScaling):
    """Draws from a truncated normal distribution of variance `1 / fan_in`: the partner of `selu`.

    Args:
        seed: a whole number, a `lamina.random.SeedGenerator`, or None for a number drawn now.
        input_axes, output_axes: as in `VarianceScaling`.

    Example:
        >>> lamina.initializers.LecunNormal(seed=1)((4, 2)).shape
        (4, 2)

    Reference: LeCun et al., 1998, http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf; Klambauer et al., 2017,
    https://arxiv.org/abs/1706.02515
    """

    def __init__(
        self,
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(VarianceScaling):
    """Draws uniformly over ±sqrt(3 / fan_in).

    Args:
        seed: a whole number, a `lamina.random.SeedGenerator`, or None for a number drawn now.
        input_axes, output_axes: as in `VarianceScaling`.

    Example:
        >>> lamina.initializers.LecunUniform(seed=1)((4, 2)).shape
        (4, 2)

    Reference: LeCun et al., 1998, http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf
    """

    def __init__(
        self,
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class HeNormal(VarianceScaling):
    """Draws from a truncated normal distribution of variance `2 / fan_in`: the partner of `relu`.

    Args:
        seed: a whole number, a `lamina.random.SeedGenerator`, or None for a number drawn now.
        input_axes, output_axes: as in `VarianceScaling`.

    Example:
        >>> lamina.initializers.HeNormal(seed=1)((4, 2)).shape
        (4, 2)

    Reference: He et al., 2015, https://arxiv.org/abs/1502.01852
    """

    def __init__(
        self,
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(VarianceScaling):
    """Draws uniformly over ±sqrt(6 / fan_in).

    Args:
        seed: a whole number, a `lamina.random.SeedGenerator`, or None for a number drawn now.
        input_axes, output_axes: as in `VarianceScaling`.

    Example:
        >>> lamina.initializers.HeUniform(seed=1)((4, 2)).shape
        (4, 2)

    Reference: He et al., 2015, https://arxiv.org/abs/1502.01852
    """

    def __init__(
        self,
        seed: int | SeedGenerator | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)
