"""Whole models in `.keras` archives and folders."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from lamina.core import serialization
from lamina.layers.layer import Layer
from lamina.saving import strict_json
from lamina.saving.archive import ASSETS, CONFIG, METADATA, WEIGHTS, Archive, opened_archive
from lamina.saving.assets import read_assets, written_assets
from lamina.saving.atomic import written_file, written_folder
from lamina.saving.errors import LoadError
from lamina.saving.hdf5.writer import GroupToWrite, write_hdf5
from lamina.saving.keras2 import modernized
from lamina.saving.weights import read_weights, write_weights

KERAS_VERSION = "3.15.1"  # whose format this is


def save_archive(model: Any, path: Path, *, zipped: bool, include_optimizer: bool = True) -> None:
    """Write a model to a `.keras` archive, or to a folder with the same content."""
    texts, weights = _parts(model, include_optimizer)
    with written_assets(model) as assets:
        if zipped:
            with written_file(path) as file:
                _write_zip(file, texts, weights, assets)
            return
        with written_folder(path, is_model_folder) as folder:
            for name, text in texts.items():
                (folder / name).write_text(text, encoding="utf-8")
            for name, asset in assets.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(asset, folder / name)
            _write_file(weights, folder / WEIGHTS)


def write_archive(model: Any, file: BinaryIO) -> None:
    """Write a model as a `.keras` archive to an open file, such as one in memory."""
    with written_assets(model) as assets:
        _write_zip(file, *_parts(model, include_optimizer=True), assets)


def load_archive(path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True) -> Any:
    """Return the model of a `.keras` archive or folder."""
    with opened_archive(path) as archive:
        return load_from(archive, custom_objects, compile)


def load_from(archive: Archive, custom_objects: Mapping[str, Any] | None = None, compile: bool = True) -> Any:
    """Return the model of an archive that is open."""
    config = strict_json.parse(archive.text(CONFIG), archive.label(CONFIG))
    if _is_of_keras_2(archive):
        config = within_bounds(lambda: modernized(config), archive.label(CONFIG), custom_objects)
    elif _has_single_outputs_in_lists(archive):
        config = within_bounds(lambda: _with_single_outputs(config), archive.label(CONFIG))
    model = model_from_config(config, archive.label(CONFIG), custom_objects, compile)
    root = archive.weights()
    read_weights(model, root, archive.label(WEIGHTS), optimizer=compile, by_name=True)
    read_assets(model, archive, root)
    return model


def _parts(model: Any, include_optimizer: bool) -> tuple[dict[str, str], GroupToWrite]:
    texts = {METADATA: json.dumps(_metadata()), CONFIG: json.dumps(serialization.serialize(model))}
    return texts, write_weights(model, include_optimizer=include_optimizer)


def _write_zip(file: BinaryIO, texts: Mapping[str, str], weights: GroupToWrite, assets: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        with archive.open(WEIGHTS, "w", force_zip64=True) as member:
            write_hdf5(weights, member.write)
        for name, asset in assets.items():
            archive.write(asset, name)


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
    training = config.get("compile_config")
    if isinstance(training, dict) and training.get("jit_compile") is False:
        # Keras on PyTorch writes it into every file. It tells how that machine trained, and not how this one should.
        config = {**config, "compile_config": {**training, "jit_compile": "auto"}}
    model = within_bounds(lambda: serialization.deserialize(config), name, custom_objects)
    if not isinstance(model, Layer):
        raise LoadError(f"{name}: this describes a {config['class_name']}, not a model.")
    return model


def within_bounds(make: Callable[[], Any], name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return what `make` makes of a part of a file, with `custom_objects` in scope.

    Raises:
        LoadError: for whatever goes wrong; says where.
    """
    try:
        with serialization.custom_object_scope(custom_objects or {}):
            return make()
    except RecursionError as error:
        raise LoadError(f"{name}: its objects are nested too deeply.") from error
    except Exception as error:  # whatever a constructor makes of arguments that a file can choose
        raise LoadError(f"{name}: {error or type(error).__name__}") from error


def _is_of_keras_2(archive: Archive) -> bool:
    return _version(archive).startswith("2.")


def _version(archive: Archive) -> str:
    """Return the release of Keras whose format a file has; empty where it does not tell."""
    if METADATA not in archive.sizes:
        return ""
    metadata = strict_json.parse(archive.text(METADATA), archive.label(METADATA))
    return str(metadata.get("keras_version")) if isinstance(metadata, dict) else ""


def _has_single_outputs_in_lists(archive: Archive) -> bool:
    """Tell whether the only output of a graph stands in a list: up to Keras 3.12 such a model gives it alone."""
    parts = _version(archive).split(".")
    return parts[0] == "3" and len(parts) > 1 and parts[1].isdigit() and int(parts[1][:4]) <= 12


def _with_single_outputs(config: Any) -> Any:
    """Return a configuration whose graphs have their only output outside of a list."""
    if isinstance(config, list):
        return [_with_single_outputs(item) for item in config]
    if not isinstance(config, dict):
        return config
    changed = {key: _with_single_outputs(item) for key, item in config.items()}
    outputs = changed.get("output_layers")
    if isinstance(outputs, list) and len(outputs) == 1 and isinstance(outputs[0], list) and "input_layers" in changed:
        changed["output_layers"] = outputs[0]
    return changed


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
