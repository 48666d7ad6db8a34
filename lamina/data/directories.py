"""Data sets of files in folders, a folder for each class."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lamina import config
from lamina.data.images import img_to_array, load_img
from lamina.data.py_dataset import PyDataset

_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
_LABEL_MODES = ("int", "binary", "categorical")


class FileDataset(PyDataset):
    """Batches of files that are read when they are needed.

    Attributes:
        class_names: the classes in the order of their numbers; None without labels.
        file_paths: the files, in order.
    """

    def __init__(
        self,
        paths: list[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        read: Callable[[str], Any],
        batch_size: int | None,
        shuffle: bool,
        seed: int | None,
    ) -> None:
        super().__init__(workers=1)
        self.file_paths, self.class_names = paths, class_names
        self._labels, self._read, self._batch_size = labels, read, batch_size
        self._order = np.arange(len(paths))
        self._generator = np.random.default_rng(seed) if shuffle else None
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"The data set has {len(self)} batches; there is none at {index}.")
        if self._batch_size is None:
            chosen: Any = self._order[index]
            data = self._read(self.file_paths[chosen])
        else:
            chosen = self._order[index * self._batch_size : (index + 1) * self._batch_size]
            data = np.stack([self._read(self.file_paths[one]) for one in chosen])
        return data if self._labels is None else (data, self._labels[chosen])

    def on_epoch_end(self) -> None:
        if self._generator is not None:
            self._order = self._generator.permutation(len(self.file_paths))


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the images of a folder as a data set for `fit`; the folders in it are the classes.

    Args:
        directory: the folder.
        labels: "inferred" (from the folders), None, or a label for each file in the order of their paths.
        label_mode: "int" (numbers), "categorical" (vectors), "binary" (0.0 and 1.0) or None for no labels.
        class_names: the folders to use, in the order of their numbers; default all, sorted.
        color_mode: "grayscale", "rgb" or "rgba".
        batch_size: images to a batch; None gives them one by one.
        image_size: `(height, width)` to bring them to, in pixels.
        shuffle: whether to draw another order for each epoch; else that of the paths.
        seed: of the order, and of the split.
        validation_split: share of the files to keep for validation, in (0, 1).
        subset: "training", "validation" or "both", with `validation_split`.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming", by Pillow.
        follow_links: whether to enter folders that are links.
        crop_to_aspect_ratio: whether to cut the borders so that nothing is distorted.
        pad_to_aspect_ratio: not supported; must be False.
        data_format: "channels_last", "channels_first" or None for the default.
        format: "tf", the default of Keras; in any case the result is a `PyDataset`, TensorFlow is not needed.
        verbose: whether to print how many files and classes there are.

    Returns:
        A `PyDataset` of float images from 0 to 255, with `class_names` and `file_paths`; two of them for "both".

    Raises:
        ImportError: without Pillow (`pip install 'lamina[data]'`).
        ValueError: if there are no images, or an argument is out of range.
    """
    if pad_to_aspect_ratio:
        raise ValueError("image_dataset_from_directory: pad_to_aspect_ratio=True is not supported.")

    def read(path: str) -> np.ndarray:
        image = load_img(path, color_mode, image_size, interpolation, keep_aspect_ratio=crop_to_aspect_ratio)
        return img_to_array(image, data_format)

    config.standardize_data_format(data_format)
    options = (labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset)
    return _dataset("image_dataset_from_directory", directory, _IMAGES, read, *options, follow_links, format, verbose)


