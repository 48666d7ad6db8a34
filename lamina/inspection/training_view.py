"""A training run as tables: in the terminal and as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from lamina.inspection.page import STYLE
from lamina.inspection.terminal import COLOURS
from lamina.inspection.words import number
from lamina.visualization.line_chart import LineChart

if TYPE_CHECKING:
    from rich.console import ConsoleOptions

_MOST_EPOCHS = 16
_NAMES = {"loss": "loss", "val_loss": "validation loss"}


def training_lines(trace: Any, options: ConsoleOptions) -> Iterator[Any]:
    """Yield what rich draws of a `TrainingTrace`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not trace.epochs:
        yield Text("No epoch has been traced yet: pass this callback to fit.")
        return
    names = columns_of(trace)
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", title_justify="left", title_style="bold")
    table.title = "Training trace"
    for name in ("epoch", *map(_title, names)):
        table.add_column(name, justify="right")
    table.add_column("observation")
    shown = shown_epochs(trace.observations)
    for previous, index in zip([-1, *shown], shown):
        if index > previous + 1:
            table.add_row("…", *[""] * (len(names) + 1))
        text = trace.observations[index]
        values = [_value(trace.epochs[index], name) for name in names]
        table.add_row(str(index + 1), *values, Text(text, style=COLOURS[severity_of(text)]))
    yield table
    series = {_NAMES[name]: [epoch.get(name, float("nan")) for epoch in trace.epochs] for name in _NAMES}
    series = {name: values for name, values in series.items() if any(value == value for value in values)}
    if len(trace.epochs) > 1 and any(abs(value) < float("inf") for values in series.values() for value in values):
        yield LineChart(series, title="loss", height=8, width=min(options.max_width, 72))
    if trace.health:
        yield Text("")
        yield _layers(trace.health[-1], len(trace.health))


def _layers(health: list[Any], epoch: int) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD, header_style="bold", title_justify="left", title_style="bold", padding=(0, 1, 0, 0)
    )
    table.title = f"Layers after epoch {epoch}"
    table.add_column("layer", no_wrap=True)
    for name in ("gradient", "weights", "outputs ±", "zeros", "dead"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for one in health:
        finding = Text(one.finding or "healthy", style=COLOURS["watch" if one.finding else "good"])
        table.add_row(f"{one.name} ({one.kind})", *_numbers(one), finding)
    return table


def training_section(trace: Any, heading: str = "h2") -> str:
    """Return a `TrainingTrace` as HTML that can stand anywhere."""
    if not trace.epochs:
        return "<p>No epoch has been traced yet: pass this callback to fit.</p>"
    names = columns_of(trace)
    head = "".join(f"<th>{escape(_title(name))}</th>" for name in names)
    rows = "".join(
        f"<tr><td>{index + 1}</td>"
        + "".join(f"<td>{_value(trace.epochs[index], name)}</td>" for name in names)
        + f'<td class="text finding {severity_of(text)}">{escape(text)}</td></tr>\n'
        for index in shown_epochs(trace.observations)
        for text in [trace.observations[index]]
    )
    text = (
        f'<style>{STYLE}</style><div class="lamina"><{heading}>Training trace</{heading}>\n<table>\n'
        f"<tr><th>epoch</th>{head}<th class='text'>observation</th></tr>\n{rows}</table>\n"
    )
    if trace.health:
        layers = "".join(
            f'<tr><td>{escape(one.name)} <span class="kind">{escape(one.kind)}</span></td>'
            + "".join(f"<td>{value}</td>" for value in _numbers(one))
            + f'<td class="text finding {severity}">{escape(one.finding or "healthy")}</td></tr>\n'
            for one in trace.health[-1]
            for severity in ["watch" if one.finding else "good"]
        )
        text += (
            f"<h3>Layers after epoch {len(trace.health)}</h3>\n<table>\n<tr><th>layer</th><th>gradient</th>"
            f"<th>weights</th><th>outputs ±</th><th>zeros</th><th>dead units</th><th></th></tr>\n{layers}</table>\n"
        )
    return text + "</div>"


def columns_of(trace: Any) -> list[str]:
    """Return the loss, the accuracy (or the first metric) and what validation says of them."""
    last = trace.epochs[-1]
    metrics = [name for name in last if not name.startswith("val_") and name not in ("loss", "learning_rate")]
    chosen = ["loss", *(sorted(metrics, key=lambda name: "acc" not in name)[:1])]
    return [name for base in chosen for name in (base, f"val_{base}") if name in last]


def shown_epochs(observations: list[str]) -> list[int]:
    """Return the epochs worth a line: all if they are few, else those where something changes, first and last."""
    count = len(observations)
    if count <= _MOST_EPOCHS:
        return list(range(count))
    changes = [index for index in range(1, count) if observations[index] != observations[index - 1]]
    chosen = {0, 1, 2, count - 2, count - 1, *changes[: _MOST_EPOCHS - 5]}
    return sorted(chosen)


def severity_of(observation: str) -> str:
    """Return the colour of an observation."""
    if observation.startswith(("diverging", "lost")):
        return "dead"
    return "watch" if observation.startswith(("overfitting", "plateau", "a step back")) else "good"


def _title(name: str) -> str:
    return name.replace("val_", "validation ").replace("_", " ")


def _value(epoch: dict[str, float], name: str) -> str:
    return f"{epoch[name]:.4f}" if name in epoch and abs(epoch[name]) < 1e4 else number(epoch.get(name, float("nan")))


def _numbers(one: Any) -> list[str]:
    weights = [number(value) if value is not None else "-" for value in (one.gradient, one.weights)]
    return [*weights, number(one.deviation), f"{one.zeros:.0%}", f"{one.dead:.0%}"]
