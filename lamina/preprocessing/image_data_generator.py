"""`ImageDataGenerator`: batches of images changed at random, as Keras 2 made them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lamina import config
from lamina.errors import warn
from lamina.preprocessing.image_iterators import DataFrameIterator, DirectoryIterator, NumpyArrayIterator
from lamina.preprocessing.transforms import (
    Parameters,
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip,
)

_FILL_MODES = ("constant", "nearest", "reflect", "wrap")


class ImageDataGenerator:
    """Makes batches of images, each changed at random and brought to a common scale.

    In new code `keras.utils.image_dataset_from_directory` reads the files, and layers such as `RandomFlip` change the
    images inside the model.

    Args:
        featurewise_center: whether to subtract the mean over the data that `fit` saw.
        samplewise_center: whether to subtract each image's own mean.
        featurewise_std_normalization: whether to divide by the standard deviation over the data that `fit` saw.
        samplewise_std_normalization: whether to divide by each image's own.
        zca_whitening: whether to take out correlations between pixels, by the data that `fit` saw.
        zca_epsilon: keeps that finite.
        rotation_range: largest angle in degrees.
        width_shift_range: largest shift: a share of the width below 1, else pixels; or a list of shifts to choose from.
        height_shift_range: the same of the height.
        brightness_range: a pair of factors, or None.
        shear_range: largest angle in degrees.
        zoom_range: a pair of factors, or a number for 1 minus and 1 plus it.
        channel_shift_range: largest change of the values.
        fill_mode: what lies beyond the border: "constant", "nearest", "reflect" or "wrap".
        cval: the value for "constant".
        horizontal_flip, vertical_flip: whether to mirror half of the images.
        rescale: a factor for all values, such as 1/255; comes after the changes.
        preprocessing_function: called on each image, after the changes.
        data_format: "channels_last" or "channels_first"; default `keras.config.image_data_format()`.
        validation_split: share of the images for `subset="validation"`.
        interpolation_order: of the spline that interpolates.
        dtype: of the batches; default float32.

    Raises:
        ValueError: for values that make no sense.

    Example:
        >>> generator = lamina.preprocessing.image.ImageDataGenerator(rescale=1 / 255, horizontal_flip=True)
        >>> batches = generator.flow(np.full((10, 8, 8, 3), 255.0), np.arange(10), batch_size=4, seed=1)
        >>> len(batches), batches[0][0].shape, float(batches[0][0].max())
        (3, (4, 8, 8, 3), 1.0)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        if fill_mode not in _FILL_MODES:
            raise ValueError(f"fill_mode must be one of {', '.join(map(repr, _FILL_MODES))}; got {fill_mode!r}.")
        if not 0 <= validation_split < 1:
            raise ValueError(f"validation_split must lie in [0, 1), got {validation_split!r}.")
        if brightness_range is not None and np.shape(brightness_range) != (2,):
            raise ValueError(f"brightness_range must be a pair of numbers, got {brightness_range!r}.")
        if np.shape(zoom_range) not in ((), (2,)):
            raise ValueError(f"zoom_range must be a number or a pair of numbers, got {zoom_range!r}.")
        self.featurewise_center = featurewise_center or zca_whitening or featurewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.zoom_range = [1 - zoom_range, 1 + zoom_range] if np.ndim(zoom_range) == 0 else list(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.data_format = config.standardize_data_format(data_format)
        self.validation_split = validation_split
        self.interpolation_order = interpolation_order
        self.dtype = config.standardize_dtype(dtype)
        self.channel_axis, self.row_axis, self.col_axis = (
            (3, 1, 2) if self.data_format == "channels_last" else (1, 2, 3)
        )
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.zca_whitening_matrix: np.ndarray | None = None

    # Sources

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Return batches `(images, labels)` from arrays.

        Args:
            x: images (rows, height, width, channels), or a tuple of those and other arrays that are handed through.
            y: labels, or None for images alone.
            batch_size: images of a batch.
            shuffle: whether each pass has an order of its own.
            sample_weight: a weight for each image.
            seed: makes order and changes reproducible.
            save_to_dir, save_prefix, save_format: folder, start of the name and format in which to save every image.
            ignore_class_split: whether a class may be missing from the training or the validation part.
            subset: "training" or "validation", the parts by `validation_split`.
        """
        return NumpyArrayIterator(
            self,
            x,
            y,
            sample_weight=sample_weight,
            ignore_class_split=ignore_class_split,
            subset=subset,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            saving=(save_to_dir, save_prefix, save_format),
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Return batches from a folder that holds a folder for each class.

        Args:
            directory: the folder.
            target_size: height and width of the images.
            color_mode: "grayscale", "rgb" or "rgba".
            classes: names of the classes' folders; default all, in alphabetical order.
            class_mode: "categorical" for vectors, "binary" or "sparse" for indices, "input" for the images themselves,
                None for no labels.
            batch_size, shuffle, seed, save_to_dir, save_prefix, save_format, subset: see `flow`.
            follow_links: whether to follow links to folders.
            interpolation: how images are resized, "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
            keep_aspect_ratio: whether to cut images to the target's proportions in the place of distorting them.
        """
        return DirectoryIterator(
            self,
            directory,
            classes=classes,
            follow_links=follow_links,
            class_mode=class_mode,
            target_size=target_size,
            color_mode=color_mode,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            subset=subset,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            saving=(save_to_dir, save_prefix, save_format),
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: list[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **kwargs: Any,
    ) -> DataFrameIterator:
        """Return batches from a pandas table of file names and labels.

        Args:
            dataframe: the table.
            directory: the folder that the names are relative to; None for whole paths.
            x_col: column of the names.
            y_col: column of the labels, or several for "raw" and "multi_output".
            weight_col: column of sample weights.
            class_mode: as in `flow_from_directory`; "raw" for numbers as they are, "multi_output" for a list of them.
            validate_filenames: whether to leave out names of files that are not there, with a warning.
            target_size, color_mode, classes, interpolation: see `flow_from_directory`.
            batch_size, shuffle, seed, save_to_dir, save_prefix, save_format, subset: see `flow`.
            kwargs: none are known.
        """
        if kwargs:
            raise TypeError(f"flow_from_dataframe does not know the argument {sorted(kwargs)[0]!r}.")
        return DataFrameIterator(
            self,
            dataframe,
            directory,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            classes=classes,
            validate_filenames=validate_filenames,
            class_mode=class_mode,
            target_size=target_size,
            color_mode=color_mode,
            interpolation=interpolation,
            keep_aspect_ratio=False,
            subset=subset,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            saving=(save_to_dir, save_prefix, save_format),
        )

    # One image

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """Return an image (or a batch) brought to the common scale."""
        if self.preprocessing_function is not None:
            x = self.preprocessing_function(x)
        x = np.asarray(x, self.dtype)
        if self.rescale:
            x = x * np.asarray(self.rescale, self.dtype)
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        for asked, name, known in (
            (self.featurewise_center, "the mean", self.mean),
            (self.featurewise_std_normalization, "the standard deviation", self.std),
            (self.zca_whitening, "the correlations", self.zca_whitening_matrix),
        ):
            if asked and known is None:
                warn(
                    f"This ImageDataGenerator needs {name} of the data, which it does not know: call generator.fit(x) "
                    "first. Images stay as they are.",
                )
                return x
        if self.featurewise_center:
            x = x - self.mean
        if self.featurewise_std_normalization:
            assert self.std is not None
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            assert self.zca_whitening_matrix is not None
            x = np.dot(x.reshape(-1, x.size), self.zca_whitening_matrix).reshape(x.shape)
        return x.astype(self.dtype)

    def get_random_transform(
        self, img_shape: tuple[int, ...], seed: int | np.random.Generator | None = None
    ) -> Parameters:
        """Draw how an image is changed.

        Args:
            img_shape: its shape.
            seed: a number, a NumPy generator, or None.
        """
        rng = np.random.default_rng(seed)
        height, width = img_shape[self.row_axis - 1], img_shape[self.col_axis - 1]
        low, high = self.zoom_range
        zx, zy = (1, 1) if low == high == 1 else rng.uniform(low, high, 2)
        brightness = None if self.brightness_range is None else rng.uniform(*self.brightness_range)
        channel = self.channel_shift_range
        return {
            "theta": rng.uniform(-self.rotation_range, self.rotation_range) if self.rotation_range else 0,
            "tx": _shift(rng, self.width_shift_range, width),
            "ty": _shift(rng, self.height_shift_range, height),
            "shear": rng.uniform(-self.shear_range, self.shear_range) if self.shear_range else 0,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": bool(rng.random() < 0.5) and self.horizontal_flip,
            "flip_vertical": bool(rng.random() < 0.5) and self.vertical_flip,
            "channel_shift_intensity": rng.uniform(-channel, channel) if channel else None,
            "brightness": brightness,
        }

    def apply_transform(self, x: np.ndarray, transform_parameters: Parameters) -> np.ndarray:
        """Return an image changed as `get_random_transform` says; what a dictionary leaves out is not changed."""
        drawn = transform_parameters
        row_axis, col_axis, channel_axis = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        x = apply_affine_transform(
            x,
            drawn.get("theta", 0),
            drawn.get("tx", 0),
            drawn.get("ty", 0),
            drawn.get("shear", 0),
            drawn.get("zx", 1),
            drawn.get("zy", 1),
            row_axis=row_axis,
            col_axis=col_axis,
            channel_axis=channel_axis,
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if drawn.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, drawn["channel_shift_intensity"], channel_axis)
        if drawn.get("flip_horizontal"):
            x = flip(x, col_axis)
        if drawn.get("flip_vertical"):
            x = flip(x, row_axis)
        if drawn.get("brightness") is not None:
            x = apply_brightness_shift(x, drawn["brightness"], scale=False)
        return x

    def random_transform(self, x: np.ndarray, seed: int | np.random.Generator | None = None) -> np.ndarray:
        """Return an image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Compute the mean, deviation and correlations that the settings need.

        Args:
            x: images (rows, height, width, channels).
            augment: whether to compute them over images changed at random.
            rounds: how many changed copies of each image then.
            seed: makes the changes reproducible.

        Raises:
            ValueError: if `x` does not have four axes.
        """
        x = np.asarray(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(f"ImageDataGenerator.fit: x must have four axes, got shape {x.shape}.")
        if augment:
            rng = np.random.default_rng(seed)
            x = np.stack([self.random_transform(image, rng) for _ in range(rounds) for image in x])
        axes = (0, self.row_axis, self.col_axis)
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = x.mean(axis=axes).reshape(shape)
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = x.std(axis=axes).reshape(shape)
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            vectors, values, _ = np.linalg.svd(flat.T @ flat / len(flat))
            self.zca_whitening_matrix = (vectors / np.sqrt(values + self.zca_epsilon)) @ vectors.T


def _shift(rng: np.random.Generator, amount: Any, size: int) -> float:
    """Draw a shift in pixels: a whole number of them, a share of the size, or one of a list."""
    if np.ndim(amount):
        chosen = rng.choice(np.asarray(amount)) * rng.choice([-1, 1])
        return float(chosen * size if np.max(amount) < 1 else chosen)
    if not amount:
        return 0.0
    if isinstance(amount, int | np.integer):
        return float(rng.integers(-amount, amount, endpoint=True))
    drawn = rng.uniform(-amount, amount)
    return float(drawn * size if amount < 1 else drawn)
