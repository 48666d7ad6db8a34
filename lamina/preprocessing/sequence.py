"""Sequences of different lengths."""

from lamina.data.sequences import pad_sequences

__all__ = ["pad_sequences"]
