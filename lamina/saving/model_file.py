"""Whole models in `.keras` archives and folders."""

from __future__ import annotations

import datetime
import json
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lamina.core import serialization
from lamina.layers.layer import Layer
from lamina.saving import strict_json
from lamina.saving.archive import ASSETS, CONFIG, METADATA, WEIGHTS, opened_archive
from lamina.saving.atomic import written_file, written_folder
from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import open_hdf5
from lamina.saving.hdf5.writer import GroupToWrite, write_hdf5
from lamina.saving.weights import read_weights, write_weights

KERAS_VERSION = "3.15.1"  # whose format this is


def save_archive(model: Any, path: Path, *, zipped: bool, include_optimizer: bool = True) -> None:
    """Write a model to a `.keras` archive, or to a folder with the same content."""
    texts = {METADATA: json.dumps(_metadata()), CONFIG: json.dumps(serialization.serialize(model))}
    weights = write_weights(model, include_optimizer=include_optimizer)
    if zipped:
        with written_file(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
            with archive.open(WEIGHTS, "w", force_zip64=True) as member:
                write_hdf5(weights, member.write)
        return
    with written_folder(path, is_model_folder) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        _write_file(weights, folder / WEIGHTS)


def load_archive(path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True) -> Any:
    """Return the model of a `.keras` archive or folder."""
    with opened_archive(path) as archive:
        config = strict_json.parse(archive.text(CONFIG), archive.label(CONFIG))
        model = model_from_config(config, archive.label(CONFIG), custom_objects, compile)
        root = open_hdf5(archive.source(WEIGHTS))
        read_weights(model, root, archive.label(WEIGHTS), optimizer=compile, by_name=True)
    return model


def model_from_config(
    config: Any, name: str, custom_objects: Mapping[str, Any] | None = None, compile: bool = True
) -> Any:
    """Return the model that a configuration of a file describes, compiled if it says so.

    Args:
        config: JSON types.
        name: how messages call where it stands.
        custom_objects: your own classes and functions by name.
        compile: whether to compile it as it was.

    Raises:
        LoadError: if it describes none, or something that is not known.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise LoadError(f"{name}: this does not describe a model.")
    if not compile:
        config = {key: value for key, value in config.items() if key != "compile_config"}
    try:
        model = serialization.deserialize(config, custom_objects)
    except RecursionError as error:
        raise LoadError(f"{name}: its objects are nested too deeply.") from error
    except Exception as error:  # whatever a constructor makes of arguments that a file can choose
        raise LoadError(f"{name}: {error or type(error).__name__}") from error
    if not isinstance(model, Layer):
        raise LoadError(f"{name}: this describes a {config['class_name']}, not a model.")
    return model


def refuse_overwriting(path: Path, overwrite: bool) -> bool:
    """Return whether a file may be written; where it would replace another, ask a person at a terminal.

    Raises:
        FileExistsError: if it would, `overwrite` is False and nobody can be asked.
    """
    if overwrite or not path.exists():
        return True
    if not sys.stdin or not sys.stdin.isatty():
        raise FileExistsError(f"{path} exists already, and overwrite=False was given; choose another path.")
    while (answer := input(f"{path} exists already. Replace it? [y/n] ").strip().lower()) not in ("y", "n"):
        pass
    return answer == "y"


def is_model_folder(path: Path) -> bool:
    """Tell whether a folder holds a model and nothing else."""
    if not path.is_dir():
        return False
    names = {entry.name for entry in path.iterdir()}
    return not names or (CONFIG in names and names <= {CONFIG, METADATA, WEIGHTS, ASSETS})


def _metadata() -> dict[str, str]:
    return {"keras_version": KERAS_VERSION, "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")}


def _write_file(weights: GroupToWrite, path: Path) -> None:
    with open(path, "wb") as file:
        write_hdf5(weights, file.write)
        file.flush()
        os.fsync(file.fileno())
