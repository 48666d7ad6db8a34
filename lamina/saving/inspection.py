"""`inspect`: what is in a model file, told without building or running anything of it."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lamina.ops  # noqa: F401  (defines the functions that graphs may hold)
from lamina.core.naming import numbered_name, snake_case
from lamina.core.recording import OPERATIONS
from lamina.core.registry import find
from lamina.core.serialization import PRIMITIVES
from lamina.saving import strict_json
from lamina.saving.archive import ASSETS, CONFIG, METADATA, WEIGHTS, Archive, opened_archive
from lamina.saving.errors import LoadError, printable
from lamina.saving.hdf5 import Group, open_hdf5
from lamina.saving.keras2 import modernized
from lamina.saving.legacy_h5 import is_legacy, stored_arrays
from lamina.saving.opening import is_hdf5, opened_source
from lamina.saving.safetensors import read_header
from lamina.saving.shards import INDEX_SUFFIX, opened_shards, read_index
from lamina.saving.tree import VARIABLES, AnyGroup

_SHOWN = 200
_MOST_FINDINGS = 200
_DEEPEST = 20
_CODE = "holds the code of a Python lambda, which lamina never runs"
_OF_OTHER_PROGRAMS = {
    "TFSMLayer": "runs another model from the disk",
    "TorchModuleWrapper": "holds a pickled PyTorch module, which can run any code",
    "JaxLayer": "holds a function of Python",
    "FlaxLayer": "holds a function of Python",
}
_READ_FROM_FILES = ("vocabulary", "filepath", "file_path", "filename")


@dataclasses.dataclass(frozen=True)
class StoredArray:
    """An array in a file.

    Attributes:
        path: where it stands.
        shape: sizes by axis.
        dtype: name of the values' type; None where they are no numbers.
        size: number of values.
        nbytes: bytes that the values take in memory.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str | None
    size: int
    nbytes: int


@dataclasses.dataclass(frozen=True)
class StoredLayer:
    """A layer in a file.

    Attributes:
        name: its path of names.
        class_name: its class; None where the file does not tell.
        arrays: its weights, and those of what lies within it and has no row of its own.
    """

    name: str
    class_name: str | None
    arrays: tuple[StoredArray, ...]

    @property
    def parameters(self) -> int:
        """Number of values in its weights."""
        return sum(array.size for array in self.arrays)


@dataclasses.dataclass
class Contents:
    """What is in a model file; `str` of it is a report.

    Attributes:
        path: the file.
        kind: what kind of file it is, in words.
        nbytes: its size on the disk.
        keras_version: the release of Keras whose format it has; None where the file does not tell.
        date_saved: when it was written, as the file says; None where it does not.
        class_name: class of the model; None for weights alone.
        name: name of the model.
        layers: the layers with their weights, in the order of the model.
        optimizer: class of the optimizer; None where there is none.
        optimizer_arrays: its state.
        loss: what the model is compiled with, in JSON types.
        metrics: the same for metrics.
        members: bytes of each member of an archive, by name.
        suspicious: what a person should look at before using the file, in words; what lamina would refuse among it.
    """

    path: str
    kind: str
    nbytes: int
    keras_version: str | None = None
    date_saved: str | None = None
    class_name: str | None = None
    name: str | None = None
    layers: list[StoredLayer] = dataclasses.field(default_factory=list)
    optimizer: str | None = None
    optimizer_arrays: list[StoredArray] = dataclasses.field(default_factory=list)
    loss: Any = None
    metrics: Any = None
    members: dict[str, int] = dataclasses.field(default_factory=dict)
    suspicious: list[str] = dataclasses.field(default_factory=list)

    @property
    def parameters(self) -> int:
        """Number of values in the weights."""
        return sum(layer.parameters for layer in self.layers)

    def __str__(self) -> str:
        return _report(self)


def inspect(filepath: str | os.PathLike[str]) -> Contents:
    """Return what is in a model or weight file, without building or running anything of it.

    Only headers and the configuration are read, so a file of many gigabytes takes milliseconds.

    Args:
        filepath: a `.keras` file or folder, `.h5`, `.weights.h5`, `.weights.json` or `.safetensors`.

    Raises:
        LoadError: if it is none of these. A part that is damaged or refused is told in `suspicious`.

    Example:
        >>> model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(2)])
        >>> model.save("model.keras")
        >>> contents = lamina.saving.inspect("model.keras")
        >>> contents.parameters, [layer.class_name for layer in contents.layers]
        (10, ['InputLayer', 'Dense'])
    """
    if not isinstance(filepath, str | os.PathLike):
        raise TypeError(f"A path is a string or a pathlib.Path, got {filepath!r}.")
    path = Path(filepath)
    if path.name.endswith(INDEX_SUFFIX):
        return _inspect_shards(path)
    if path.suffix == ".safetensors":
        return _inspect_safetensors(path)
    if is_hdf5(path):
        return _inspect_hdf5(path)
    return _inspect_archive(path)


