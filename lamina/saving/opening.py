"""Opening files to read them, with errors that say what is the matter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Group, Source, open_hdf5
from lamina.saving.hdf5.file import SIGNATURE


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of bytes.

    Raises:
        LoadError: if there is none, or it can't be opened.
    """
    if path.exists() and not path.is_file():  # opening a pipe would wait for somebody who writes to it
        raise LoadError(f"{path}: this is no file.")
    try:
        file = open(path, "rb", buffering=0)
    except FileNotFoundError:
        raise LoadError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise LoadError(f"{path}: the file can't be opened ({os.strerror(error.errno or 0)}).") from error
    with file:
        yield file  # type: ignore[misc]


@contextmanager
def opened_source(path: Path) -> Iterator[Source]:
    """Open a whole file as a source of bytes; see `opened`."""
    with opened(path) as file:
        yield Source(file, 0, os.fstat(file.fileno()).st_size, path.name)


@contextmanager
def opened_hdf5(path: Path) -> Iterator[Group]:
    """Open an HDF5 file; see `opened`."""
    with opened_source(path) as source:
        yield open_hdf5(source)


def is_hdf5(path: Path) -> bool:
    """Tell whether a file begins as HDF5 files do."""
    if not path.is_file():
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(SIGNATURE)) == SIGNATURE
    except OSError:  # what opens it for reading says why
        return False
