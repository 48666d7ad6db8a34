"""The curves of a training run, in the terminal and as a picture file."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from lamina.visualization.figures import new_figure
from lamina.visualization.line_chart import LineChart

if TYPE_CHECKING:
    from matplotlib.figure import Figure
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


def save_learning_curves(history: Any, path: str | PathLike) -> "Figure":
    """Save the losses and metrics of a training run as a picture: one panel each, training and validation in it.

    Args:
        history: what `fit` returned, or its `history` dict of lists.
        path: file to write; its extension chooses the format (`.png`, `.svg`, `.pdf`).

    Returns:
        The matplotlib `Figure`.

    Raises:
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
        ValueError: if the history is empty.

    Example:
        >>> save_learning_curves({"loss": [1.0, 0.5], "val_loss": [1.1, 0.8]}, "curves.png")  # doctest: +SKIP
    """
    figure = draw_learning_curves(
        history, new_figure("save_learning_curves", width=5.5 * max(1, len(_grouped(history))))
    )
    figure.savefig(path, dpi=150)
    return figure


def show_learning_curves(history: Any) -> "Figure | None":
    """Show the curves: as a picture in a window or a notebook where matplotlib can, in the terminal where not.

    Returns:
        The matplotlib `Figure`, or None.

    Raises:
        ValueError: if the history is empty.
    """
    if not _can_show():
        import rich
        from rich.console import Console

        rich.print(learning_curves(history, width=min(Console().width, 100)))
        return None
    from matplotlib import pyplot

    count = max(1, len(_grouped(history)))
    figure = draw_learning_curves(history, pyplot.figure(figsize=(5.5 * count, 4), layout="constrained"))
    pyplot.show(block=False)
    return figure


def draw_learning_curves(history: Any, figure: "Figure") -> "Figure":
    """Draw the curves on a matplotlib figure and return it.

    Raises:
        ValueError: if the history is empty.
    """
    from matplotlib.ticker import MaxNLocator

    groups = _grouped(history)
    if not groups:
        raise ValueError("learning curves: the history is empty; fit the model for at least one epoch.")
    for axes, (name, series) in zip(figure.subplots(1, len(groups), squeeze=False)[0], groups.items()):
        longest = max(map(len, series.values()))
        for label, values in series.items():
            steps = [(index + 1) * longest / len(values) for index in range(len(values))]
            marker = "o" if len(values) == 1 else None  # a line of one point is not seen
            style = "--" if label == "validation" else "-"
            axes.plot(steps, values, label=label, linestyle=style, linewidth=1.8, marker=marker)
        axes.set_title(name)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    return figure


def _can_show() -> bool:
    """Return whether matplotlib is there and draws where somebody sees it: in a window or a notebook."""
    try:
        import matplotlib
        from matplotlib.backends.registry import BackendFilter, backend_registry
    except ImportError:
        return False
    backend = matplotlib.get_backend().lower()
    windows = {name.lower() for name in backend_registry.list_builtin(BackendFilter.INTERACTIVE)}
    return backend in windows or any(name in backend for name in ("inline", "ipympl"))


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
