"""`Normalization`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import config
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array, Shape


class Normalization(Layer):
    """Scales features to mean 0 and variance 1, by statistics of data that it was adapted to: `(x - mean) / deviation`.

    Args:
        axis: the axis or axes that keep their own statistics, by default the last (each column of a table); None for
            one mean and one variance of all numbers.
        mean, variance: the statistics, where they are known already; both or none.
        invert: whether to undo the scaling instead: `x * deviation + mean`.

    Input shape: any. Output shape: the same.

    Raises:
        ValueError: if only one of `mean` and `variance` is given, their shapes differ, or an axis does not exist.

    Example:
        >>> layer = lamina.layers.Normalization()
        >>> layer.adapt([[1.0, 10.0], [3.0, 30.0]])
        >>> layer(lamina.ops.array([[3.0, 10.0]])).tolist()
        [[1.0, -1.0]]
    """

    arguments_not_in_config = frozenset({"mean", "variance"})  # the attributes hold what data taught, too

    def __init__(
        self,
        axis: int | tuple[int, ...] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = () if axis is None else tuple(axis) if isinstance(axis, list | tuple) else (axis,)
        if any(isinstance(one, bool) or not isinstance(one, int) for one in axes):
            raise ValueError(f"Layer {self.name!r}: axis must hold whole numbers or be None, got {axis!r}.")
        self.axis = axes
        self.invert = invert
        self.supports_masking = True
        self.autocast = False  # the statistics of raw data ask for all the digits there are
        if (mean is None) != (variance is None):
            raise ValueError(f"Layer {self.name!r}: pass both mean and variance, or none of them.")
        self.input_mean = None if mean is None else np.asarray(mean, self.variable_dtype)
        self.input_variance = None if variance is None else np.asarray(variance, self.variable_dtype)
        shapes = [given.shape for given in (self.input_mean, self.input_variance) if given is not None]
        if len(set(shapes)) > 1:
            raise ValueError(
                f"Layer {self.name!r}: mean and variance must have one shape, got {shapes[0]} and {shapes[1]}."
            )

    def build(self, input_shape: Shape) -> None:
        ndim = len(input_shape)
        if any(not -ndim <= axis < ndim for axis in self.axis):
            raise ValueError(
                f"Layer {self.name!r}: axis {self.axis} does not exist in an input of shape {tuple(input_shape)}; "
                f"axes go from {-ndim} to {ndim - 1}."
            )
        self.kept_axes = tuple(sorted(axis % ndim for axis in self.axis))
        if ndim == 1 and self.kept_axes:
            raise ValueError(
                f"Layer {self.name!r}: data of shape {tuple(input_shape)} has only the batch axis, along which "
                "statistics can't be kept apart. Pass axis=None, or data[:, None] for a single feature."
            )
        sizes = tuple(input_shape[axis] for axis in self.kept_axes)
        if None in sizes:
            raise ValueError(
                f"Layer {self.name!r}: the sizes along axis {self.axis} must be known, received {tuple(input_shape)}."
            )
        self.broadcast_shape = tuple(input_shape[axis] if axis in self.kept_axes else 1 for axis in range(ndim))
        counted = {axis: input_shape[axis] for axis in self.axis}
        from_the_end = all(axis < 0 for axis in self.axis)
        rank: dict[str, Any] = {"min_ndim" if from_the_end else "ndim": ndim}
        self.input_spec = InputSpec(axes=counted, **rank) if counted else None
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        elif self.input_mean.size not in (1, math.prod(size for size in sizes if size is not None)):
            raise ValueError(
                f"Layer {self.name!r}: the mean of shape {self.input_mean.shape} does not fit an input of shape "
                f"{tuple(input_shape)}, whose axis {self.axis} has size {sizes}."
            )

    @property
    def mean(self) -> Array | None:
        """The mean, with an axis of size 1 for each that it is shared along; None before the layer is built."""
        return self._broadcast(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Array | None:
        """The variance, shaped as `mean`."""
        return self._broadcast(self.input_variance, "adapt_variance")

    def adapt(self, data: Any) -> None:
        """Learn mean and variance from data; what was learned before is forgotten.

        Args:
            data: an array, a table, or an iterable of batches, each an array or a tuple whose first part counts.

        Raises:
            ValueError: if the layer was given its statistics, there is no data, or a number in it is not finite.
        """
        if self.input_mean is not None:
            raise ValueError(f"Layer {self.name!r} was given mean and variance, so it has nothing to adapt.")
        count, mean, squares = 0, np.zeros(()), np.zeros(())
        for batch in self._batches(data):
            if batch.size == 0:
                continue
            if not self.built:
                self.build((None, *batch.shape[1:]) if 0 not in self._positive_axes(batch.ndim) else batch.shape)
            reduced = tuple(axis for axis in range(batch.ndim) if axis not in self.kept_axes)
            values = batch.astype("float64")
            size = int(np.prod([batch.shape[axis] for axis in reduced], dtype=int))
            # Chan et al., 1979: mean and squared deviations of two sets combined, without cancellation.
            batch_mean = values.mean(reduced)
            batch_squares = np.square(values - np.expand_dims(batch_mean, reduced)).sum(reduced)
            distance, total = batch_mean - mean, count + size
            squares = squares + batch_squares + np.square(distance) * (count * size / total)
            mean, count = mean + distance * (size / total), total
        if count == 0:
            raise ValueError(f"Layer {self.name!r}: adapt received no data.")
        if not np.all(np.isfinite(mean)):
            columns = np.argwhere(~np.isfinite(np.atleast_1d(mean))).ravel()[:5].tolist()
            raise ValueError(
                f"Layer {self.name!r}: the data to adapt to holds NaN or infinite numbers in feature(s) {columns}. "
                "Remove or fill them first, for example with np.nan_to_num."
            )
        self.adapt_mean.assign(mean.astype(self.variable_dtype))
        self.adapt_variance.assign((squares / count).astype(self.variable_dtype))

    def finalize_state(self) -> None:
        """Nothing is left to do: `mean` and `variance` are read from the weights. Kept for Keras's signature."""

    def call(self, inputs: Array) -> Array:
        if not jnp.issubdtype(inputs.dtype, jnp.floating):
            inputs = inputs.astype(self.variable_dtype)
        mean = self._broadcast(self.input_mean, "adapt_mean")
        variance = self._broadcast(self.input_variance, "adapt_variance")
        if not self.axis:
            mean, variance = mean.reshape(()), variance.reshape(())
        deviation = jnp.maximum(jnp.sqrt(variance), config.epsilon())
        outputs = mean + inputs * deviation if self.invert else (inputs - mean) / deviation
        return outputs.astype(self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        given = {"mean": self.input_mean, "variance": self.input_variance}
        return {
            **super().get_config(),
            **{key: None if value is None else value.tolist() for key, value in given.items()},
        }

    def _positive_axes(self, ndim: int) -> set[int]:
        return {axis % ndim for axis in self.axis}

    def _broadcast(self, given: np.ndarray | None, variable: str) -> Any:
        if given is None:
            if not self.built:
                return None
            value = getattr(self, variable).value
        else:
            value = jnp.asarray(given)
        if not self.built:
            return value
        return value.reshape(self.broadcast_shape if value.size > 1 else (1,) * len(self.broadcast_shape))

    def _batches(self, data: Any) -> Iterator[np.ndarray]:
        if hasattr(data, "__array__") or isinstance(data, list | tuple):
            yield self._numbers(data)
            return
        if not isinstance(data, Iterable) and not hasattr(data, "__getitem__"):
            raise TypeError(
                f"Layer {self.name!r}: adapt takes an array or an iterable of batches, got {type(data).__name__}."
            )
        indexed: Any = data
        batches = (indexed[index] for index in range(len(indexed))) if _is_indexed(data) else iter(indexed)
        for batch in batches:
            yield self._numbers(batch[0] if isinstance(batch, tuple) else batch)

    def _numbers(self, data: Any) -> np.ndarray:
        array = np.asarray(data)
        if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
            raise ValueError(
                f"Layer {self.name!r}: adapt needs numbers, got an array of dtype {array.dtype}. Convert it first, for "
                "example with np.asarray(values, dtype='float32')."
            )
        return array


def _is_indexed(data: Any) -> bool:
    """Tell a data set of numbered batches (`PyDataset`), which may not end when iterated over, from an iterable."""
    return hasattr(data, "__getitem__") and hasattr(data, "__len__")
