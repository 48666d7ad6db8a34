"""What a `train_step` of the user's gets: values in Keras's order, that can be had by path as well, and the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import jax

from lamina.errors import nearest
from lamina.typing import Array, PyTree


class Values(list):
    """Values of variables: a list in the order of the variables, as Keras has it, that also knows their paths.

    It is a pytree, so `jax.grad` with respect to it gives one, and `jax.tree.map` and optax work on it.

    Args:
        values: arrays.
        paths: the path of the variable of each.

    Example:
        >>> from lamina.training.values import Values
        >>> values = Values([1.0, 2.0], ["dense/kernel", "dense/bias"])
        >>> values[1], values["dense/bias"], values.of("dense")
        (2.0, 2.0, {'kernel': 1.0, 'bias': 2.0})
    """

    def __init__(self, values: Iterable[Array], paths: Iterable[str]) -> None:
        super().__init__(values)
        self.paths = tuple(paths)

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        if key not in self.paths:
            raise KeyError(f"There is no value at {key!r}. {nearest(key, self.paths)}")
        return super().__getitem__(self.paths.index(key))

    def by_path(self) -> dict[str, Array]:
        """Return the values as a dictionary."""
        return dict(zip(self.paths, self, strict=True))

    def of(self, prefix: str) -> dict[str, Array]:
        """Return those whose paths start with a layer's, without that prefix."""
        start = f"{prefix.rstrip('/')}/"
        return {path.removeprefix(start): value for path, value in self.by_path().items() if path.startswith(start)}

    def replace(self, changes: Mapping[str, Array]) -> Values:
        """Return the values with some of them replaced, by path."""
        for path in changes:
            self[path]  # says what is there if this is not
        return Values([changes.get(path, value) for path, value in self.by_path().items()], self.paths)


jax.tree_util.register_pytree_with_keys(
    Values,
    lambda values: ([(jax.tree_util.DictKey(path), value) for path, value in values.by_path().items()], values.paths),
    lambda paths, values: Values(values, paths),
    lambda values: (list(values), values.paths),
)


class StepState(NamedTuple):
    """The state of a `train_step`: unpacks into Keras's four lists.

    Attributes:
        params: values of `model.trainable_variables`.
        buffers: values of `model.non_trainable_variables`.
        optimizer: values of the optimizer's variables; where the model holds several, one after the other.
        metrics: values of `model.metrics_variables`.
    """

    params: Values
    buffers: Values
    optimizer: Values
    metrics: Values


class TestState(NamedTuple):
    """The state of a `test_step`: as `StepState`, without the optimizer."""

    params: Values
    buffers: Values
    metrics: Values


class Data(tuple):
    """A batch as Keras hands it over: `(x,)`, `(x, y)` or `(x, y, sample_weight)`, with those names as attributes."""

    @classmethod
    def of(cls, x: PyTree, y: PyTree = None, sample_weight: PyTree = None) -> Data:
        """Return the batch without what is None at the end."""
        return cls((x, y, sample_weight) if sample_weight is not None else (x, y) if y is not None else (x,))

    @property
    def x(self) -> PyTree:
        """The inputs."""
        return self[0]

    @property
    def y(self) -> PyTree:
        """The targets, or None."""
        return self[1] if len(self) > 1 else None

    @property
    def sample_weight(self) -> PyTree:
        """The weights of the rows, or None."""
        return self[2] if len(self) > 2 else None
