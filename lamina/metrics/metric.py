"""`Metric`: a number about predictions, accumulated batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from lamina import dtype_policies, initializers
from lamina.core import binding
from lamina.core.functional import pure
from lamina.core.naming import automatic_name
from lamina.core.tracking import MetricBase, held
from lamina.core.variable import Variable
from lamina.errors import warn
from lamina.typing import Array, Shape

_HALF = ("float16", "bfloat16")


class Metric(MetricBase):
    """Base class of metrics; subclass it and write `update_state` and `result`.

    The state lies in variables made by `add_variable` (or `add_weight`). Inside `fit` both methods are compiled, so
    they use `jax.numpy` (or `lamina.ops`) and no Python `if` on values.

    Args:
        dtype: float type to compute in, or a dtype policy, whose compute dtype is meant; default `floatx()`.
        name: default, the class's name in snake case; the key in the `History`.

    Attributes:
        direction: "max" where larger is better, "min" where smaller is better, None where it can't be said. Callbacks
            such as `EarlyStopping(mode="auto")` ask for it.

    Example:
        >>> import numpy as np
        >>> class Bias(lamina.metrics.Metric):
        ...     def __init__(self, name="bias", **kwargs):
        ...         super().__init__(name=name, **kwargs)
        ...         self.total = self.add_variable((), "zeros", name="total")
        ...         self.count = self.add_variable((), "zeros", name="count")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.total.assign_add((y_pred - y_true).sum())
        ...         self.count.assign_add(y_pred.size)
        ...     def result(self):
        ...         return self.total / self.count
        >>> float(Bias()(np.array([1.0, 2.0]), np.array([2.0, 5.0])))
        2.0
    """

    direction: Literal["max", "min"] | None = None

    def __init__(self, dtype: object = None, name: str | None = None) -> None:
        self.name = name or automatic_name(type(self))
        self._dtype = dtype_policies.get(dtype).compute_dtype
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The type in which the metric is computed."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The state: the metric's own variables in order of creation, then those of metrics it holds."""
        own = [*self._variables, *held(self, Variable)]
        nested = [variable for metric in held(self, Metric) for variable in metric.variables]
        return list({id(variable): variable for variable in (*own, *nested)}.values())

    def add_variable(
        self,
        shape: Shape,
        initializer: str | Callable[..., Any] | None,
        dtype: object = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """Return a new variable that is part of the state.

        Args:
            shape: its shape.
            initializer: its first value: a name, an initializer or a function `(shape, dtype) -> array`; None: zeros.
            dtype: default, the metric's, but never half precision, which can't count beyond 2048.
            aggregation: how the values of several replicas combine.
            name: default "variable".
        """
        if "_variables" not in vars(self):
            raise RuntimeError(
                f"{type(self).__name__} must call super().__init__() in its __init__ before it adds variables."
            )
        if dtype is None:
            dtype = "float32" if self._dtype in _HALF else self._dtype
        variable = Variable(
            initializers.get("zeros" if initializer is None else initializer),
            shape=(shape,) if isinstance(shape, int) else tuple(shape),
            dtype=dtype,
            trainable=False,
            aggregation=aggregation,
            name=name,
        )
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Shape = (),
        initializer: str | Callable[..., Any] | None = None,
        dtype: object = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new variable that is part of the state; as `add_variable`."""
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch, usually `(y_true, y_pred, sample_weight=None)`."""
        raise NotImplementedError(f"{type(self).__name__} must define `update_state(self, y_true, y_pred, ...)`.")

    def result(self) -> Array | dict[str, Array]:
        """Return the number so far, or a dictionary of numbers."""
        raise NotImplementedError(f"{type(self).__name__} must define `result(self)`.")

    @property
    def logits_remedy(self) -> str | None:
        """What to do where predictions are logits, for a metric that expects probabilities; else None."""
        return None

    def check_predictions(self, y_pred: Any) -> None:
        """Warn if predictions that should be probabilities lie far outside [0, 1], as logits do.

        Args:
            y_pred: predictions on the host; those of a traced call are not looked at.
        """
        if self.logits_remedy is None or isinstance(y_pred, Tracer):
            return
        values = np.asarray(y_pred)
        if not values.size or not np.issubdtype(values.dtype, np.number):
            return
        low, high = float(values.min()), float(values.max())
        if low < -0.5 or high > 1.5:
            warn(
                f"{self.name} expects probabilities, but predictions range from {low:.3g} to {high:.3g}, as logits "
                f"do. {self.logits_remedy}",
            )

    def reset_state(self) -> None:
        """Set every variable to zero, as at the start of an epoch."""
        for variable in self.variables:
            variable.assign(jnp.zeros(variable.shape, variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Array | dict[str, Array]:
        """Take in a batch and return the number so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Array]:
        """Return the values that `update_state` would give the variables, which keep theirs.

        Args:
            metric_variables: a value for each of `variables`, in that order.
            args, kwargs: as for `update_state`.
        """
        names, values = self._bind(metric_variables)
        _, effects = pure(self.update_state, names)(values, *args, **kwargs)
        return [effects.values[name] for name in names]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Array | dict[str, Array]:
        """Return what `result` would give if the variables had these values."""
        names, values = self._bind(metric_variables)
        return pure(self.result, names)(values)[0]

    def stateless_reset_state(self) -> list[Array]:
        """Return the values that `reset_state` would give the variables."""
        names, values = self._bind([variable.value for variable in self.variables])
        _, effects = pure(self.reset_state, names)(values)
        return [effects.values[name] for name in names]

    def get_config(self) -> dict[str, Any]:
        """Return name and dtype; a subclass with further arguments adds them."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return a metric made from `get_config`."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    def _bind(self, values: Sequence[Any]) -> tuple[dict[str, Variable], dict[str, Array]]:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"Metric {self.name!r} has {len(variables)} variables "
                f"({', '.join(variable.name for variable in variables)}), but {len(values)} values were given."
            )
        names = {str(number): variable for number, variable in enumerate(variables)}
        return names, {name: jnp.asarray(value) for name, value in zip(names, values)}


def declare_variables(metric: Metric, *args: Any, **kwargs: Any) -> None:
    """Let a metric make the variables that it makes at its first update, without updating or computing anything.

    Some metrics learn the number of classes from the first batch. A compiled program needs to know all state before.

    Args:
        metric: the metric; one that already has all its variables stays as it is.
        args, kwargs: what `update_state` will be called with: arrays, or `jax.ShapeDtypeStruct`s.
    """

    def update(*args: Any, **kwargs: Any) -> None:
        with binding.within(values={}, abstract=-1):
            metric.update_state(*args, **kwargs)

    jax.eval_shape(update, *args, **kwargs)
