"""The file in which `BackupAndRestore` keeps the state of a training run: arrays and JSON, nothing that could run."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.saving.atomic import written_file

_META = "meta"
_ARRAY = "__array__"


class BackupError(ValueError):
    """A backup that can't be read: damaged, cut off, or something else."""


def write_backup(path: Path, meta: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write a backup that is there completely or not at all.

    Args:
        path: the file.
        meta: JSON types, and arrays anywhere among them.
        arrays: arrays by name.
    """
    members: dict[str, np.ndarray] = {}
    dtypes: dict[str, str] = {}

    def keep(name: str, array: Any) -> None:
        array = np.asarray(array)
        dtypes[name] = array.dtype.name
        # NumPy's format does not know bfloat16 and its like.
        members[name] = array if array.dtype.kind in "biuf" else array.view(f"uint{8 * array.dtype.itemsize}")

    for name, array in arrays.items():
        keep(f"state/{name}", array)
    flat = _without_arrays(meta, keep)
    text = json.dumps({"content": flat, "dtypes": dtypes}).encode()
    named: dict[str, Any] = {_META: np.frombuffer(text, "uint8")}
    named.update((str(number), members[name]) for number, name in enumerate(dtypes))  # a path is no name of a file
    with written_file(path) as file:
        np.savez(file, **named)


def read_backup(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what `write_backup` was given.

    Raises:
        BackupError: if the file is not such a backup, or a part of it is damaged.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            _check_sizes(file.zip, os.fstat(opened.fileno()).st_size)
            text = json.loads(bytes(file[_META]))
            arrays = {
                name: _typed(file[str(number)], dtype) for number, (name, dtype) in enumerate(text["dtypes"].items())
            }
        meta = _with_arrays(text["content"], arrays)
        state = {name.removeprefix("state/"): array for name, array in arrays.items() if name.startswith("state/")}
    except Exception as error:  # NumPy, zipfile and json raise all kinds of them on bytes that are no backup
        raise BackupError(f"{os.fspath(path)!r} is no backup that can be read: {error}") from error
    return meta, state


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    """Raise if the parts claim to hold more than the file has: in a backup none is packed or shares its bytes."""
    claimed = sum(member.file_size for member in archive.infolist())
    if claimed > size:
        raise ValueError(f"its parts claim to hold {claimed:,} bytes, but the file has {size:,}")


def _typed(array: np.ndarray, dtype: str) -> np.ndarray:
    return array if array.dtype.name == dtype else array.view(jnp.dtype(dtype))


def _without_arrays(value: Any, keep: Any, path: str = "meta") -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_arrays(item, keep, f"{path}/{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_arrays(item, keep, f"{path}/{index}") for index, item in enumerate(value)]
    if isinstance(value, np.generic) and value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
        return value.item()
    if hasattr(value, "__array__"):
        keep(path, value)
        return {_ARRAY: path}
    return value


def _with_arrays(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        return {key: _with_arrays(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_arrays(item, arrays) for item in value]
    return value
