"""Data made ready, under the names of `keras.preprocessing`."""

from lamina.preprocessing import sequence

__all__ = ["sequence"]
