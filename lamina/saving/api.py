"""`save_model`, `load_model`, `save_weights`, `load_weights`: which form a file is to have, or has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lamina.saving.archive import WEIGHTS, opened_archive
from lamina.saving.atomic import written_file
from lamina.saving.hdf5 import Group
from lamina.saving.hdf5.writer import write_hdf5
from lamina.saving.legacy_h5 import is_legacy, load_legacy_model, read_legacy_weights, save_legacy_model
from lamina.saving.model_file import load_archive, refuse_overwriting, save_archive
from lamina.saving.opening import is_hdf5, opened_hdf5
from lamina.saving.safetensors import read_safetensors, write_safetensors
from lamina.saving.shards import INDEX_SUFFIX, opened_shards, shard_limit, write_shards
from lamina.saving.tree import AnyGroup
from lamina.saving.weights import read_weights, write_weights

_LEGACY = (".h5", ".hdf5")


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model with its architecture, weights, compile arguments and optimizer state.

    The file takes its name only when it is complete and on the disk; what stood there before stays whole until then.

    Args:
        model: a model.
        filepath: ends in ".keras" for an archive; without an extension it becomes a folder with the same content;
            ".h5" or ".hdf5" is the form of tf.keras 2, for Sequential and Functional models.
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
    if path.suffix in _LEGACY:
        if path.name.endswith(".weights.h5"):
            raise ValueError(f"{path.name!r} is a name for weights alone: write model.save_weights({str(path)!r}).")
        if zipped:
            raise ValueError(f"zipped=True does not go with {str(path)!r}, which is no archive.")
        if refuse_overwriting(path, overwrite):
            save_legacy_model(model, path, include_optimizer=include_optimizer)
        return
    zipped = _is_zipped(path, zipped)
    if refuse_overwriting(path, overwrite):
        save_archive(model, path, zipped=zipped, include_optimizer=include_optimizer)


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Return the model of a `.keras` file, of a folder with the same content, or of an `.h5` file of Keras 2 or 3.

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
    path = _as_path(filepath)
    if not is_hdf5(path):
        return load_archive(path, custom_objects, compile)
    with opened_hdf5(path) as root:
        return load_legacy_model(root, path.name, custom_objects, compile)


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
) -> None:
    """Write the weights of a model, and the state of its optimizer, to a file.

    Args:
        model: a built model.
        filepath: ends in ".weights.h5"; in ".weights.json" for several files and a list of them; or in ".safetensors",
            which holds the weights without the optimizer's state and is no format of Keras's.
        overwrite: whether an existing file may be replaced; see `save_model`.
        max_shard_size: most gigabytes (10^9 bytes) of a single file, for ".weights.json"; default no limit.

    Raises:
        ValueError: for another extension, or a model that has no weights yet.
        SaveError: if the file can't be written; names the path.
    """
    _refuse_unknown("save_weights", kwargs)
    path = _as_path(filepath)
    if not path.name.endswith((".weights.h5", INDEX_SUFFIX, ".safetensors")):
        raise ValueError(
            "Weights are saved to a path that ends in '.weights.h5' (or in '.weights.json' for several files, or in "
            f"'.safetensors'), got {str(path)!r}."
        )
    if max_shard_size is not None and not path.name.endswith(INDEX_SUFFIX):
        raise ValueError(f"With max_shard_size a path must end in '.weights.json', got {str(path)!r}.")
    largest = shard_limit(max_shard_size)
    _require_built(model, "save")
    if not refuse_overwriting(path, overwrite):
        return
    if path.suffix == ".safetensors":
        write_safetensors(model, path)
        return
    weights = write_weights(model)
    if path.name.endswith(INDEX_SUFFIX):
        write_shards(weights, path, largest)
        return
    with written_file(path) as file:
        write_hdf5(weights, file.write)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Give a model the weights, and its optimizer the state, of a file.

    Args:
        model: a built model of the same architecture.
        filepath: a `.weights.h5`, `.weights.json` or `.safetensors` file, a whole `.keras` or `.h5` file, or an `.h5`
            file of weights as tf.keras 2 wrote them.
        skip_mismatch: whether layers that do not fit keep their weights with a warning, in the place of an error.
        kwargs: `objects_to_skip`, a list of layers that keep their weights; `by_name`, for `.h5` files of Keras 2:
            whether layers are found by name, and those that only one side has are passed over.

    Raises:
        LoadError: if weights are missing, unexpected or of another shape; names them all and changes nothing.
    """
    skipped = tuple(kwargs.pop("objects_to_skip", None) or ())
    by_name = bool(kwargs.pop("by_name", False))
    _refuse_unknown("load_weights", kwargs)
    path = _as_path(filepath)
    _require_built(model, "load")
    if path.suffix == ".safetensors":
        _refuse_by_name(path, by_name)
        read_safetensors(model, path, skip_mismatch=skip_mismatch, skipped=skipped)
        return
    with _opened_weights(path) as (root, name):
        if isinstance(root, Group) and is_legacy(root):
            group = root.group("model_weights") or root
            read_legacy_weights(model, group, name, by_name=by_name, skip_mismatch=skip_mismatch, skipped=skipped)
            return
        _refuse_by_name(path, by_name)
        read_weights(model, root, name, skip_mismatch=skip_mismatch, skipped=skipped)


