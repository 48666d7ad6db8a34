"""Helpers, as in `keras.utils`: names gathered from where they live."""

from lamina.data.numeric import normalize, to_categorical
from lamina.data.py_dataset import PyDataset
from lamina.data.sequences import pad_sequences
from lamina.data.split import ShuffledSplit, StratifiedSplit
from lamina.random.global_seed import set_random_seed

__all__ = [
    "PyDataset",
    "ShuffledSplit",
    "StratifiedSplit",
    "normalize",
    "pad_sequences",
    "set_random_seed",
    "to_categorical",
]
