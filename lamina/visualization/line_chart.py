"""Curves drawn in the terminal."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lamina.visualization.canvas import Canvas

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

_STYLES = ("cyan", "yellow", "magenta", "green", "red", "blue")
_MARKS = "*o+x#%"
_DASH_IN_DOTS = 3
_ROWS_BETWEEN_TICKS = 2
_NARROWEST = 24
_LARGE = 1e5


class _Scale(NamedTuple):
    """Maps the values from `low` to `high` to the dots from 0 to `last_dot`."""

    low: float
    high: float
    last_dot: int

    def dot(self, value: float) -> int:
        return round((value - self.low) / (self.high - self.low) * self.last_dot)


class LineChart:
    """Curves over equally spaced steps, drawn in characters; show it with `rich.print` or in a rich console.

    Braille dots make the lines where the output is UTF-8, plain characters where it is not. Curves differ in colour
    and also, for outputs without colour, in dashes: every second one is dashed.

    Args:
        series: names and values of the curves. Values that are not finite leave gaps. A series shorter than the
            longest counts as measured every few steps (every second one if it is half as long).
        title: text above the chart.
        x_label: what the steps are, at the end of the horizontal axis.
        height: rows of the plotting area, in characters, at least 2.
        width: columns of the whole chart, in characters; None takes what the console offers.

    Raises:
        ValueError: if there is no finite value at all, or `height` is below 2.

    Example:
        >>> import rich
        >>> chart = LineChart({"training": [2.0, 1.0, 0.5], "validation": [2.2, 1.3, 1.1]}, title="loss")
        >>> rich.print(chart)  # doctest: +SKIP
    """

    def __init__(
        self,
        series: Mapping[str, Sequence[float]],
        *,
        title: str = "",
        x_label: str = "epoch",
        height: int = 9,
        width: int | None = None,
    ):
        if height < 2:
            raise ValueError(f"LineChart: height must be at least 2 rows, got {height}.")
        finite = [float(value) for values in series.values() for value in values if math.isfinite(value)]
        if not finite:
            raise ValueError(f"LineChart: no finite value to draw in the series {list(series)}.")
        self.series = {name: [float(value) for value in values] for name, values in series.items()}
        self.title = title
        self.x_label = x_label
        self.height = height
        self.width = width
        self._steps = max(map(len, self.series.values()))
        self._tick_step = _nice_step((max(finite) - min(finite)) / (height / _ROWS_BETWEEN_TICKS))
        self._low = math.floor(round(min(finite) / self._tick_step, 6)) * self._tick_step
        self._high = math.ceil(round(max(finite) / self._tick_step, 6)) * self._tick_step
        if self._low == self._high:
            self._high += self._tick_step

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Draw the chart as wide as asked for, or as the console allows."""
        yield from self._lines(min(self.width or options.max_width, options.max_width), options.ascii_only)

    def _lines(self, width: int, ascii_only: bool) -> Iterator["Text"]:
        from rich.text import Text

        corner, tick, side, base = ("+", "+", "|", "-") if ascii_only else ("└", "┤", "│", "─")
        labels = self._y_labels()
        margin = max(map(len, labels.values()))
        columns = max(width, _NARROWEST) - margin - 2
        yield self._heading(ascii_only)
        for index, cells in enumerate(self._canvas(columns, ascii_only).rows()):
            label = labels.get(index)
            axis = Text(f"{label or '':>{margin}} {tick if label else side}", style="dim")
            yield Text.assemble(axis, *cells, no_wrap=True)
        yield Text(" " * (margin + 1) + corner + base * columns, style="dim")
        yield Text(" " * (margin + 2) + self._x_axis(columns), style="dim")

    def _heading(self, ascii_only: bool) -> "Text":
        from rich.text import Text

        heading = Text.assemble((self.title, "bold"), no_wrap=True, overflow="ellipsis")
        for index, name in enumerate(self.series):
            sample = _MARKS[index % len(_MARKS)] if ascii_only else ("╌╌" if index % 2 else "──")
            heading.append("  ").append(sample, style=_STYLES[index % len(_STYLES)]).append(f" {name}")
        return heading

    def _canvas(self, columns: int, ascii_only: bool) -> Canvas:
        canvas = Canvas(columns, self.height, ascii_only)
        horizontal = _Scale(1, max(self._steps, 2), canvas.width - 1)
        vertical = _Scale(self._low, self._high, canvas.height - 1)
        for index, values in enumerate(self.series.values()):
            look = {"style": _STYLES[index % len(_STYLES)], "mark": _MARKS[index % len(_MARKS)]}
            dash = _DASH_IN_DOTS if index % 2 and not ascii_only else 0
            previous = None
            for number, value in enumerate(values, start=1):
                if not math.isfinite(value):
                    previous = None
                    continue
                point = horizontal.dot(number * self._steps / len(values)), vertical.dot(value)
                if previous is None:
                    canvas.dot(*point, **look)
                else:
                    canvas.line(previous, point, **look, dash=dash)
                previous = point
        return canvas

    def _y_labels(self) -> dict[int, str]:
        decimals = max(0, -math.floor(math.log10(self._tick_step) + 1e-9))
        form = f".{decimals}f" if self._tick_step < _LARGE else "g"
        rows = _Scale(self._low, self._high, self.height - 1)
        count = round((self._high - self._low) / self._tick_step)
        ticks = [self._low + index * self._tick_step for index in range(count + 1)]
        return {self.height - 1 - rows.dot(tick): f"{tick:{form}}" for tick in ticks}

    def _x_axis(self, columns: int) -> str:
        label = f"{self.x_label} {self._steps}"
        scale = _Scale(1, max(self._steps, 2), columns - 1)
        axis = [" "] * columns
        step = max(1, round(_nice_step(self._steps / max(columns / 12, 1))))
        for number in [1, *range(step, self._steps, step)]:
            text, place = str(number), scale.dot(number)
            free = columns - len(label) - 1
            if place + len(text) < free and not "".join(axis[max(place - 1, 0) : place + len(text)]).strip():
                axis[place : place + len(text)] = text
        return "".join(axis)[: columns - len(label)] + label


def _nice_step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, the first that is not below `rough`."""
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
