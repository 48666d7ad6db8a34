"""Small real data sets to try things on."""

from lamina.datasets import digits

__all__ = ["digits"]
