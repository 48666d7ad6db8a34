"""What all initializers are: functions of a shape and a dtype that can be described."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina import config as settings
from lamina.core.binding import within
from lamina.core.serialization import constructor_config, deserialize, serialize
from lamina.random.global_seed import fresh_seed
from lamina.random.seed_generator import SeedGenerator
from lamina.typing import Array


class Initializer:
    """The base of all initializers: an object that is called with a shape and a dtype and returns an array.

    Subclasses write `__call__(self, shape, dtype=None, **kwargs)`. A subclass that keeps each argument of its
    constructor in an attribute of the same name needs no `get_config`.

    Example:
        >>> class Sevens(lamina.initializers.Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 7, dtype)
        >>> lamina.layers.Dense(2, bias_initializer=Sevens()).get_config()["bias_initializer"]["class_name"]
        'Sevens'
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of a shape.

        Args:
            shape: sizes by axis.
            dtype: default `lamina.config.floatx()`.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must have a method `__call__(self, shape, dtype=None)` that returns an array."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return constructor_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Return an initializer made from `get_config`."""
        return cls(**config)

    def clone(self) -> Initializer:
        """Return a new initializer from the same arguments; without a seed it draws other values."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """What initializers that draw share: where the numbers come from.

    Values are drawn by NumPy on the host, so nothing is compiled when a model is built.

    Args:
        seed: a whole number, which gives the same values at each call; a `lamina.random.SeedGenerator` (or its
            configuration), which gives others at each call; or None for a number drawn now.
    """

    def __init__(self, seed: int | SeedGenerator | None = None) -> None:
        if isinstance(seed, Mapping):
            seed = deserialize(seed)
        if seed is not None and not isinstance(seed, SeedGenerator) and not _is_whole(seed):
            raise ValueError(
                f"{type(self).__name__}: seed must be a whole number, a lamina.random.SeedGenerator or None, "
                f"got {seed!r}."
            )
        self._given_seed = seed
        self.seed = fresh_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": serialize(self._given_seed)}

    def source(self) -> np.random.Generator:
        """Return a NumPy generator at its start: of the seed, or of the seed generator's next key."""
        if not isinstance(self.seed, SeedGenerator):
            return np.random.Generator(np.random.Philox(int(self.seed) % 2**64))
        with within(values=None, step=None):  # weights may be drawn in the middle of a call; its state is not ours
            key = self.seed.next()
        return np.random.Generator(np.random.Philox([int(word) for word in key_words(key)]))


def key_words(key: Array) -> np.ndarray:
    """Return the whole numbers that a JAX random key consists of."""
    return np.asarray(jax.random.key_data(key)).ravel()


def static_shape(owner: object, shape: Any) -> tuple[int, ...]:
    """Return `shape` as a tuple; a number stands for a vector of that size.

    Raises:
        ValueError: if a size is unknown, negative or no whole number.
    """
    sizes = (shape,) if _is_whole(shape) else shape
    if not isinstance(sizes, tuple | list) or not all(_is_whole(size) and size >= 0 for size in sizes):
        raise ValueError(f"{type(owner).__name__}: every size of shape must be a whole number ≥ 0, got {shape!r}.")
    return tuple(int(size) for size in sizes)


def float_dtype(owner: object, dtype: Any) -> str:
    """Return the name of a float dtype, of `lamina.config.floatx()` for None.

    Raises:
        ValueError: if `dtype` is another kind.
    """
    name = settings.standardize_dtype(dtype)
    if name == "string" or not jnp.issubdtype(jnp.dtype(name), jnp.floating):
        raise ValueError(f"{type(owner).__name__} gives floats: dtype must be such as 'float32', got {name!r}.")
    return name


def finite_number(owner: object, name: str, value: Any) -> Any:
    """Return `value` if it is a finite real number.

    Raises:
        ValueError: if it isn't.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{type(owner).__name__}: {name} must be a finite number, got {value!r}.")
    return value.item() if isinstance(value, np.generic) else value


def to_device(values: np.ndarray, dtype: str) -> Array:
    """Return a NumPy array as a JAX array of a dtype."""
    return jnp.asarray(values.astype(jnp.dtype(dtype), copy=False), dtype)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
