"""Data sets' files: where they come from, and how they are read without running anything that is in them."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from lamina.data.download import get_file

SOURCE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
"""Where Keras's documentation says the files are."""

CHECKSUMS = {
    "boston_housing.npz": "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    "california_housing.npz": "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
    "cifar-10-batches-py": "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    "cifar-100-python": "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
    "imdb.npz": "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    "imdb_word_index.json": "bfafd718b763782e994055a2d397834f",
    "mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    "reuters.npz": "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    "reuters_word_index.json": "4d44cc38712099c9e383dc6e5f11a921",
}
"""SHA-256 (or, for the two word indices, MD5) of each file, from Keras's documentation."""


def fetched(name: str, path: str | None = None, source: str = SOURCE) -> Path:
    """Return a file of the data sets' folder, which is downloaded unless it lies there.

    The folder is `datasets` below the environment's `KERAS_HOME`, else below `.keras` in the home folder, as in Keras.

    Args:
        name: the file's name at the source.
        path: the name in the folder, where it is another one.
        source: the folder it is downloaded from.

    Raises:
        OSError: if it can't be downloaded; says where to put it by hand.
        ValueError: if it is not the file that it should be.
    """
    return Path(get_file(path or name, origin=source + name, file_hash=CHECKSUMS.get(name)))


def read_npz(path: Path, *names: str) -> list[np.ndarray]:
    """Return arrays of an `.npz` file; those of objects may hold lists of numbers and nothing else.

    Raises:
        ValueError: if an array is missing, or the file is no such file; names it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [_read_npy(io.BytesIO(archive.read(f"{name}.npy"))) for name in names]
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"{path} can't be read as a data set with the arrays {', '.join(names)}: {error}") from None


def read_pickle(file: BinaryIO) -> Any:
    """Return plain data (numbers, text, lists, dictionaries, NumPy arrays) from a pickle.

    Raises:
        pickle.UnpicklingError: if it names anything else; nothing of it is called or imported.
    """
    try:
        return _PlainUnpickler(file, encoding="bytes").load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a damaged pickle fails in any way, running out of memory included
        raise pickle.UnpicklingError(f"it is damaged ({type(error).__name__}: {error})") from None


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PLAIN:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no plain data need; it was not run")
        return _PLAIN[module, name]


def _empty_array(kind: Any, shape: Any, typecode: Any) -> np.ndarray:
    """Return the array that a pickle fills with its state afterwards, as NumPy's own function does."""
    if kind is not np.ndarray:
        raise pickle.UnpicklingError("it holds an array of an unknown kind")
    return np.ndarray.__new__(np.ndarray, (0,), "int8")


def _latin1(text: str, encoding: str) -> bytes:
    """Return bytes from text, as pickles of older protocols write bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it holds text in {encoding!r}")
    return text.encode("latin1")


_PLAIN = {
    ("_codecs", "encode"): _latin1,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy._core.multiarray", "_reconstruct"): _empty_array,
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
}


def _read_npy(file: BinaryIO) -> np.ndarray:
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if not dtype.hasobject:
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    array = read_pickle(file)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"an array of shape {shape} was announced, but a {type(array).__name__} is there")
    return array.reshape(shape)
