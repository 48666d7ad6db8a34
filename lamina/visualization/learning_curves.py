"""The curves of a training run, in the terminal and as a picture file."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from lamina.visualization.line_chart import LineChart

if TYPE_CHECKING:
    from rich.table import Table

_FIRST = ("loss", "val_loss")
_LEFT_OUT = ("learning_rate",)
_VALIDATION = "val_"


def learning_curves(history: Any, *, width: int = 80, height: int = 9) -> "Table":
    """Draw the losses and metrics of a training run in the terminal, training and validation in one chart each.

    Args:
        history: what `fit` returned, or its `history` dict of lists.
        width: columns that the charts side by side may take, in characters; below 70 they stand below each other.
        height: rows of each chart's plotting area, in characters.

    Returns:
        A rich renderable: show it with `rich.print`.

    Raises:
        ValueError: if the history holds no finite value.

    Example:
        >>> import rich
        >>> rich.print(learning_curves({"loss": [1.0, 0.5], "val_loss": [1.1, 0.8]}))  # doctest: +SKIP
    """
    from rich.table import Table

    groups = _grouped(history)
    if not groups:
        raise ValueError("learning_curves: the history is empty; fit the model for at least one epoch.")
    side_by_side = 2 if width >= 70 and len(groups) > 1 else 1
    grid = Table.grid(padding=(0, 2, 1, 0))
    charts = [
        LineChart(series, title=name, height=height, width=width // side_by_side - 3) for name, series in groups.items()
    ]
    for first in range(0, len(charts), side_by_side):
        grid.add_row(*charts[first : first + side_by_side])
    return grid


def save_learning_curves(history: Any, path: str | PathLike) -> None:
    """Save the losses and metrics of a training run as a picture: one panel each, training and validation in it.

    Args:
        history: what `fit` returned, or its `history` dict of lists.
        path: file to write; its extension chooses the format (`.png`, `.svg`, `.pdf`).

    Raises:
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
        ValueError: if the history is empty.

    Example:
        >>> save_learning_curves({"loss": [1.0, 0.5], "val_loss": [1.1, 0.8]}, "curves.png")  # doctest: +SKIP
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator
    except ImportError as error:
        raise ImportError("save_learning_curves needs matplotlib: pip install 'lamina[plot]'") from error

    groups = _grouped(history)
    if not groups:
        raise ValueError("save_learning_curves: the history is empty; fit the model for at least one epoch.")
    # A Figure of its own, not pyplot: no window system is asked for and no figure stays open.
    figure = Figure(figsize=(5.5 * len(groups), 4), layout="constrained")
    for axes, (name, series) in zip(figure.subplots(1, len(groups), squeeze=False)[0], groups.items()):
        longest = max(map(len, series.values()))
        for label, values in series.items():
            steps = [(index + 1) * longest / len(values) for index in range(len(values))]
            axes.plot(steps, values, label=label, linestyle="--" if label == "validation" else "-", linewidth=1.8)
        axes.set_title(name)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def _grouped(history: Any) -> dict[str, dict[str, Sequence[float]]]:
    """Return `{"loss": {"training": [...], "validation": [...]}, ...}` of a history."""
    curves: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    groups: dict[str, dict[str, Sequence[float]]] = {}
    for name, values in sorted(curves.items(), key=lambda curve: curve[0] not in _FIRST):
        if name in _LEFT_OUT or not len(values):
            continue
        part = "validation" if name.startswith(_VALIDATION) else "training"
        groups.setdefault(name.removeprefix(_VALIDATION), {})[part] = values
    return groups
