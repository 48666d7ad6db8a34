"""Traces drawn in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.inspection.words import number

if TYPE_CHECKING:
    from rich.console import ConsoleOptions

    from lamina.inspection.statistics import Statistics
    from lamina.inspection.trace import Stage, Trace

COLOURS = {"good": "green", "watch": "yellow", "dead": "bold red"}
MARKS = {"good": "✓", "watch": "!", "dead": "✗"}
_PLAIN_MARKS = {"good": "+", "watch": "!", "dead": "X"}
_BARS = " ▁▂▃▄▅▆▇█"
_PLAIN_BARS = " .:-=+*#@"
_MOST_VALUES = 10


def trace_lines(trace: Trace, options: ConsoleOptions) -> Iterator[Any]:
    """Yield what rich draws: the verdict, the stages, one row's way."""
    from rich.text import Text

    plain = options.ascii_only
    marks = _PLAIN_MARKS if plain else MARKS
    part = "" if trace.rows == trace.rows_given else f" of {trace.rows_given:,}"
    yield Text.assemble((f"Pipeline trace of {trace.model_name!r}", "bold"), f", {trace.rows:,}{part} rows")
    colour = COLOURS[trace.verdict.severity]
    yield Text(f"{marks[trace.verdict.severity]} {trace.verdict.text}", style=colour)
    yield Text("")
    for stage in trace.stages:
        yield from _stage(stage, marks, plain)
    yield Text("")
    yield Text(f"Row {trace.row}, step by step", style="bold")
    widest = max(len(stage.name) for stage in trace.stages)
    room = max(options.max_width - widest - 8, 20)
    for stage in trace.stages:
        yield Text.assemble(
            (f"{stage.number:>3} ", "dim"), (f"{stage.name:<{widest}}  ", "cyan"), values_text(stage.row, room)
        )
        if stage.arithmetic:
            yield _indented(widest + 6, stage.arithmetic, "dim")
    yield _indented(widest + 3, f"{'=>' if plain else '⇒'} {trace.prediction}", "bold")


def _stage(stage: Stage, marks: dict[str, str], plain: bool) -> Iterator[Any]:
    from rich.text import Text

    indent = "  " * stage.depth
    flow = stage.flow.replace("→", "->") if plain else stage.flow
    heading = Text.assemble(
        (f"{stage.number:>3} ", "dim"),
        (f"{marks[stage.severity]} ", COLOURS[stage.severity]),
        indent,
        (stage.name, "bold cyan"),
        f" ({stage.kind})  " if stage.kind != "data" else "  ",
        (flow, "bold"),
    )
    if stage.parameters:
        heading.append(f"  {stage.parameters:,} parameters", style="dim")
    if stage.sources:
        heading.append(f"  from {', '.join(stage.sources)}", style="dim")
    yield heading
    margin = 6 + len(indent)
    yield _indented(margin, stage.words)
    spread = bars(stage.statistics.histogram, plain)
    yield _indented(margin, f"{statistics_text(stage.statistics)}  {spread}", "dim")
    for finding in stage.findings:
        yield _indented(margin, f"{marks[finding.severity]} {finding.text}", COLOURS[finding.severity])


def _indented(margin: int, text: str, style: str = "") -> Any:
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(text, style=style), (0, 0, 0, margin), expand=False)


def statistics_text(statistics: Statistics) -> str:
    """Return the statistics in a line."""
    return (
        f"mean {number(statistics.mean)}, deviation {number(statistics.deviation)}, {statistics.zeros:.0%} zeros, "
        f"from {number(statistics.least)} to {number(statistics.greatest)}"
    )


def bars(histogram: tuple[int, ...], plain: bool = False) -> str:
    """Return a histogram as a character for each part."""
    shades = _PLAIN_BARS if plain else _BARS
    most = max(histogram) or 1
    return "".join(shades[int(np.ceil(count / most * (len(shades) - 1)))] for count in histogram)


def values_text(values: np.ndarray, room: int) -> str:
    """Return the first of some values, as many as fit."""
    shown: list[str] = []
    for value in values[:_MOST_VALUES]:
        if sum(map(len, shown)) + 2 * len(shown) + 22 > room:
            break
        shown.append(number(value))
    more = f"  … {values.size:,} values" if values.size > len(shown) else ""
    return "  ".join(shown) + more
