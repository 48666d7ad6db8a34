"""The process's own source of seeds."""

import random
import secrets

import numpy as np

_source = random.Random(secrets.randbits(64))


def set_random_seed(seed: int) -> None:
    """Make everything random that follows reproducible: lamina, NumPy's and Python's global generators.

    Args:
        seed: a whole number in [0, 2**32).

    Example:
        >>> lamina.utils.set_random_seed(1)
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= int(seed) < 2**32:
        raise ValueError(f"seed must be a whole number in [0, 2**32), got {seed!r}.")
    set_seed(seed)
    random.seed(int(seed))
    np.random.seed(int(seed))


def set_seed(seed: int) -> None:
    """Make lamina's own draws that follow reproducible, and leave the other generators alone."""
    _source.seed(int(seed))


def position() -> object:
    """Return something that differs before and after a seed was drawn."""
    return _source.getstate()


def fresh_seed() -> int:
    """Return the next seed of the process, in [0, 2**31)."""
    return _source.getrandbits(31)
