"""`save_model`, `load_model`, `save_weights`, `load_weights`: which form of file a path asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lamina.saving.archive import WEIGHTS, opened_archive
from lamina.saving.atomic import written_file
from lamina.saving.errors import LoadError
from lamina.saving.hdf5 import Group, Source, open_hdf5
from lamina.saving.hdf5.writer import write_hdf5
from lamina.saving.model_file import load_archive, refuse_overwriting, save_archive
from lamina.saving.weights import read_weights, write_weights


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model with its architecture, weights, compile arguments and optimizer state.

    The file takes its name only when it is complete and on the disk; what stood there before stays whole until then.

    Args:
        model: a model.
        filepath: ends in ".keras" for an archive; without an extension it becomes a folder with the same content.
        overwrite: whether an existing file may be replaced; if not, a person at a terminal is asked, and a script gets
            an error.
        zipped: True for an archive, False for a folder; default as the path says.
        kwargs: `include_optimizer`, whether to write the optimizer's state, default True.

    Raises:
        ValueError: for another extension, or something that a file can't describe.
        FileExistsError: for an existing file with `overwrite=False`.
        SaveError: if the file can't be written; names the path.

    Example:
        >>> model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(1)])
        >>> model.save("model.keras")
        >>> lamina.saving.load_model("model.keras").count_params()
        5
    """
    include_optimizer = bool(kwargs.pop("include_optimizer", True))
    _check_save_format(filepath, kwargs.pop("save_format", None))
    if kwargs:
        raise ValueError(f"save does not know the argument {sorted(kwargs)[0]!r}.")
    path = _as_path(filepath)
    zipped = _is_zipped(path, zipped)
    if refuse_overwriting(path, overwrite):
        save_archive(model, path, zipped=zipped, include_optimizer=include_optimizer)


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Return the model of a `.keras` file, or of a folder with the same content.

    Loading is data processing: classes come from lamina and from what you registered, nothing in the file is run or
    imported, and no memory is taken that the file does not fill.

    Args:
        filepath: the file.
        custom_objects: your own classes and functions by name.
        compile: whether to compile the model as it was, with the optimizer's state.
        safe_mode: has no effect: there is no unsafe way.

    Raises:
        LoadError: if it is no model file, is damaged, or needs something that is not known; says what.
    """
    return load_archive(_as_path(filepath), custom_objects, compile)


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
) -> None:
    """Write the weights of a model, and the state of its optimizer, to a `.weights.h5` file.

    Args:
        model: a built model.
        filepath: ends in ".weights.h5".
        overwrite: whether an existing file may be replaced; see `save_model`.
        max_shard_size: not supported; must be None.

    Raises:
        ValueError: for another extension, or a model that has no weights yet.
        SaveError: if the file can't be written; names the path.
    """
    _refuse_unknown("save_weights", kwargs)
    path = _as_path(filepath)
    if not path.name.endswith(".weights.h5"):
        raise ValueError(f"Weights are saved to a path that ends in '.weights.h5', got {str(path)!r}.")
    if max_shard_size is not None:
        raise ValueError("max_shard_size is not supported; leave it at None for a single file.")
    _require_built(model, "save")
    if refuse_overwriting(path, overwrite):
        weights = write_weights(model)
        with written_file(path) as file:
            write_hdf5(weights, file.write)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Give a model the weights, and its optimizer the state, of a `.weights.h5` file or of a whole `.keras` file.

    Args:
        model: a built model of the same architecture.
        filepath: the file.
        skip_mismatch: whether layers that do not fit keep their weights with a warning, in the place of an error.
        kwargs: `objects_to_skip`, a list of layers that keep their weights.

    Raises:
        LoadError: if weights are missing, unexpected or of another shape; names them all and changes nothing.
    """
    skipped = tuple(kwargs.pop("objects_to_skip", None) or ())
    _refuse_unknown("load_weights", kwargs)
    path = _as_path(filepath)
    _require_built(model, "load")
    with _opened_weights(path) as (root, name):
        read_weights(model, root, name, skip_mismatch=skip_mismatch, skipped=skipped)


@contextmanager
def _opened_weights(path: Path) -> Iterator[tuple[Group, str]]:
    """Open the weights of a file, whether it holds a whole model or them alone."""
    if path.suffix == ".keras" or path.is_dir():
        with opened_archive(path) as archive:
            yield open_hdf5(archive.source(WEIGHTS)), archive.label(WEIGHTS)
        return
    try:
        file = open(path, "rb", buffering=0)
    except FileNotFoundError:
        raise LoadError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise LoadError(f"{path}: the file can't be opened ({os.strerror(error.errno or 0)}).") from error
    with file:
        yield open_hdf5(Source(file, 0, os.fstat(file.fileno()).st_size, path.name)), path.name


def _as_path(filepath: Any) -> Path:
    if not isinstance(filepath, str | os.PathLike):
        raise TypeError(f"A path is a string or a pathlib.Path, got {filepath!r}.")
    return Path(filepath)


def _is_zipped(path: Path, zipped: bool | None) -> bool:
    if path.suffix not in (".keras", ""):
        raise ValueError(
            f"A model is saved to a path that ends in '.keras', or to a folder (a path without an extension), got "
            f"{str(path)!r}. Write model.save({str(path.with_suffix('.keras'))!r})."
        )
    if zipped is not None and zipped != (path.suffix == ".keras"):
        kind = "an archive ends in '.keras'" if zipped else "a folder has no extension"
        raise ValueError(f"The name of {kind}, which does not go with zipped={zipped} and {str(path)!r}.")
    return path.suffix == ".keras"


def _check_save_format(filepath: Any, save_format: Any) -> None:
    if save_format is not None and str(filepath).rpartition(".")[2] != save_format:
        raise ValueError(f"save_format={save_format!r} does not go with {filepath!r}; leave it out, the path says it.")


def _require_built(model: Any, purpose: str) -> None:
    if not model.built:
        into = "load into" if purpose == "load" else "save"
        raise ValueError(f"Model {model.name!r} has no weights to {into} yet: build it or call it on data first.")


def _refuse_unknown(function: str, kwargs: Mapping[str, Any]) -> None:
    if kwargs:
        raise ValueError(f"{function} does not know the argument {sorted(kwargs)[0]!r}.")
