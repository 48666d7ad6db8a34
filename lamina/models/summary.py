"""`summary()`: a model as a table, with the operations and the memory that Keras does not show."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from lamina.core import shapes
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer
from lamina.typing import PyTree, Shape

if TYPE_CHECKING:
    from rich.table import Table

_DEFAULT_POSITIONS = (0.42, 0.66, 0.83, 1.0)
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
