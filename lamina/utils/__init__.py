"""Helpers, as in `keras.utils`: names gathered from where they live."""

from lamina.random.global_seed import set_random_seed

__all__ = ["set_random_seed"]
