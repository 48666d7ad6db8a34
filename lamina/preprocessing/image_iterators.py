"""The batches of an `ImageDataGenerator`, from arrays, folders and tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from lamina.data.images import array_to_img, img_to_array, load_img
from lamina.data.py_dataset import PyDataset
from lamina.errors import plural, warn
from lamina.random.global_seed import fresh_seed

_FORMATS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


class ImageIterator(PyDataset):
    """Batches by number, each image changed at random; `next()` goes on for ever.

    Args:
        generator: the `ImageDataGenerator`.
        n: number of images.
        batch_size: images of a batch.
        shuffle: whether each pass has an order of its own.
        seed: of order and changes; default the next one of the process.
        saving: folder (or None), start of the name and format in which every image is saved.
    """

    def __init__(
        self,
        generator: Any,
        n: int,
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        saving: tuple[str | None, str, str],
    ) -> None:
        super().__init__()
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(f"batch_size must be a positive whole number, got {batch_size!r}.")
        self.image_data_generator = generator
        self.n = self.samples = n
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = fresh_seed() if seed is None else int(seed)
        self.save_to_dir, self.save_prefix, self.save_format = saving
        if self.save_to_dir is not None:
            Path(self.save_to_dir).mkdir(parents=True, exist_ok=True)
        self.batch_index = 0
        self.total_batches_seen = 0
        self._pass = 0

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches; there is none at index {index}.")
        rows = self._order()[index * self.batch_size : (index + 1) * self.batch_size]
        self.total_batches_seen += 1
        images = np.stack([self._changed(int(row)) for row in rows])
        if self.save_to_dir is not None:
            self._save(images, rows)
        return self._batch(images, rows)

    def __iter__(self) -> ImageIterator:
        return self

    def __next__(self) -> Any:
        batch = self[self.batch_index]
        self.batch_index += 1
        if self.batch_index == len(self):
            self.on_epoch_end()
        return batch

    next = __next__

    def on_epoch_end(self) -> None:
        """Start the next pass, in an order of its own and with other changes."""
        self._pass += 1
        self.batch_index = 0

    def reset(self) -> None:
        """Start with the first batch of a pass again."""
        self.batch_index = 0

    def _order(self) -> np.ndarray:
        return np.random.default_rng([self.seed, self._pass]).permutation(self.n) if self.shuffle else np.arange(self.n)

    def _changed(self, row: int) -> np.ndarray:
        generator = self.image_data_generator
        rng = np.random.default_rng([self.seed, self._pass, row])  # whatever order or thread batches are made in
        return generator.standardize(generator.random_transform(self._image(row), rng))

    def _save(self, images: np.ndarray, rows: np.ndarray) -> None:
        assert self.save_to_dir is not None
        for image, row in zip(images, rows):
            name = f"{self.save_prefix}_{row}_{self._pass}.{self.save_format}"
            array_to_img(image, self.image_data_generator.data_format).save(os.path.join(self.save_to_dir, name))

    def _image(self, row: int) -> np.ndarray:
        raise NotImplementedError

    def _batch(self, images: np.ndarray, rows: np.ndarray) -> Any:
        raise NotImplementedError


class NumpyArrayIterator(ImageIterator):
    """Batches from arrays; see `ImageDataGenerator.flow`."""

    def __init__(
        self,
        generator: Any,
        x: Any,
        y: Any,
        *,
        sample_weight: Any,
        ignore_class_split: bool,
        subset: str | None,
        **kwargs: Any,
    ) -> None:
        x, *others = x if isinstance(x, tuple | list) else (x,)
        others = others[0] if len(others) == 1 and isinstance(others[0], list | tuple) else others
        given = {"x": x, "y": y, "sample_weight": sample_weight}
        given.update({f"x[1][{index}]": other for index, other in enumerate(others)})
        arrays: dict[str, Any] = {name: None if array is None else np.asarray(array) for name, array in given.items()}
        for name, array in arrays.items():
            if array is not None and len(array) != len(arrays["x"]):
                raise ValueError(f"flow: x holds {plural(len(arrays['x']), 'image')}, but {name} {len(array)}.")
        if arrays["x"].ndim != 4:
            raise ValueError(f"flow: x must have four axes (images, height, width, channels), got {arrays['x'].shape}.")
        rows = slice(*_part(len(arrays["x"]), generator.validation_split, subset))
        if subset is not None and arrays["y"] is not None and not ignore_class_split:
            _check_split_classes(arrays["y"], rows)
        arrays = {name: None if array is None else array[rows] for name, array in arrays.items()}
        self.x = arrays.pop("x").astype(generator.dtype)
        self.y = arrays.pop("y")
        self.sample_weight = arrays.pop("sample_weight")
        self.x_misc = list(arrays.values())
        super().__init__(generator, len(self.x), **kwargs)

    def _image(self, row: int) -> np.ndarray:
        return self.x[row]

    def _batch(self, images: np.ndarray, rows: np.ndarray) -> Any:
        inputs = [images, *(other[rows] for other in self.x_misc)] if self.x_misc else images
        if self.y is None:
            return (inputs,)
        return (
            (inputs, self.y[rows]) if self.sample_weight is None else (inputs, self.y[rows], self.sample_weight[rows])
        )


class FileIterator(ImageIterator):
    """What the two that read files share."""

    def __init__(
        self,
        generator: Any,
        filepaths: list[str],
        *,
        class_mode: str | None,
        target_size: tuple[int, int],
        color_mode: str,
        interpolation: str,
        keep_aspect_ratio: bool,
        **kwargs: Any,
    ) -> None:
        if color_mode not in _CHANNELS:
            raise ValueError(f"color_mode must be one of {', '.join(map(repr, _CHANNELS))}; got {color_mode!r}.")
        self.filepaths = filepaths
        self.class_mode = class_mode
        self.target_size = (int(target_size[0]), int(target_size[1]))
        self.color_mode = color_mode
        self.interpolation = interpolation
        self.keep_aspect_ratio = keep_aspect_ratio
        channels, last = _CHANNELS[color_mode], generator.data_format == "channels_last"
        self.image_shape = (*self.target_size, channels) if last else (channels, *self.target_size)
        super().__init__(generator, len(filepaths), **kwargs)

    def _image(self, row: int) -> np.ndarray:
        image = load_img(
            self.filepaths[row], self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio
        )
        return img_to_array(image, self.image_data_generator.data_format)

    def _coded(self, images: np.ndarray, rows: np.ndarray, classes: np.ndarray, count: int) -> Any:
        """Return the labels of a batch from class indices, as the class mode says."""
        if self.class_mode == "input":
            return images.copy()
        if self.class_mode == "categorical":
            return np.eye(count, dtype=images.dtype)[classes[rows]]
        return classes[rows].astype(images.dtype)


class DirectoryIterator(FileIterator):
    """Batches from a folder with a folder for each class; see `ImageDataGenerator.flow_from_directory`."""

    def __init__(
        self,
        generator: Any,
        directory: Any,
        *,
        classes: list[str] | None,
        follow_links: bool,
        class_mode: str | None,
        subset: str | None,
        **kwargs: Any,
    ) -> None:
        _check_mode(class_mode, ("categorical", "binary", "sparse", "input", None))
        self.directory = os.fspath(directory)
        if not os.path.isdir(self.directory):
            raise FileNotFoundError(f"flow_from_directory: there is no folder {self.directory}.")
        names = sorted(entry.name for entry in os.scandir(self.directory) if entry.is_dir())
        names = names if classes is None else list(classes)
        self.class_indices = {name: index for index, name in enumerate(names)}
        self.num_classes = len(names)
        self.filenames: list[str] = []
        indices: list[int] = []
        for name, index in self.class_indices.items():
            files = _image_files(os.path.join(self.directory, name), follow_links)
            start, stop = _part(len(files), generator.validation_split, subset)
            self.filenames += [os.path.relpath(path, self.directory) for path in files[start:stop]]
            indices += [index] * len(files[start:stop])
        self.classes = self.labels = np.asarray(indices, "int32")
        print(f"Found {plural(len(indices), 'image')} belonging to {self.num_classes} classes.")
        filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        super().__init__(generator, filepaths, class_mode=class_mode, **kwargs)

    def _batch(self, images: np.ndarray, rows: np.ndarray) -> Any:
        if self.class_mode is None:
            return (images,)
        return images, self._coded(images, rows, self.classes, self.num_classes)


class DataFrameIterator(FileIterator):
    """Batches from a table of file names and labels; see `ImageDataGenerator.flow_from_dataframe`."""

    def __init__(
        self,
        generator: Any,
        dataframe: Any,
        directory: Any,
        *,
        x_col: str,
        y_col: Any,
        weight_col: str | None,
        classes: list[str] | None,
        validate_filenames: bool,
        class_mode: str | None,
        subset: str | None,
        **kwargs: Any,
    ) -> None:
        _check_mode(class_mode, ("categorical", "binary", "sparse", "input", "raw", "multi_output", None))
        labelled = class_mode not in ("input", None)
        wanted = [x_col, *([y_col] if isinstance(y_col, str) else list(y_col) if labelled else [])]
        wanted = [*wanted, *([weight_col] if weight_col else [])] if labelled else [x_col]
        for column in wanted:
            if column not in dataframe.columns:
                raise ValueError(
                    f"flow_from_dataframe: there is no column {column!r}; there are {list(dataframe.columns)}."
                )
        table = dataframe.loc[:, wanted]
        paths = [os.path.join(os.fspath(directory or ""), str(name)) for name in table[x_col]]
        if validate_filenames:
            good = [path.lower().endswith(_FORMATS) and os.path.isfile(path) for path in paths]
            if not all(good):
                warn(
                    f"flow_from_dataframe: {plural(good.count(False), 'name')} in {x_col!r} lead to no image file and "
                    f"are left out, for example {paths[good.index(False)]}.",
                )
            table = table[good]
        self.class_indices: dict[str, int] = {}
        if class_mode in ("categorical", "binary", "sparse"):
            table = self._with_classes(table, y_col, classes, class_mode)
        start, stop = _part(len(table), generator.validation_split, subset)
        table = table.iloc[start:stop]
        self.filenames = [str(name) for name in table[x_col]]
        self.num_classes = len(self.class_indices)
        self._sample_weight = table[weight_col].to_numpy() if weight_col and labelled else None
        self._labels = self._from(table, y_col, class_mode)
        belonging = f" belonging to {self.num_classes} classes" if self.class_indices else ""
        print(f"Found {plural(len(table), 'image file')}{belonging}.")
        filepaths = [os.path.join(os.fspath(directory or ""), name) for name in self.filenames]
        super().__init__(generator, filepaths, class_mode=class_mode, **kwargs)

    def _with_classes(self, table: Any, y_col: Any, classes: list[str] | None, class_mode: str) -> Any:
        """Number the classes, and return the rows that belong to them."""
        lists = [label if isinstance(label, list | tuple) else [label] for label in table[y_col]]
        strange = next((label for labels in lists for label in labels if not isinstance(label, str)), None)
        if strange is not None:
            raise TypeError(
                f"flow_from_dataframe: with class_mode={class_mode!r} the labels in {y_col!r} must be strings, got "
                f"{strange!r}. Convert them by frame[{y_col!r}].astype(str), or use class_mode='raw'."
            )
        found = sorted({label for labels in lists for label in labels}) if classes is None else list(classes)
        if class_mode == "binary" and len(found) != 2:
            raise ValueError(f"flow_from_dataframe: class_mode='binary' needs two classes, got {found}.")
        self.class_indices = {name: index for index, name in enumerate(found)}
        return table[[any(label in self.class_indices for label in labels) for labels in lists]]

    def _from(self, table: Any, y_col: Any, class_mode: str | None) -> Any:
        if class_mode in ("input", None):
            return None
        if class_mode == "multi_output":
            return [np.stack(list(table[column])) for column in y_col]
        if class_mode == "raw":
            return table[y_col].to_numpy()
        indices = [
            [self.class_indices[name] for name in (label if isinstance(label, list | tuple) else [label])
             if name in self.class_indices]
            for label in table[y_col]
        ]  # fmt: skip
        if class_mode == "categorical":
            eye = np.eye(len(self.class_indices), dtype="float32")
            self.classes = [row[0] if len(row) == 1 else row for row in indices]
            return np.stack([eye[row].max(axis=0) for row in indices]) if indices else eye[:0]
        self.classes = [row[0] for row in indices]
        return np.asarray(self.classes, "float32")

    def _batch(self, images: np.ndarray, rows: np.ndarray) -> Any:
        if self.class_mode is None:
            return (images,)
        if self.class_mode == "input":
            labels: Any = images.copy()
        elif self.class_mode == "multi_output":
            labels = [column[rows] for column in self._labels]
        else:
            labels = self._labels[rows]
        return (images, labels) if self._sample_weight is None else (images, labels, self._sample_weight[rows])


def _check_mode(class_mode: str | None, known: tuple[str | None, ...]) -> None:
    if class_mode not in known:
        raise ValueError(f"class_mode must be one of {', '.join(map(repr, known))}; got {class_mode!r}.")


def _part(count: int, validation_split: float, subset: str | None) -> tuple[int, int]:
    """Return where a part of so many images begins and ends; those for validation come first, as in Keras."""
    if subset is None:
        return 0, count
    if subset not in ("training", "validation"):
        raise ValueError(f"subset must be 'training' or 'validation', got {subset!r}.")
    split = int(count * validation_split)
    return (0, split) if subset == "validation" else (split, count)


def _check_split_classes(y: np.ndarray, rows: slice) -> None:
    inside = np.zeros(len(y), bool)
    inside[rows] = True
    if not np.array_equal(np.unique(y[inside]), np.unique(y[~inside])):
        raise ValueError(
            "flow: the training and the validation part hold different classes, since the labels are in order. Shuffle "
            "x and y first, or pass ignore_class_split=True."
        )


def _image_files(folder: str, follow_links: bool) -> list[str]:
    return [
        os.path.join(root, name)
        for root, _, names in sorted(os.walk(folder, followlinks=follow_links))
        for name in sorted(names)
        if name.lower().endswith(_FORMATS)
    ]