def _inspect_archive(path: Path) -> Contents:
    with opened_archive(path) as archive:
        contents = Contents(str(path), "Keras folder" if path.is_dir() else "Keras archive", _size_of(path))
        contents.members = dict(archive.sizes)
        unknown = [name for name in archive.sizes if name not in (CONFIG, METADATA, WEIGHTS)]
        contents.suspicious += [
            f"{name}: Keras writes no such member" for name in unknown if not name.startswith(f"{ASSETS}/")
        ]
        metadata = _json(archive, METADATA, contents) if METADATA in archive.sizes else None
        if isinstance(metadata, dict):
            contents.keras_version = _text(metadata.get("keras_version"))
            contents.date_saved = _text(metadata.get("date_saved"))
        config = _json(archive, CONFIG, contents)
        _describe_model(config, contents)
        with _suspected(contents):
            _describe_weights(open_hdf5(archive.source(WEIGHTS)), config, contents)
    return contents


def _inspect_hdf5(path: Path) -> Contents:
    contents = Contents(str(path), "HDF5 file", _size_of(path))
    with opened_source(path) as source, _suspected(contents):
        root = open_hdf5(source)
        if is_legacy(root):
            _describe_legacy(root, path.name, contents)
        else:
            contents.kind = "Keras weights"
            _describe_weights(root, None, contents)
    return contents


def _describe_legacy(root: Group, name: str, contents: Contents) -> None:
    group = root.group("model_weights")
    contents.kind = "Keras 2 weights" if group is None else "Keras .h5 model"
    contents.keras_version = _text((root if group is None else group).attributes.get("keras_version"))
    texts = {}
    for part in ("model_config", "training_config"):
        text = root.attributes.get(part)
        with _suspected(contents):
            texts[part] = strict_json.parse(text, f"{name}: {part}") if isinstance(text, str) else None
    config, training = texts.get("model_config"), texts.get("training_config")
    if isinstance(config, dict) and isinstance(training, dict):
        config = {**config, "compile_config": {**training, "optimizer": training.get("optimizer_config")}}
    _describe_model(config, contents)
    classes = dict(_classes(config))
    for layer, arrays in stored_arrays(group or root).items():
        found = tuple(_array(f"{layer}/{key}", dataset) for key, dataset in arrays.items())
        contents.layers.append(StoredLayer(layer, classes.get(layer), found))
    optimizer = root.group("optimizer_weights")
    if optimizer is not None:
        contents.optimizer_arrays = [_array(key, item) for key, item in optimizer.all_datasets().items()]


def _inspect_shards(path: Path) -> Contents:
    names = read_index(path)
    contents = Contents(str(path), f"Keras weights in {len(names)} files", _size_of(path))
    with _suspected(contents), opened_shards(path) as root:
        contents.members = {name: _size_of(path.with_name(name)) for name in names}
        contents.nbytes += sum(contents.members.values())
        _describe_weights(root, None, contents)
    return contents


def _inspect_safetensors(path: Path) -> Contents:
    contents = Contents(str(path), "safetensors weights", _size_of(path))
    with _suspected(contents), opened_source(path) as source:
        tensors, _ = read_header(source)
        by_layer: dict[str, list[StoredArray]] = {}
        for name, tensor in tensors.items():
            array = StoredArray(name, tensor.shape, tensor.dtype, math.prod(tensor.shape), tensor.nbytes)
            by_layer.setdefault(name.rpartition("/")[0], []).append(array)
        contents.layers = [StoredLayer(name, None, tuple(arrays)) for name, arrays in by_layer.items()]
    return contents


# Configurations


def _json(archive: Archive, name: str, contents: Contents) -> Any:
    with _suspected(contents):
        return strict_json.parse(archive.text(name), archive.label(name))
    return None


