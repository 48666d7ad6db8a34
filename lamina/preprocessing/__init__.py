"""Data made ready, under the names of `keras.preprocessing`."""

from lamina.preprocessing import image, sequence, text

__all__ = ["image", "sequence", "text"]