@contextmanager
def _opened_weights(path: Path) -> Iterator[tuple[AnyGroup, str]]:
    """Open the weights of a file, whether it holds a whole model or them alone."""
    if path.name.endswith(INDEX_SUFFIX):
        with opened_shards(path) as root:
            yield root, path.name
    elif path.is_dir() or (path.suffix == ".keras" and not is_hdf5(path)):
        with opened_archive(path) as archive:
            yield archive.weights(), archive.label(WEIGHTS)
    else:
        with opened_hdf5(path) as root:
            yield root, path.name


def _refuse_by_name(path: Path, by_name: bool) -> None:
    if by_name:
        raise ValueError(
            f"by_name=True is for .h5 files of Keras 2, whose layers have names; {path.name!r} is none. "
            "skip_mismatch=True reads what fits."
        )


def _as_path(filepath: Any) -> Path:
    if not isinstance(filepath, str | os.PathLike):
        raise TypeError(f"A path is a string or a pathlib.Path, got {filepath!r}.")
    return Path(filepath)


def _is_zipped(path: Path, zipped: bool | None) -> bool:
    if path.suffix not in (".keras", ""):
        raise ValueError(
            f"A model is saved to a path that ends in '.keras' (or in '.h5', as tf.keras 2 did), or to a folder (a "
            f"path without an extension), got {str(path)!r}. Write model.save({str(path.with_suffix('.keras'))!r})."
        )
    if zipped is not None and zipped != (path.suffix == ".keras"):
        kind = "an archive ends in '.keras'" if zipped else "a folder has no extension"
        raise ValueError(f"The name of {kind}, which does not go with zipped={zipped} and {str(path)!r}.")
    return path.suffix == ".keras"


def _check_save_format(filepath: Any, save_format: Any) -> None:
    suffix = str(filepath).rpartition(".")[2]
    if save_format is not None and save_format != {"hdf5": "h5"}.get(suffix, suffix):
        raise ValueError(f"save_format={save_format!r} does not go with {filepath!r}; leave it out, the path says it.")


def _require_built(model: Any, purpose: str) -> None:
    if not model.built:
        into = "load into" if purpose == "load" else "save"
        raise ValueError(f"Model {model.name!r} has no weights to {into} yet: build it or call it on data first.")


def _refuse_unknown(function: str, kwargs: Mapping[str, Any]) -> None:
    if kwargs:
        raise ValueError(f"{function} does not know the argument {sorted(kwargs)[0]!r}.")