def _describe_model(config: Any, contents: Contents) -> None:
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        if config is not None:
            contents.suspicious.append("the configuration describes no model")
        return
    contents.class_name = config["class_name"]
    inner = config.get("config")
    contents.name = _text(inner.get("name")) if isinstance(inner, dict) else None
    compiled = config.get("compile_config")
    if isinstance(compiled, dict):
        optimizer = compiled.get("optimizer")
        name = optimizer.get("class_name") if isinstance(optimizer, dict) else optimizer
        contents.optimizer = _text(name).removeprefix("Custom>") if _text(name) else None
        contents.loss, contents.metrics = compiled.get("loss"), compiled.get("metrics")
    try:
        found = list(itertools.islice(_suspicious(config, ""), _MOST_FINDINGS))
        contents.suspicious += dict.fromkeys(found)
        if len(found) == _MOST_FINDINGS:
            contents.suspicious.append(f"there is more: only the first {_MOST_FINDINGS} findings are told")
    except RecursionError:
        contents.suspicious.append("the configuration is nested too deeply")


def _suspicious(value: Any, path: str) -> Iterator[str]:
    """Yield what is to be looked at in a configuration."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _suspicious(item, f"{path}[{index}]")
        return
    if not isinstance(value, dict):
        return
    name = value.get("class_name")
    if "class_name" in value:
        problem = _problem(value)
        if problem:
            yield f"{path or 'model'}: {problem}"
        if not isinstance(name, str) or name in ("__lambda__", "function"):
            return
    for key, item in value.items():
        if key in _READ_FROM_FILES and isinstance(item, str):
            yield f"{path}.{key}: names the file or address {item[:80]!r}, which is not opened"
        yield from _suspicious(item, f"{path}.{key}".removeprefix("."))


def _problem(node: Mapping[str, Any]) -> str | None:
    """Return what is the matter with the description of one object, not looking at what it holds."""
    name, inner = node["class_name"], node.get("config")
    if not isinstance(name, str):
        return f"names its class by {type(name).__name__}"
    if name == "__lambda__":
        return _CODE
    if name in PRIMITIVES:
        return None
    if name == "Lambda" and isinstance(inner, dict) and isinstance(inner.get("function"), list | str):
        return _CODE
    if name in _OF_OTHER_PROGRAMS:
        return f"{name} {_OF_OTHER_PROGRAMS[name]}; lamina does not have it"
    if str(node.get("module")).startswith(("keras.src.ops.", "keras.src.activations")) and name in OPERATIONS:
        return None
    try:
        find(_without_keras_2(node))
    except (ValueError, TypeError):
        what = repr(inner if name == "function" else name)[:80]
        module = node.get("module")
        where = f" of module {str(module)[:80]!r}" if module else ""
        return f"names {what}{where}, which is neither part of lamina nor registered"
    return None


def _without_keras_2(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the class of a description in the words of Keras 3; its arguments don't matter here."""
    if node["class_name"] in ("function",):
        return node
    return {**modernized({**node, "config": {}}), "config": node.get("config")}


def _classes(config: Any) -> Iterator[tuple[str, str]]:
    """Yield name and class of each layer of a model."""
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    for layer in layers if isinstance(layers, list) else ():
        if isinstance(layer, dict) and isinstance(layer.get("config"), dict):
            yield str(layer["config"].get("name")), str(layer.get("class_name"))


# Weights


def _describe_weights(root: AnyGroup, config: Any, contents: Contents) -> None:
    remaining = _Unassigned({path: _array(path, dataset) for path, dataset in root.all_datasets().items()})
    for layer in _layers(config, "", "layers", remaining, frozenset()):
        contents.layers.append(layer)
    contents.optimizer_arrays = remaining.taken("optimizer/")
    remaining.taken("metrics/")
    remaining.taken("compile_metrics/")
    groups: dict[str, list[StoredArray]] = {}
    for path, array in remaining.arrays.items():
        groups.setdefault(path.rpartition("/")[0].removesuffix(VARIABLES).strip("/"), []).append(array)
    for path, arrays in groups.items():
        contents.layers.append(StoredLayer(_told_name(root, path) or path, None, tuple(arrays)))


def _layers(config: Any, names: str, place: str, remaining: _Unassigned, seen: frozenset[int]) -> Iterator[StoredLayer]:
    """Yield the layers that a configuration describes, with what the file holds for each."""
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else None
    counts: dict[str, int] = {}
    for layer in layers if isinstance(layers, list) and len(seen) < 64 else ():
        if not isinstance(layer, dict) or not isinstance(layer.get("class_name"), str):
            continue
        class_name, own = layer["class_name"], layer.get("config")
        key = numbered_name(snake_case(class_name), counts)
        name = f"{names}/{own.get('name')}".strip("/") if isinstance(own, dict) else key
        if isinstance(own, dict) and isinstance(own.get("layers"), list):
            yield from _layers(layer, name, f"{place}/{key}/layers", remaining, seen | {id(layer)})
        yield StoredLayer(name, class_name, tuple(remaining.taken(f"{place}/{key}/")))


