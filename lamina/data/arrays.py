"""Arrays, lists and tables as pytrees of NumPy or JAX arrays with a common number of rows."""

from __future__ import annotations

import inspect
from numbers import Number
from typing import Any

import jax
import numpy as np

from lamina import config
from lamina.core.arrays import empty_array, frozen
from lamina.core.variable import Variable
from lamina.data.host_rows import HostRows, stays_on_host
from lamina.errors import plural
from lamina.typing import PyTree

_SPARSE_LIMIT = 256 * 1024**2  # bytes: larger sparse matrices are made dense batch by batch


def as_arrays(data: PyTree, what: str) -> PyTree:
    """Return `data` with every leaf as a NumPy or JAX array of a dtype that the device holds.

    What lies in a memory-mapped file, and sparse matrices that would be large, stay where they are, as `HostRows`.

    Floats become `floatx()`, 64-bit integers 32-bit ones. A list of numbers is an array; a list of arrays stays a list.

    Args:
        data: arrays, lists of numbers, tables (pandas, polars), tensors, or dictionaries, lists and tuples of those.
        what: the argument's name, for messages.

    Raises:
        ValueError: for strings, objects and ragged lists; names the column of a table.
        TypeError: for things that hold no numbers.
    """
    if data is None:
        return None
    if isinstance(data, dict):
        return {key: as_arrays(value, f"{what}[{key!r}]") for key, value in data.items()}
    if isinstance(data, list | tuple):
        if not data or _holds_numbers(data):
            return _standard(_from_list(data, what), what)
        items = [as_arrays(value, f"{what}[{index}]") for index, value in enumerate(data)]
        return tuple(items) if isinstance(data, tuple) else items
    return _standard(_from_object(data, what), what)


def rows(data: PyTree, what: str) -> int:
    """Return the common number of rows.

    Raises:
        ValueError: if arrays differ in length, have no rows, or have no axes.
    """
    leaves = jax.tree.leaves(data)
    if not leaves:
        raise ValueError(f"{what} holds no arrays.")
    for leaf in leaves:
        if leaf.ndim == 0:
            hint = " Put single examples together first: dataset.batch(32)." if "a batch" in what else ""
            raise ValueError(f"{what} must hold arrays whose first axis counts the rows; got a single number.{hint}")
    counts = {leaf.shape[0] for leaf in leaves}
    if len(counts) > 1:
        raise ValueError(f"The arrays in {what} must have the same number of rows, got {sorted(counts)}.")
    return counts.pop()


def check_rows(**data: PyTree) -> int:
    """Return the number of rows that all given arguments share.

    Raises:
        ValueError: if they differ, or if there are none.
    """
    counts = {name: rows(value, name) for name, value in data.items() if value is not None}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {plural(count, 'row')}" for name, count in counts.items())
        for name, value in data.items():
            if isinstance(value, list | tuple) and len(value) in set(counts.values()) - {counts.get(name)}:
                raise ValueError(
                    f"{name} is a list of {len(value):,} arrays, which counts as {len(value):,} inputs, each "
                    f"with {plural(counts[name], 'row')} ({told}). To make one array of rows write "
                    f"{name} = np.array({name})."
                )
        raise ValueError(f"The data differ in length: {told}. Every row of x needs its row in the others.")
    count = next(iter(counts.values()))
    if count == 0:
        raise ValueError(f"The data are empty: {' and '.join(counts)} hold{'' if len(counts) > 1 else 's'} no rows.")
    return count


def take(data: PyTree, index: Any) -> PyTree:
    """Return the rows that `index` (a slice or an array) selects."""
    return jax.tree.map(lambda leaf: leaf[index], data)


def rows_with_nan(data: PyTree) -> tuple[int, int]:
    """Return how many rows hold a NaN or an infinity, and the first of them (-1 where none does)."""
    bad: Any = None
    for leaf in jax.tree.leaves(data):
        if isinstance(leaf, HostRows) or not np.issubdtype(leaf.dtype, np.floating):
            continue  # what is read batch by batch is not read twice
        host = np.asarray(leaf)
        with np.errstate(over="ignore", invalid="ignore"):
            if np.isfinite(host.sum(dtype=host.dtype)):  # one cheap pass clears the usual case
                continue
        found = np.logical_not(np.isfinite(host).reshape(host.shape[0], -1).all(axis=1))
        bad = found if bad is None else bad | found
    if bad is None or not bad.any():
        return 0, -1
    return int(bad.sum()), int(np.argmax(bad))


def _holds_numbers(values: Any) -> bool:
    """Tell a (nested) list of numbers from a list of arrays."""
    first = values[0]
    while isinstance(first, list | tuple) and first:
        first = first[0]
    return first is None or isinstance(first, bool | int | float | complex | str | bytes | np.generic)


