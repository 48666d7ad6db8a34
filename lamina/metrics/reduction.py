"""Means and sums over all samples: `Mean`, `Sum`, and `MeanMetricWrapper` for a function of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import jax
import jax.numpy as jnp

from lamina.core.serialization import builtin_name, deserialize, serialize
from lamina.losses.loss import describe_function
from lamina.losses.weighting import apply_mask, match_axes
from lamina.metrics.metric import Metric
from lamina.typing import Array, ArrayLike, PyTree


class Sum(Metric):
    """The sum of all values, each times its weight.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> total = Sum()
        >>> total.update_state([1, 3, 5, 7])
        >>> float(total.result())
        16.0
    """

    def __init__(self, name: str | None = "sum", dtype: object = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in values.

        Args:
            values: numbers, (batch, ...).
            sample_weight: a scalar, a weight for each sample, (batch,), or one for each value.
        """
        values, _ = samplewise(values, sample_weight, self.dtype, jnp.sum, self.name)
        self.total.assign(self.total.value + values.sum())

    def result(self) -> Array:
        return self.total.value

    def reset_state(self) -> None:
        self.total.assign(0.0)


class Mean(Metric):
    """The mean of all values, each counted with its weight. Without any values, 0.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> mean = Mean()
        >>> mean.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
        >>> float(mean.result())
        2.0
    """

    def __init__(self, name: str | None = "mean", dtype: object = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in values.

        Args:
            values: numbers, (batch, ...); of a sample with several the mean is taken.
            sample_weight: a scalar, a weight for each sample, (batch,), or one for each value.
        """
        values, weights = samplewise(values, sample_weight, self.dtype, jnp.mean, self.name)
        if weights is not None:
            count = weights.sum()
        else:
            count = values.shape[0] if values.ndim else 1
        self.total.assign(self.total.value + values.sum())
        self.count.assign(self.count.value + count)

    def result(self) -> Array:
        return divide_or_zero(self.total.value, self.count.value)

    def reset_state(self) -> None:
        self.total.assign(0.0)
        self.count.assign(0.0)


class MeanMetricWrapper(Mean):
    """The mean of what a function `(y_true, y_pred, **kwargs) -> values` gives.

    Args:
        fn: the function; gives a value for each sample, or for each of its steps.
        name, dtype: as for `Metric`.
        kwargs: further arguments of `fn`.

    Example:
        >>> metric = MeanMetricWrapper(lamina.losses.mean_squared_error, name="error")
        >>> float(metric([[0.0], [1.0]], [[1.0], [3.0]]))
        2.5
    """

    keeps_integers = False
    """Whether integer targets reach `fn` as integers, as class numbers should: half precision can't hold them all."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: object = None, **kwargs: Any) -> None:
        super().__init__(name=name or _wrapper_name(type(self)), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        known = builtin_name(fn)
        if type(self).direction is None and known is not None and known[0] == "keras.losses":
            self.direction = "min"

    def update_state(self, y_true: PyTree, y_pred: PyTree, sample_weight: ArrayLike | None = None) -> None:
        """Take in a batch.

        Args:
            y_true: targets, (batch, ...).
            y_pred: predictions, (batch, ...).
            sample_weight: a scalar, a weight for each sample, (batch,), or one for each value.
        """
        self.check_predictions(y_pred)
        y_true, y_pred = jax.tree.map(self._target, _listed(y_true)), jax.tree.map(self._prediction, _listed(y_pred))
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        # Without weights Keras counts masked values as zeros, and its numbers are kept.
        mask = None if sample_weight is None else self.value_mask(y_true, y_pred)
        weight = apply_mask(sample_weight, mask, self.dtype, "sum")
        super().update_state(values, sample_weight=weight)

    def value_mask(self, y_true: PyTree, y_pred: PyTree) -> Array | None:
        """Return where the values of `fn` count if there are weights, or None where all do."""
        return None

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "fn": describe_function(self._fn), **serialize(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        config = dict(config)
        if isinstance(config.get("fn"), Mapping):
            config["fn"] = deserialize(config["fn"])
        return cls(**config)

    def _target(self, value: Any) -> Array:
        array = jnp.asarray(value)
        if self.keeps_integers and jnp.issubdtype(array.dtype, jnp.integer):
            return array
        return array.astype(self.dtype)

    def _prediction(self, value: Any) -> Array:
        return jnp.asarray(value).astype(self.dtype)


class FunctionMetric(MeanMetricWrapper):
    """Base of the means that come with lamina: one of its functions with the arguments of a class.

    Args:
        fn, name, dtype: as for `MeanMetricWrapper`.
        arguments: arguments of `fn`, each kept in the attribute of its name.
    """

    unwritten: Mapping[str, Any] = {}
    """Arguments that Keras forgets in `get_config`, with their defaults; written where they differ from those."""

    def __init__(self, fn: Callable[..., Any], name: str | None, dtype: object, **arguments: Any) -> None:
        super().__init__(fn, name=name, dtype=dtype, **arguments)
        for argument, value in arguments.items():
            setattr(self, argument, value)

    def get_config(self) -> dict[str, Any]:
        arguments = self._fn_kwargs.items()
        changed = {name: value for name, value in arguments if self.unwritten.get(name, _WRITTEN) != value}
        return {"name": self.name, "dtype": self.dtype, **changed}


_WRITTEN = object()


def samplewise(
    values: ArrayLike, sample_weight: ArrayLike | None, dtype: Any, reduce: Callable[..., Array], name: str
) -> tuple[Array, Array | None]:
    """Return one weighted value and one weight a sample.

    Args:
        values: (batch, ...).
        sample_weight: a scalar, (batch,), or of the shape of the values; None: all count alike.
        dtype: what both are converted to.
        reduce: `jnp.mean` or `jnp.sum`: how the values (and the weights) of one sample become one.
        name: the metric, for the error.

    Returns:
        Values, (batch,) or scalar, in at least float32, and weights, or None.

    Raises:
        ValueError: if the weights don't fit the values.
    """
    wide = jnp.promote_types(dtype, jnp.float32) if jnp.issubdtype(jnp.dtype(dtype), jnp.floating) else dtype
    values = jnp.asarray(values).astype(dtype).astype(wide)
    if sample_weight is None:
        return reduce(values, axis=tuple(range(1, values.ndim))), None
    weights = jnp.asarray(sample_weight).astype(dtype).astype(wide)
    axes = weights.ndim
    values_shape, weights_shape = values.shape, weights.shape
    values, weights = match_axes(values, weights)
    axes = min(axes, values.ndim)
    # What a weight stands for is one value: those that share a weight are reduced first.
    values = reduce(values, axis=tuple(range(axes, values.ndim)))
    weights = weights.reshape(weights.shape[:axes])
    if weights.ndim > values.ndim or any(
        weight not in (1, value) for weight, value in zip(weights.shape, values.shape)
    ):
        raise ValueError(
            f"Metric {name!r} was given sample weights of shape {weights_shape} for values of shape {values_shape}. "
            f"Pass one weight a sample, {values_shape[:1]}, or one for each value, {values_shape}."
        )
    weights = jnp.broadcast_to(weights, values.shape)
    inner = tuple(range(1, values.ndim))
    return reduce(values * weights, axis=inner), reduce(weights, axis=inner)


def divide_or_zero(numerator: Array, denominator: Array) -> Array:
    """Return the quotient, 0 where the denominator is 0."""
    return jnp.where(denominator == 0, 0.0, numerator / jnp.where(denominator == 0, 1.0, denominator))


def _listed(value: PyTree) -> PyTree:
    """Return lists of numbers as one array, structures of arrays as they are."""
    if isinstance(value, list | tuple) and not any(hasattr(leaf, "shape") for leaf in jax.tree.leaves(value)):
        return jnp.asarray(value)
    return value


def _wrapper_name(cls: type) -> str | None:
    return "mean_metric_wrapper" if cls is MeanMetricWrapper else None
