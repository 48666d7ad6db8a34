"""`OptimizerMap`: which optimizer changes which variable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lamina.core import serialization
from lamina.core.variable import Variable
from lamina.optimizers.optimizer import Optimizer


class OptimizerMap:
    """Optimizers by the path of the variable, or by a pattern (regular expression) that the whole path matches.

    Args:
        default_optimizer: for the variables that nothing matches.
        optimizer_map: paths or patterns to optimizers.

    Example:
        >>> optimizers = lamina.optimizers.OptimizerMap(lamina.optimizers.SGD())
        >>> optimizers["encoder/.*"] = lamina.optimizers.Adam()
        >>> optimizers["encoder/dense/kernel"].name, optimizers["decoder/dense/kernel"].name
        ('adam', 'sgd')
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: Mapping[str, Optimizer] | None = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"OptimizerMap: default_optimizer must be an Optimizer, got {default_optimizer!r}.")
        self._default_optimizer = default_optimizer
        self.optimizer_map: dict[str, Optimizer] = {}
        for path, optimizer in (optimizer_map or {}).items():
            self[path] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of variables that nothing matches."""
        return self._default_optimizer

    def __call__(self, variable: Variable) -> Optimizer:
        """Return the optimizer of a variable."""
        return self[variable.path]

    def __getitem__(self, key: str) -> Optimizer:
        """Return the optimizer of a path: under exactly that key, else of the pattern that matches, else the default.

        Raises:
            ValueError: if several patterns match.
        """
        if key in self.optimizer_map:
            return self.optimizer_map[key]
        matching = [pattern for pattern in self.optimizer_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"OptimizerMap: several patterns match {key!r}: {matching}. Make them exclude each other.")
        return self.optimizer_map[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        """Give a path, or all that match a pattern, an optimizer."""
        if not isinstance(key, str):
            raise ValueError(f"OptimizerMap: a key must be a string, got {key!r}.")
        if key in self.optimizer_map:
            raise ValueError(f"OptimizerMap: {key!r} has an optimizer already, {self.optimizer_map[key]!r}.")
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"OptimizerMap: {key!r} must be given an Optimizer, got {optimizer!r}.")
        self.optimizer_map[key] = optimizer

    def __len__(self) -> int:
        return len(self.optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self.optimizer_map)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "default_optimizer": serialization.serialize(self.default_optimizer),
            "optimizer_map": serialization.serialize(self.optimizer_map),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> OptimizerMap:
        """Return a map made from `get_config`."""
        return cls(**serialization.deserialize(config, custom_objects))
