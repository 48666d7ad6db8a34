"""What CIFAR-10 and CIFAR-100 share: folders of pickled batches."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np

from lamina import config
from lamina.data.download import get_file
from lamina.datasets.reading import CHECKSUMS, read_pickle

Split = tuple[np.ndarray, np.ndarray]

_SOURCE = "https://www.cs.toronto.edu/~kriz/"


def folder_of(name: str, archive: str) -> Path:
    """Return the folder with the batches, from the cache of Keras 3 or 2, or unpacked from the downloaded archive.

    Args:
        name: the folder's name, `cifar-10-batches-py` or `cifar-100-python`.
        archive: the archive's name at the source.
    """
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / "datasets"
    for folder in (home / f"{name}_extracted" / name, home / name):
        if folder.is_dir():
            return folder
    path = get_file(name, origin=_SOURCE + archive, file_hash=CHECKSUMS[name], extract=True)
    return Path(path) / name


def read_batch(path: Path, label_key: str) -> Split:
    """Return the images (rows, 3, 32, 32) and labels (rows,) of a batch.

    Raises:
        ValueError: if the file is no such batch.
    """
    try:
        with path.open("rb") as file:
            content = {_text(key): value for key, value in read_pickle(file).items()}
        return np.asarray(content["data"], "uint8").reshape(-1, 3, 32, 32), np.asarray(content[label_key], "uint8")
    except (pickle.UnpicklingError, KeyError, AttributeError, EOFError, ValueError) as error:
        raise ValueError(f"{path} is no CIFAR batch with {label_key!r}: {error}") from None


def arranged(train: Split, test: Split) -> tuple[Split, Split]:
    """Return the data in the process's order of axes, labels with an axis of size 1."""

    def one(images: np.ndarray, labels: np.ndarray) -> Split:
        if config.image_data_format() == "channels_last":
            images = images.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(images), labels.reshape(-1, 1)

    return one(*train), one(*test)


def _text(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key