class _Unassigned:
    """The arrays of a file that no layer was found for yet."""

    def __init__(self, arrays: dict[str, StoredArray]) -> None:
        self.arrays = arrays
        self._paths = sorted(arrays)

    def taken(self, prefix: str) -> list[StoredArray]:
        """Return the arrays whose paths begin so, which are no longer among them."""
        found = []
        for index in range(bisect.bisect_left(self._paths, prefix), len(self._paths)):
            path = self._paths[index]
            if not path.startswith(prefix):
                break
            if path in self.arrays:
                found.append(self.arrays.pop(path))
        return found


def _told_name(root: AnyGroup, path: str) -> str | None:
    group: Any = root
    for part in [*path.split("/"), VARIABLES] if path else [VARIABLES]:
        group = group.group(part) if group is not None else None
    return _text(group.attributes.get("name")) if group is not None else None


def _array(path: str, dataset: Any) -> StoredArray:
    dataset.check()
    return StoredArray(path, tuple(dataset.shape), dataset.dtype, dataset.size, dataset.nbytes)


@contextmanager
def _suspected(contents: Contents) -> Iterator[None]:
    """Tell what is the matter with a part of a file in the place of giving up the others."""
    try:
        yield
    except LoadError as error:
        contents.suspicious.append(str(error))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _size_of(path: Path) -> int:
    if path.is_dir():
        return sum(entry.stat().st_size for entry in path.rglob("*") if entry.is_file())
    return path.stat().st_size if path.exists() else 0


# The report


def _report(contents: Contents) -> str:
    lines = [f"{contents.path}: {contents.kind}, {_bytes(contents.nbytes)}"]
    saved = [f"Keras {contents.keras_version}"] if contents.keras_version else []
    saved += [contents.date_saved] if contents.date_saved else []
    if saved:
        lines.append("written by " + ", ".join(saved))
    if contents.class_name:
        lines.append(f"{contents.class_name} {contents.name or ''}".rstrip())
    shown = contents.layers[:_SHOWN]
    if shown:
        rows = [("layer", "class", "parameters", "weights")]
        rows += [(layer.name, layer.class_name or "", f"{layer.parameters:,}", _weights(layer)) for layer in shown]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines.append("")
        for name, class_name, parameters, weights in rows:
            row = f"{name:<{widths[0]}}  {class_name:<{widths[1]}}  {parameters:>{widths[2]}}  {weights}"
            lines.append(f"  {row.rstrip()}")
        if len(contents.layers) > _SHOWN:
            lines.append(f"  and {len(contents.layers) - _SHOWN:,} more layers")
        lines.append("")
    arrays = [array for layer in contents.layers for array in layer.arrays]
    dtypes = sorted({str(array.dtype) for array in arrays})
    told = f" of {', '.join(dtypes)}" if dtypes else ""
    lines.append(f"parameters: {contents.parameters:,}{told}, {_bytes(sum(array.nbytes for array in arrays))}")
    if contents.optimizer or contents.optimizer_arrays:
        state = sum(array.nbytes for array in contents.optimizer_arrays)
        lines.append(f"optimizer: {contents.optimizer or 'not told'}, state {_bytes(state)}")
    if contents.loss is not None:
        lines.append(f"loss: {_names(contents.loss)}")
    if contents.metrics:
        lines.append(f"metrics: {_names(contents.metrics)}")
    if contents.suspicious:
        lines.append("suspicious:")
        lines += [f"  - {problem}" for problem in contents.suspicious[:_SHOWN]]
        if len(contents.suspicious) > _SHOWN:
            lines.append(f"  and {len(contents.suspicious) - _SHOWN:,} more")
    else:
        lines.append("suspicious: nothing found")
    return "\n".join(printable(line) for line in lines)


def _weights(layer: StoredLayer) -> str:
    shapes = [f"{array.path.rpartition('/')[2]} {array.shape}" for array in layer.arrays[:6]]
    more = f" and {len(layer.arrays) - 6} more" if len(layer.arrays) > 6 else ""
    return ", ".join(shapes) + more


def _names(value: Any, depth: int = 0) -> str:
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, list):
        return ", ".join(_names(item, depth + 1) for item in value)
    if isinstance(value, dict) and "class_name" in value:
        return str(value["config"] if value["class_name"] == "function" else value["class_name"])
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_names(item, depth + 1)}" for key, item in value.items())
    return str(value)


def _bytes(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError
