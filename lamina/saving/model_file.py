"""Whole models in `.keras` archives and folders, weights alone in `.weights.h5` files."""

from __future__ import annotations

import datetime
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina.core import serialization
from lamina.layers.layer import Layer
from lamina.saving import strict_json
from lamina.saving.archive import CONFIG, METADATA, WEIGHTS, opened_archive
from lamina.saving.atomic import written_file, written_folder
from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Source, open_hdf5
from lamina.saving.hdf5.writer import write_hdf5
from lamina.saving.weights import read_weights, write_weights

_KERAS_VERSION = "3.15.1"  # whose format this is


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model with its architecture, weights, compile arguments and optimizer state.

    The file takes its name only when it is complete; what stood there before stays whole until then.

    Args:
        model: a model.
        filepath: ends in ".keras" for an archive; without an extension it becomes a folder with the same content.
        overwrite: whether an existing file may be replaced.
        zipped: True for an archive, False for a folder; default as the path says.

    Raises:
        ValueError: for another extension, an existing file with `overwrite=False`, or something a file can't describe.
        SaveError: if the file can't be written; names the path.
    """
    if kwargs:
        raise ValueError(f"save does not know the argument {sorted(kwargs)[0]!r}.")
    path = Path(filepath)
    if path.suffix not in (".keras", ""):
        raise ValueError(
            f"A model is saved to a path that ends in '.keras', or to a folder (a path without an extension), got "
            f"{str(path)!r}. Write model.save({str(path.with_suffix('.keras'))!r})."
        )
    _refuse_overwriting(path, overwrite)
    texts = {
        METADATA: json.dumps(
            {"keras_version": _KERAS_VERSION, "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")}
        ),
        CONFIG: json.dumps(serialization.serialize(model)),
    }
    weights = write_weights(model)
    if path.suffix == ".keras" if zipped is None else zipped:
        with written_file(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
            with archive.open(WEIGHTS, "w", force_zip64=True) as member:
                write_hdf5(weights, member.write)
        return
    with written_folder(path, _is_model_folder) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        with open(folder / WEIGHTS, "wb") as member:
            write_hdf5(weights, member.write)


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Return the model of a `.keras` file or folder.

    Loading is data processing: classes come from lamina and from what you registered, nothing in the file is run or
    imported.

    Args:
        filepath: the file.
        custom_objects: your own classes and functions by name.
        compile: whether to compile the model as it was, with the optimizer's state.
        safe_mode: has no effect: there is no unsafe way.

    Raises:
        LoadError: if it is no model file, is damaged, or needs something that is not known; says what.
    """
    path = Path(filepath)
    with opened_archive(path) as archive:
        config = strict_json.parse(archive.text(CONFIG), archive.label(CONFIG))
        model = _from_config(config, archive.label(CONFIG), custom_objects, compile)
        root = open_hdf5(archive.source(WEIGHTS))
        read_weights(model, root, archive.label(WEIGHTS), optimizer=compile)
    return model


def save_weights(model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
    """Write the weights of a model, and the state of its optimizer, to a `.weights.h5` file.

    Args:
        model: a built model.
        filepath: ends in ".weights.h5".
        overwrite: whether an existing file may be replaced.
        max_shard_size: not supported; must be None.
    """
    path = Path(filepath)
    if not path.name.endswith(".weights.h5"):
        raise ValueError(f"Weights are saved to a path that ends in '.weights.h5', got {str(path)!r}.")
    if max_shard_size is not None:
        raise ValueError("max_shard_size is not supported; leave it at None for a single file.")
    _refuse_overwriting(path, overwrite)
    if not model.built:
        raise ValueError(f"Model {model.name!r} has no weights to save yet: build it or call it on data first.")
    with written_file(path) as file:
        write_hdf5(write_weights(model), file.write)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Give a model the weights of a `.weights.h5` file or of a whole `.keras` file.

    Args:
        model: a built model of the same architecture.
        filepath: the file.
        skip_mismatch: whether layers that do not fit keep their weights, in the place of an error.

    Raises:
        LoadError: if weights are missing, unexpected or of another shape; names them all and changes nothing.
    """
    if kwargs:
        raise ValueError(f"load_weights does not know the argument {sorted(kwargs)[0]!r}.")
    path = Path(filepath)
    if not model.built:
        raise ValueError(f"Model {model.name!r} has no weights to load into yet: build it or call it on data first.")
    if path.suffix == ".keras" or path.is_dir():
        with opened_archive(path) as archive:
            _read(model, archive.source(WEIGHTS), archive.label(WEIGHTS), skip_mismatch)
        return
    try:
        file = open(path, "rb", buffering=0)
    except OSError as error:
        raise LoadError(f"{path}: the file can't be opened ({os.strerror(error.errno or 0)}).") from error
    with file:
        _read(model, Source(file, 0, os.fstat(file.fileno()).st_size, path.name), path.name, skip_mismatch)


def _read(model: Any, source: Source, name: str, skip_mismatch: bool) -> None:
    read_weights(model, open_hdf5(source), name, skip_mismatch=skip_mismatch)


def _from_config(config: Any, name: str, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    if not isinstance(config, dict) or "class_name" not in config:
        raise LoadError(f"{name}: this does not describe a model.")
    if not compile:
        config = {key: value for key, value in config.items() if key != "compile_config"}
    try:
        model = serialization.deserialize(config, custom_objects)
    except Exception as error:
        raise LoadError(f"{name}: {error}") from error
    if not isinstance(model, Layer):
        raise LoadError(f"{name}: this describes a {config['class_name']}, not a model.")
    return model


def _refuse_overwriting(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise ValueError(f"{path} exists already, and overwrite=False was given; choose another path.")


def _is_model_folder(path: Path) -> bool:
    if not path.is_dir():
        return False
    names = {entry.name for entry in path.iterdir()}
    return CONFIG in names and names <= {CONFIG, METADATA, WEIGHTS, "assets"}
