"""Random keys for layers."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import binding
from lamina.core.serialization import register_builtin
from lamina.core.variable import Variable
from lamina.random.global_seed import fresh_seed
from lamina.typing import Array


class SeedGenerator:
    """A source of random keys, kept by each layer that draws.

    In training a key is a function of (seed, training step, how often the generator was asked in this step), so what is
    drawn does not depend on how many steps a program runs at once, on what callbacks do, or on a crash and a resume.
    Outside of training a counter advances with every draw.

    Args:
        seed: a whole number; default the next one of the process (`lamina.utils.set_random_seed`).
        name: default "seed_generator".

    Example:
        >>> generator = lamina.random.SeedGenerator(seed=1)
        >>> lamina.random.normal((2,), seed=generator).shape
        (2,)
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise ValueError(f"SeedGenerator does not know the arguments {sorted(kwargs)}.")
        if seed is None:
            seed = fresh_seed()
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise ValueError(f"seed must be a whole number, got {seed!r}.")
        self.name = name or "seed_generator"
        self._seed = int(seed)
        self.state = Variable(
            np.array([self._seed % 2**32, 0], "uint32"),
            trainable=False,
            autocast=False,
            name=f"{self.name}_state",
        )

    @property
    def seed(self) -> int:
        """The number that the generator was made from."""
        return self._seed

    def next(self, ordered: bool = True) -> Array:
        """Return a key that differs from all that this generator gave before.

        Args:
            ordered: has no effect: keys come in the order of the calls in any case.
        """
        scope = binding.current()
        state = self.state.value
        key = jax.random.key(state[0])
        if scope.step is None:
            self.state.assign(state + jnp.array([0, 1], "uint32"))
            return jax.random.fold_in(key, state[1])
        draw = scope.draws.setdefault(id(self), 0) if scope.draws is not None else 0
        if scope.draws is not None:
            scope.draws[id(self)] += 1
        return jax.random.fold_in(jax.random.fold_in(key, scope.step), draw)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"seed": self._seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Return a generator made from `get_config`."""
        return cls(**config)


register_builtin("keras.random", {"SeedGenerator": SeedGenerator})


def draw_key(seed: int | SeedGenerator | None) -> Array:
    """Return a random key from a generator, from a number (always the same key) or from the process's source."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    return jax.random.key(fresh_seed() if seed is None else int(seed))