def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the text files (.txt, UTF-8) of a folder as a data set of strings; the folders in it are the classes.

    Args:
        directory, labels, label_mode, class_names, batch_size: as for `image_dataset_from_directory`.
        max_length: bytes of each file to read; default all.
        shuffle, seed, validation_split, subset, follow_links, format, verbose: as for `image_dataset_from_directory`.
    """

    def read(path: str) -> Any:
        with open(path, "rb") as file:
            text = file.read(-1 if max_length is None else max_length)
        return np.array(text.decode("utf-8", errors="ignore" if max_length else "strict"), object)

    options = (labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset)
    return _dataset("text_dataset_from_directory", directory, (".txt",), read, *options, follow_links, format, verbose)


def _dataset(
    function: str,
    directory: Any,
    extensions: tuple[str, ...],
    read: Callable[[str], Any],
    labels: Any,
    label_mode: str | None,
    class_names: list[str] | None,
    batch_size: int | None,
    shuffle: bool,
    seed: int | None,
    validation_split: float | None,
    subset: str | None,
    follow_links: bool,
    format: str,
    verbose: bool,
) -> Any:
    if format != "tf":
        raise ValueError(f"{function}: the result is a PyDataset; leave format at 'tf', got {format!r}.")
    if label_mode not in (*_LABEL_MODES, None):
        raise ValueError(f"{function}: label_mode must be one of {_LABEL_MODES} or None, got {label_mode!r}.")
    if (validation_split is None) != (subset is None):
        raise ValueError(f"{function}: validation_split and subset go together.")
    if subset not in (None, "training", "validation", "both"):
        raise ValueError(f"{function}: subset must be 'training', 'validation' or 'both', got {subset!r}.")
    if validation_split is not None and not 0 < validation_split < 1:
        raise ValueError(f"{function}: validation_split must lie in (0, 1), got {validation_split!r}.")
    if subset is not None and shuffle and seed is None:
        raise ValueError(f"{function}: with validation_split and shuffle=True pass a seed, so that both parts fit.")
    root = Path(directory)
    if not root.is_dir():
        raise ValueError(f"{function}: there is no folder {os.fspath(root)!r}.")
    paths, numbers, names = _files(function, root, extensions, labels, label_mode, class_names, follow_links)
    if label_mode == "binary" and len(names or ()) != 2:
        raise ValueError(f"{function}: label_mode='binary' needs 2 classes, there are {len(names or ())}.")
    targets = _targets(numbers, label_mode, len(names or ()))
    if verbose:
        classes = "" if names is None else f" in {len(names)} classes"
        print(f"{len(paths)} files{classes}")
    indices = np.arange(len(paths))
    if shuffle:
        indices = np.random.default_rng(seed).permutation(indices)
    held_out = int(len(paths) * validation_split) if validation_split is not None else 0
    parts = {"training": indices[: len(paths) - held_out], "validation": indices[len(paths) - held_out :]}

    def part(name: str, shuffled: bool) -> FileDataset:
        chosen = parts[name]
        own = None if targets is None else targets[chosen]
        return FileDataset([paths[one] for one in chosen], own, names, read, batch_size, shuffled, seed)

    if subset == "both":
        return part("training", shuffle), part("validation", False)
    return part(subset or "training", shuffle)


def _files(
    function: str,
    root: Path,
    extensions: tuple[str, ...],
    labels: Any,
    label_mode: str | None,
    class_names: list[str] | None,
    follow_links: bool,
) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    """Return the files, sorted, the number of the class of each, and the names of the classes."""

    def below(folder: Path) -> list[str]:
        found = []
        for where, folders, files in os.walk(folder, followlinks=follow_links):
            folders.sort()
            found += [os.path.join(where, name) for name in sorted(files) if name.lower().endswith(extensions)]
        return found

    if labels != "inferred" if isinstance(labels, str) else True:
        paths = below(root)
        numbers = None if labels is None or label_mode is None else np.asarray(labels)
        if numbers is not None and len(numbers) != len(paths):
            raise ValueError(f"{function}: {len(numbers)} labels were given for {len(paths)} files.")
        names = None if numbers is None else [str(one) for one in range(int(numbers.max()) + 1)]
        names = class_names or names if numbers is not None else None
    else:
        folders = sorted(entry.name for entry in root.iterdir() if entry.is_dir())
        names = class_names or folders
        missing = [name for name in names if name not in folders]
        if missing:
            raise ValueError(f"{function}: there is no folder {missing[0]!r} in {os.fspath(root)!r}: {folders}.")
        each = [below(root / name) for name in names]
        paths = [path for files in each for path in files]
        numbers = np.repeat(np.arange(len(names)), [len(files) for files in each])
        if label_mode is None:
            numbers = names = None
    if not paths:
        raise ValueError(f"{function}: no files ({', '.join(extensions)}) were found in {os.fspath(root)!r}.")
    return paths, numbers, names


def _targets(numbers: np.ndarray | None, label_mode: str | None, classes: int) -> np.ndarray | None:
    if numbers is None:
        return None
    if label_mode == "categorical":
        return np.eye(classes, dtype="float32")[numbers]
    return numbers.astype("float32")[:, None] if label_mode == "binary" else numbers.astype("int32")
