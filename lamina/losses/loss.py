"""`Loss`: how far predictions are from targets, as one number or one for each sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from lamina import dtype_policies
from lamina.core.naming import automatic_name
from lamina.core.serialization import builtin_name, deserialize, serialize
from lamina.losses.alignment import align_ranks
from lamina.losses.weighting import apply_mask as apply_mask
from lamina.losses.weighting import check_reduction, reduce_weighted
from lamina.typing import Array, ArrayLike, PyTree


class Loss:
    """Base class of losses; subclass it and write `call`.

    Args:
        name: default, the class's name in snake case.
        reduction: what is done with the values of the samples. "sum_over_batch_size" (the default) or "mean": their
            mean; "sum"; "mean_with_sample_weight": their sum divided by the sum of the weights; "none", None: nothing.
        dtype: float type to compute in, or a dtype policy, whose compute dtype is meant; default `floatx()`.

    Call arguments:
        y_true: targets, (batch, ...), or a structure of them.
        y_pred: predictions, (batch, ...), or a structure of them.
        sample_weight: a scalar, a weight for each sample, (batch,), or one for each value of the loss.
        mask: True where a value counts, (batch,) or (batch, steps); means then divide by the number of values left.

    Raises:
        ValueError: if `reduction` is unknown, or if shapes don't fit.

    Example:
        >>> class Quartic(lamina.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ((y_true - y_pred) ** 4).mean(axis=-1)
        >>> float(Quartic()([[1.0], [2.0]], [[1.0], [4.0]]))
        8.0
    """

    keeps_integers = False
    """Whether integer targets reach `call` as integers, as class numbers should: half precision can't hold them all."""

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: object = None
    ) -> None:
        check_reduction(reduction)
        self.name = name or automatic_name(type(self))
        self.reduction = reduction
        self._policy = dtype_policies.get(dtype)
        self._dtype_argument = None if dtype is None else self._policy.name

    @property
    def dtype(self) -> str:
        """The float type in which the loss is computed."""
        return self._policy.compute_dtype

    def __call__(
        self, y_true: PyTree, y_pred: PyTree, sample_weight: ArrayLike | None = None, *, mask: ArrayLike | None = None
    ) -> Array:
        y_true = _map_arrays(self._target, y_true)
        y_pred = _map_arrays(lambda value: jnp.asarray(value).astype(self.dtype), y_pred)
        values = self.call(y_true, y_pred)
        mask = _both(mask, self.value_mask(y_true, y_pred))
        weight = apply_mask(sample_weight, mask, self.dtype, self.reduction)
        return reduce_weighted(jnp.asarray(values).astype(self.dtype), weight, self.reduction, f"Loss {self.name!r}")

    def call(self, y_true: PyTree, y_pred: PyTree) -> Array:
        """Return the loss of each sample, (batch,), or of each of its steps, (batch, steps)."""
        raise NotImplementedError(f"{type(self).__name__} must define `call(self, y_true, y_pred)`.")

    def value_mask(self, y_true: PyTree, y_pred: PyTree) -> Array | None:
        """Return where the values of `call` count, or None where all do; `ignore_class` is done by it."""
        return None

    def check_targets(self, y_true: PyTree, output_shape: tuple[int | None, ...]) -> None:
        """Raise ValueError if targets can't be right; for NumPy data, since a compiled program can't raise.

        Args:
            y_true: targets on the host.
            output_shape: shape of the model's output, with the batch axis.
        """

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor; `dtype` only if it was given, as Keras leaves it out."""
        config = {"name": self.name, "reduction": self.reduction}
        return config if self._dtype_argument is None else {**config, "dtype": self._dtype_argument}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return a loss made from `get_config`."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    def _target(self, value: Any) -> Array:
        array = jnp.asarray(value)
        if self.keeps_integers and jnp.issubdtype(array.dtype, jnp.integer):
            return array
        return array.astype(self.dtype)


class LossFunctionWrapper(Loss):
    """A loss made of a function `(y_true, y_pred, **kwargs) -> values`.

    Where targets and predictions differ by a last axis of size 1, they are brought to one shape before the call.

    Args:
        fn: the function; gives a value for each sample, or for each of its steps.
        reduction, name, dtype: as for `Loss`.
        kwargs: further arguments of `fn`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: object = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: PyTree, y_pred: PyTree) -> Array:
        if isinstance(y_true, jax.Array) and isinstance(y_pred, jax.Array):
            y_true, y_pred = align_ranks(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "fn": describe_function(self.fn), **serialize(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        config = dict(config)
        if isinstance(config.get("fn"), Mapping):
            config["fn"] = deserialize(config["fn"])
        return cls(**config)

    def __repr__(self) -> str:
        name = getattr(self.fn, "__name__", repr(self.fn))
        return f"<{type(self).__name__} name={self.name}, fn={name}, kwargs={self._fn_kwargs}>"


class FunctionLoss(LossFunctionWrapper):
    """Base of the losses that come with lamina: one of its functions with the arguments of a class.

    Args:
        fn, reduction, name, dtype: as for `LossFunctionWrapper`.
        arguments: arguments of `fn`, each kept in the attribute of its name.
    """

    unwritten: Mapping[str, Any] = {}
    """Arguments that Keras forgets in `get_config`, with their defaults; written where they differ from those."""

    def __init__(
        self, fn: Callable[..., Any], reduction: str | None, name: str | None, dtype: object, **arguments: Any
    ) -> None:
        super().__init__(fn, reduction=reduction, name=name, dtype=dtype, **arguments)
        for argument, value in arguments.items():
            setattr(self, argument, value)

    def get_config(self) -> dict[str, Any]:
        arguments = self._fn_kwargs.items()
        changed = {name: value for name, value in arguments if self.unwritten.get(name, _WRITTEN) != value}
        return {**Loss.get_config(self), **changed}


_WRITTEN = object()


def describe_function(function: Callable[..., Any]) -> Any:
    """Return the configuration of a function in the form that Keras writes."""
    known = builtin_name(function)
    if known is None:
        return serialize(function)
    return {"module": "builtins", "class_name": "function", "config": known[1], "registered_name": "function"}


def _map_arrays(function: Callable[[Any], Array], value: PyTree) -> PyTree:
    """Apply `function` to each array; a list of numbers (of any depth) is one array, a list of arrays is several."""
    if isinstance(value, dict):
        return {key: _map_arrays(function, item) for key, item in value.items()}
    if isinstance(value, list | tuple) and any(
        isinstance(leaf, np.ndarray | jax.Array) for leaf in jax.tree.leaves(value)
    ):
        return type(value)(_map_arrays(function, item) for item in value)
    return function(value)


def _both(first: ArrayLike | None, second: Array | None) -> ArrayLike | None:
    if first is None or second is None:
        return second if first is None else first
    first, second = align_ranks(jnp.asarray(first).astype(bool), second)
    return first & second
