"""Functions that give a `tf.data.Dataset` to scripts of TensorFlow, and a `PyDataset` in lamina itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from lamina import preprocessing
from lamina.compat.tensorflow.dataset import Dataset
from lamina.data.py_dataset import PyDataset

__all__ = ["image_dataset_from_directory", "text_dataset_from_directory", "timeseries_dataset_from_array"]


class BatchDataset(Dataset):
    """The batches of a `PyDataset` as a `tf.data.Dataset`.

    Attributes:
        class_names, file_paths: as the `PyDataset` has them, where it does.
    """

    def __init__(self, batches: PyDataset) -> None:
        count = batches.num_batches
        assert count is not None  # those that come here have an end

        def one_pass() -> Iterator[Any]:
            for index in range(count):
                yield batches[index]
            batches.on_epoch_end()

        super().__init__(one_pass, count)
        for name in ("class_names", "file_paths"):
            if hasattr(batches, name):
                setattr(self, name, getattr(batches, name))


def _as_dataset(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        made = function(*args, **kwargs)
        return tuple(map(BatchDataset, made)) if isinstance(made, tuple) else BatchDataset(made)

    return wrapped


image_dataset_from_directory = _as_dataset(preprocessing.image_dataset_from_directory)
text_dataset_from_directory = _as_dataset(preprocessing.text_dataset_from_directory)
timeseries_dataset_from_array = _as_dataset(preprocessing.timeseries_dataset_from_array)
