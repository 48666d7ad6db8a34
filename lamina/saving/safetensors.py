"""Weights by path in the format of safetensors: a header in JSON, then the arrays.

Reading it with all checks is a page, and so is writing it in one pass. With the safetensors package the checks would
still stand here (it takes headers that say a thing twice), and its writer gathers all arrays in memory first.

Format: https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from lamina.core.arrays import empty_array
from lamina.core.variable import Variable
from lamina.errors import warn
from lamina.saving import strict_json
from lamina.saving.atomic import written_file
from lamina.saving.errors import LoadError
from lamina.saving.hdf5.source import Source
from lamina.saving.hdf5.writer import write_array
from lamina.saving.opening import opened_source
from lamina.saving.weights import Assignment, assign, fits, told

_LARGEST_HEADER = 100_000_000
_MOST_ARRAYS = 100_000
_DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "F16": "float16",
    "BF16": "bfloat16",
    "U32": "uint32",
    "I32": "int32",
    "F32": "float32",
    "U64": "uint64",
    "I64": "int64",
    "F64": "float64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}
_CODES = {name: code for code, name in _DTYPES.items()}


class Tensor(NamedTuple):
    """An array in a file."""

    source: Source
    shape: tuple[int, ...]
    dtype: str
    start: int

    @property
    def nbytes(self) -> int:
        """Bytes that the values take."""
        return math.prod(self.shape) * jnp.dtype(self.dtype).itemsize

    def verify(self) -> None:
        """Raise unless the file holds the values."""
        self.source.check(self.start, self.nbytes)

    def read(self) -> np.ndarray:
        """Return the values, in memory that nobody else uses."""
        array = empty_array(self.shape, np.dtype(jnp.dtype(self.dtype)))
        if self.nbytes:
            self.source.read_into(self.start, array.reshape(-1).view(np.uint8).data)
        return array


def read_header(source: Source) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the arrays of a file by name, and what else its header says.

    Raises:
        LoadError: if the header is not one, or the arrays do not fill the rest of the file exactly, each byte once.
    """
    if source.size < 10:
        source.fail("this is no safetensors file: it is too short.")
    size = int.from_bytes(source.read(0, 8), "little")
    if size > _LARGEST_HEADER:
        source.fail(f"its header would have {size:,} bytes; {_LARGEST_HEADER:,} are the most that the format allows.")
    text = source.read(8, size) if size else b""
    if not text.startswith(b"{"):
        source.fail("this is no safetensors file: its header does not begin with '{'.")
    header = strict_json.parse(text, f"{source.name}: header")
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(value, str) for value in notes.values()):
        source.fail("the notes in its header ('__metadata__') are no texts by name.")
    if len(header) > _MOST_ARRAYS:
        source.fail(f"it holds {len(header):,} arrays; models have some hundreds.")
    ends = {name: _checked(source, name, told, 8 + size) for name, told in header.items()}
    position = 8 + size
    for name, (tensor, end) in sorted(ends.items(), key=lambda entry: (entry[1][0].start, entry[1][1])):
        if tensor.start != position:
            source.fail(
                f"before {name!r} the arrays overlap or leave a hole; the file is damaged or was made to deceive."
            )
        position = end
    if position != source.size:
        source.fail(f"it has {source.size:,} bytes, but its header describes {position:,}: was it cut off?")
    return {name: tensor for name, (tensor, _) in ends.items()}, notes


def _checked(source: Source, name: str, described: Any, first: int) -> tuple[Tensor, int]:
    if not isinstance(described, dict) or set(described) != {"dtype", "shape", "data_offsets"}:
        source.fail(f"{name!r} is not described by dtype, shape and data_offsets.")
    dtype, shape, offsets = described["dtype"], described["shape"], described["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        source.fail(f"{name!r} holds numbers of type {str(dtype)[:40]!r}, which lamina does not have.")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        source.fail(f"the shape or the place of {name!r} is no list of whole numbers.")
    tensor = Tensor(source, tuple(shape), _DTYPES[dtype], first + offsets[0])
    if tensor.nbytes != offsets[1] - offsets[0]:
        needed, given = tensor.nbytes, offsets[1] - offsets[0]
        source.fail(f"{name!r} of shape {tensor.shape} needs {needed:,} bytes, but {given:,} are given.")
    source.check(tensor.start, tensor.nbytes)
    return tensor, first + offsets[1]


def _are_sizes(values: Any) -> bool:
    return isinstance(values, list) and len(values) <= 64 and all(type(value) is int and value >= 0 for value in values)


def read_safetensors(model: Any, path: Path, *, skip_mismatch: bool = False, skipped: tuple[Any, ...] = ()) -> None:
    """Give a model the weights of a file; see `weights.read_weights`."""
    variables = _by_path(model)
    kept = {id(variable) for layer in skipped for variable in layer.weights}
    with opened_source(path) as source:
        tensors, _ = read_header(source)
        assignments: list[Assignment] = []
        problems = []
        for name, variable in variables.items():
            if id(variable) in kept:
                continue
            if name not in tensors:
                problems.append(f"{name}: missing in the file, shape {variable.shape} expected")
            elif wrong := fits(name, tensors[name], variable):
                problems += wrong
            else:
                assignments.append(Assignment(variable, tensors[name]))
        problems += [f"{name}: the file holds it, the model has no place for it" for name in tensors.keys() - variables]
        if problems:
            if not skip_mismatch:
                raise LoadError(told(path.name, problems))
            warn(f"{told(path.name, problems)}\nThese weights stay as they were (skip_mismatch=True).")
        assign(assignments, path.name)


def write_safetensors(model: Any, path: Path) -> None:
    """Write the weights of a model by path."""
    variables = _by_path(model)
    header: dict[str, Any] = {"__metadata__": {"format": "lamina"}}
    position = 0
    for name, variable in variables.items():
        code = _CODES.get(variable.dtype)
        if code is None:
            raise ValueError(f"{name!r} is of dtype {variable.dtype}, which safetensors files don't have.")
        size = variable.size * jnp.dtype(variable.dtype).itemsize
        header[name] = {"dtype": code, "shape": list(variable.shape), "data_offsets": [position, position + size]}
        position += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with written_file(path) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for variable in variables.values():
            write_array(file.write, variable.array)


def _by_path(model: Any) -> dict[str, Variable]:
    """Return the weights by path below the model, so that the model's own name does not matter."""
    found = {variable.path.removeprefix(f"{model.path}/"): variable for variable in model.weights}
    if len(found) != len(model.weights):
        raise ValueError(f"Model {model.name!r} has several weights of one path; give its layers names that differ.")
    return found