def _from_list(values: Any, what: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:
        lengths = sorted({len(row) for row in values if hasattr(row, "__len__")})
        raise ValueError(
            f"{what} is a list whose rows differ in length (from {lengths[0]} to {lengths[-1]}). Make them equal, "
            "for example with lamina.utils.pad_sequences."
        ) from None


def _from_object(value: Any, what: str) -> Any:
    if isinstance(value, Variable):
        return value.value
    if isinstance(value, np.ndarray | jax.Array):
        return value
    if hasattr(value, "collect_schema") and not hasattr(value, "to_numpy"):
        raise TypeError(f"{what} is a {type(value).__name__}, which has no values yet: pass {what}.collect().")
    if hasattr(value, "columns") and hasattr(value, "dtypes"):
        return _from_table(value, what)
    if hasattr(value, "detach"):  # torch
        return value.detach().cpu().numpy()
    if hasattr(value, "toarray"):  # scipy.sparse
        dense = int(np.prod(value.shape, dtype="int64")) * value.dtype.itemsize
        return value.toarray() if dense <= _SPARSE_LIMIT else value.tocsr()
    if hasattr(value, "to_numpy"):
        return np.asarray(value.to_numpy())
    if hasattr(value, "__array__") or isinstance(value, bool | int | float):
        return np.asarray(value)
    if isinstance(value, type):
        raise TypeError(f"{what} is the class {value.__name__}: make an object of it, {value.__name__}(...).")
    if inspect.isroutine(value):
        raise TypeError(f"{what} is the function {value.__name__}: pass what it returns, {value.__name__}().")
    raise TypeError(
        f"{what} is of type {type(value).__name__}, which lamina can't read as arrays. Pass NumPy or JAX arrays, lists "
        "of numbers, pandas or polars tables, torch tensors, or dictionaries, lists and tuples of those."
    )


def _from_table(table: Any, what: str) -> np.ndarray:
    columns = list(table.columns)
    parts = []
    for position, column in enumerate(columns):
        values = np.asarray(table.iloc[:, position] if hasattr(table, "iloc") else table[column].to_numpy())
        if values.dtype.kind in "OUSMmc":
            example = next((value for value in values if isinstance(value, str)), values[0] if len(values) else None)
            if values.dtype.kind in "Mm":
                raise ValueError(
                    f"{what}: the column {column!r} holds dates or times (dtype {values.dtype}), no numbers. Make "
                    f"numbers of them, for example frame[{column!r}].dt.dayofyear, or leave it out."
                )
            raise ValueError(
                f"{what}: the column {column!r} holds no numbers (dtype {values.dtype}, for example {example!r}). "
                f"Encode it, for example with pandas.get_dummies(frame, columns=[{column!r}], dtype='float32'), "
                "or leave it out."
            )
        parts.append(values)
    return np.stack(parts, axis=1) if parts else np.zeros((len(table), 0), config.floatx())


def _standard(array: Any, what: str) -> Any:
    kind = array.dtype.kind
    if kind in "OUSMmc":
        missing = [place for place, value in np.ndenumerate(array) if value is None] if kind == "O" else []
        if len(missing):
            raise ValueError(
                f"{what} holds None in {plural(len(missing), 'place')} (the first is at "
                f"{missing[0]}), so it is no array of numbers. Drop those rows, or fill them: "
                "np.array(values, dtype='float32') makes NaN of None, np.nan_to_num numbers of NaN."
            )
        if kind == "c":
            raise ValueError(
                f"{what} has dtype {array.dtype}; a model computes with real numbers. Pass the parts side by side, for "
                "example np.concatenate([values.real, values.imag], axis=-1)."
            )
        values = np.asarray(array[:1000]).ravel().tolist()
        example = [value for value in values if not isinstance(value, Number)] or values
        told = f", for example {example[0]!r}" if example else ""
        raise ValueError(
            f"{what} has dtype {array.dtype}{told}; a model computes with numbers. Convert it, for example with "
            "np.asarray(values, dtype='float32'), or number the labels with np.unique(labels, return_inverse=True)."
        )
    wanted = None
    if kind == "f" or array.dtype.name == "bfloat16":
        wanted = config.floatx() if array.dtype.itemsize == 8 and config.floatx() != "float64" else None
    elif kind in "iu" and array.dtype.itemsize == 8:
        wanted = "int32" if kind == "i" else "uint32"
    if stays_on_host(array) or not hasattr(array, "__array__"):
        return HostRows(array, array.dtype if wanted is None else wanted)
    if wanted is None:
        return array
    if not isinstance(array, np.ndarray):
        return array.astype(wanted)
    converted = empty_array(array.shape, np.dtype(wanted))
    np.copyto(converted, array, casting="unsafe")
    return frozen(converted)
