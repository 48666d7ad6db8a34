"""Images, under the names of `keras.preprocessing.image`."""

from lamina.data.images import array_to_img, img_to_array, load_img, save_img
from lamina.preprocessing.image_data_generator import ImageDataGenerator
from lamina.preprocessing.image_iterators import DataFrameIterator, DirectoryIterator, NumpyArrayIterator
from lamina.preprocessing.smart_resize import smart_resize
from lamina.preprocessing.transforms import apply_affine_transform, apply_brightness_shift, apply_channel_shift

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "NumpyArrayIterator",
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "array_to_img",
    "img_to_array",
    "load_img",
    "save_img",
    "smart_resize",
]
