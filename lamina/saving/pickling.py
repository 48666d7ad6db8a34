"""Pickling models by way of the `.keras` format, so that what comes back went through the same checks as a file."""

from __future__ import annotations

import inspect
from io import BytesIO
from pathlib import Path
from typing import Any

from lamina.core.serialization import builtin_name, get_registered_name
from lamina.saving.archive import ZipArchive
from lamina.saving.model_file import load_from, write_archive


def pickled(model: Any) -> tuple[Any, tuple[bytes, dict[str, Any]]]:
    """Return what `__reduce__` of a model returns: `restored`, and the bytes of an archive.

    Classes and functions that are not registered are named beside it; pickle finds them by their modules, as ever.
    """
    file = BytesIO()
    write_archive(model, file)
    return restored, (file.getvalue(), _own_objects(model))


def restored(data: bytes, own_objects: dict[str, Any]) -> Any:
    """Return the model of an archive in memory.

    Raises:
        LoadError: as for a file.
    """
    archive = ZipArchive(Path("pickled.keras"), BytesIO(data), len(data))
    return load_from(archive, own_objects)


def _own_objects(model: Any) -> dict[str, Any]:
    used = [type(layer) for layer in model.flat_layers()]
    arguments = model._compile_arguments
    if arguments is not None:
        used.append(type(arguments.optimizer))
        for value in (arguments.loss, arguments.metrics, arguments.weighted_metrics):
            leaves = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
            used += [leaf if inspect.isroutine(leaf) else type(leaf) for leaf in leaves]
    own = [value for value in used if builtin_name(value) is None and value.__module__ != "builtins"]
    return {value.__name__: value for value in own if get_registered_name(value) == value.__name__}
