"""Random numbers, as in `keras.random`."""

from lamina.random.global_seed import set_random_seed as set_random_seed
from lamina.random.seed_generator import SeedGenerator

__all__ = ["SeedGenerator"]
