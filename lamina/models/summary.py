"""`summary()`: a model as a table, with the operations and the memory that Keras does not show."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from lamina.core.symbolic import is_symbolic
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer
from lamina.models.cost import operations_per_row
from lamina.typing import PyTree

if TYPE_CHECKING:
    from rich.table import Table

_UNITS = ("B", "KB", "MB", "GB", "TB")


def print_summary(
    model: Any,
    *,
    line_length: int | None = None,
    positions: list[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | None = None,
) -> None:
    """Print a table of a model's layers; see `Model.summary` for the arguments."""
    from rich.console import Console  # optional at import time: a tenth of a second

    width = line_length or min(shutil.get_terminal_size((88, 24)).columns, 100)
    console = Console(width=width, highlight=False) if print_fn is None else Console(width=width, no_color=True)
    rows = _rows(model, expand_nested, layer_range)
    with console.capture() as capture:
        console.print(f"[bold]Model: {model.name!r}[/bold]")
        console.print(_table(rows, width, positions, show_trainable))
        for line in _totals(model, rows):
            console.print(f" {line}")
    (print_fn or print)(capture.get().rstrip("\n"))


class _Row:
    """One line of the table: a layer, how deep it is nested, what goes in and out."""

    def __init__(self, layer: Layer, depth: int, inputs: PyTree, outputs: PyTree) -> None:
        self.layer = layer
        self.depth = depth
        self.inputs = inputs
        self.outputs = outputs
        self.operations: int | None = 0 if isinstance(layer, InputLayer) else None
        if inputs is not None:
            self.operations = operations_per_row(layer, inputs)


def _rows(model: Any, expand_nested: bool, layer_range: tuple[str, str] | None, depth: int = 0) -> list[_Row]:
    rows = []
    for layer, inputs, outputs in model.layer_flow():
        rows.append(_Row(layer, depth, inputs, outputs))
        if expand_nested and getattr(layer, "layers", None):
            rows.extend(_rows(layer, True, None, depth + 1))
    return rows if layer_range is None else _between(rows, layer_range)


def _between(rows: list[_Row], layer_range: tuple[str, str]) -> list[_Row]:
    if len(layer_range) != 2:
        raise ValueError(f"layer_range must hold two names, got {layer_range!r}.")
    first, last = (
        [index for index, row in enumerate(rows) if re.match(pattern, row.layer.name)] for pattern in layer_range
    )
    if not first or not last:
        names = ", ".join(row.layer.name for row in rows)
        raise ValueError(f"layer_range {layer_range!r} matches no layers; there are: {names}.")
    return rows[min(first) : max(last) + 1]


def _table(rows: list[_Row], width: int, positions: list[float] | None, show_trainable: bool) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(width=width, header_style="bold", show_lines=False)
    for column, title in enumerate(_titles(show_trainable)):
        table.add_column(title, justify="right" if column in (2, 3) else "left", overflow="fold")
    if positions is not None:
        _set_widths(table, width, positions)
    for row in rows:
        name, *cells = _cells(row, show_trainable)
        table.add_row(f"{escape(name)} ([cyan]{escape(type(row.layer).__name__)}[/cyan])", *cells)
    return table


def summary_table(model: Any) -> tuple[list[str], list[list[str]], list[str]]:
    """Return the titles of the columns of `summary()`, its rows and the lines below them."""
    rows = _rows(model, expand_nested=False, layer_range=None)
    cells = [_cells(row, show_trainable=False) for row in rows]
    named = [[f"{name} ({type(row.layer).__name__})", *rest] for row, (name, *rest) in zip(rows, cells, strict=True)]
    return _titles(show_trainable=False), named, _totals(model, rows)


def _titles(show_trainable: bool) -> list[str]:
    return ["Layer (type)", "Output shape", "Parameters", "FLOPs a row", *(["Trainable"] if show_trainable else [])]


def _cells(row: _Row, show_trainable: bool) -> list[str]:
    count = f"{row.layer.count_params():,}" if row.layer.built else "not built"
    cells = [f"{'  ' * row.depth}{row.layer.name}", _shape_text(row.outputs), count]
    cells.append("?" if row.operations is None else f"{row.operations:,}")
    if show_trainable:
        cells.append(("yes" if row.layer.trainable else "no") if row.layer.weights else "-")
    return cells


def _set_widths(table: Table, width: int, positions: list[float]) -> None:
    if len(positions) < len(table.columns):
        raise ValueError(f"positions must hold {len(table.columns)} shares of the width, got {positions!r}.")
    left = 0
    for column, position in zip(table.columns, positions, strict=False):
        right = int(position * width) if position <= 1 else int(position)
        column.width = max(right - left - 3, 4)
        left = right


def _shape_text(outputs: PyTree) -> str:
    if outputs is None:
        return "?"
    return ", ".join(str(tensor.shape) for tensor in jax.tree.leaves(outputs, is_leaf=is_symbolic))


def _totals(model: Any, rows: list[_Row]) -> list[str]:
    if not model.built:
        return [
            "The model is not built yet: its weights appear when it knows the shape of its input "
            "(Input(shape), build(input_shape) or the first data)."
        ]
    trainable, frozen = _size(model.trainable_weights), _size(model.non_trainable_weights)
    lines = [
        f"Total parameters: {trainable[0] + frozen[0]:,} ({_bytes(trainable[1] + frozen[1])})",
        f"Trainable: {trainable[0]:,} ({_bytes(trainable[1])}), not trainable: {frozen[0]:,} ({_bytes(frozen[1])})",
    ]
    if model.optimizer is not None and model.optimizer.built:
        slots, slot_bytes = _size(model.optimizer.variables)
        lines.append(f"Optimizer: {slots:,} ({_bytes(slot_bytes)})")
    top = [row for row in rows if row.depth == 0]
    if top and all(row.operations is not None for row in top):
        lines.append(f"Operations for one row, forward: {_flops(sum(row.operations or 0 for row in top))}")
    activations = [_activation_bytes(row.outputs) for row in top]
    if activations and all(size is not None for size in activations):
        lines.append(f"Activations of one row: {_bytes(sum(size or 0 for size in activations))}")
    return lines


def _size(variables: list[Any]) -> tuple[int, int]:
    return (
        sum(variable.size for variable in variables),
        sum(variable.size * jnp.dtype(variable.dtype).itemsize for variable in variables),
    )


def _activation_bytes(outputs: PyTree) -> int | None:
    tensors: list[Any] = jax.tree.leaves(outputs, is_leaf=is_symbolic)
    if outputs is None or any(None in tensor.shape[1:] for tensor in tensors):
        return None
    return sum(math.prod(tensor.shape[1:]) * jnp.dtype(tensor.dtype).itemsize for tensor in tensors)


def _bytes(count: float) -> str:
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.0f} {_UNITS[unit]}" if unit == 0 else f"{count:.2f} {_UNITS[unit]}"


def _flops(count: float) -> str:
    for unit in ("", "K", "M", "G"):
        if count < 1000:
            return f"{count:.3g} {unit}FLOPs"
        count /= 1000
    return f"{count:,.3g} TFLOPs"
