"""Data made ready, under the names of `keras.preprocessing`."""

from lamina.data.directories import image_dataset_from_directory, text_dataset_from_directory
from lamina.data.timeseries import timeseries_dataset_from_array
from lamina.preprocessing import image, sequence, text

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
