"""Sequences of different lengths, and windows over series."""

from lamina.data.sequences import pad_sequences
from lamina.preprocessing.timeseries_generator import TimeseriesGenerator

__all__ = ["TimeseriesGenerator", "pad_sequences"]
