"""`Trace`: data followed through a model, stage by stage."""

from __future__ import annotations

import dataclasses
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from lamina.data import arrays
from lamina.inspection import health
from lamina.inspection.health import Finding
from lamina.inspection.recording import Call, record
from lamina.inspection.statistics import Statistics
from lamina.inspection.words import activation_of, description, number, shape
from lamina.layers.core.input_layer import InputLayer
from lamina.layers.layer import Layer
from lamina.typing import PyTree, Shape

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


@dataclasses.dataclass(frozen=True, eq=False)
class Stage:
    """What one layer made of the data.

    Attributes:
        number: its place, from 1.
        name, kind: name of the layer and its class.
        words: what it does.
        depth: how many models it is nested in.
        sources: names of the stages whose outputs it got, where it is not simply the one before.
        input_shapes, output_shapes: with the rows.
        parameters: how many weights it has.
        statistics: of its outputs.
        row: its outputs for the row that is followed, flat.
        arithmetic: how the first of them came about, where that can be said in a line.
        findings: what is wrong with them.
    """

    number: int
    name: str
    kind: str
    words: str
    depth: int
    sources: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    output_shapes: tuple[Shape, ...]
    parameters: int
    statistics: Statistics
    row: np.ndarray
    arithmetic: str
    findings: tuple[Finding, ...]

    @property
    def flow(self) -> str:
        """The shapes in and out, as rows by columns."""
        told = [" and ".join(map(shape, shapes)) for shapes in (self.input_shapes, self.output_shapes) if shapes]
        return " → ".join(told)

    @property
    def severity(self) -> str:
        """How the stage fares: "dead", "watch" or "good"."""
        severities = {finding.severity for finding in self.findings}
        return next((one for one in ("dead", "watch") if one in severities), "good")


class Trace:
    """Data followed through a model; `model.trace(x)` makes it.

    Print it, show it in a rich console, let it be the last line of a notebook's cell, or `save` it as a page.

    Attributes:
        model_name: name of the model.
        stages: what each layer made of the data.
        rows, rows_given: how many rows were traced, and how many there were.
        row: number of the row that is followed step by step.
        prediction: what the model says about it, in words.
        verdict: how the signal fares, in one sentence, and whether that is "good", "watch" or "dead".
    """

    def __init__(self, model_name: str, stages: list[Stage], rows: int, rows_given: int, row: int, prediction: str):
        self.model_name = model_name
        self.stages = stages
        self.rows, self.rows_given, self.row = rows, rows_given, row
        self.prediction = prediction
        self.verdict = health.verdict([(stage.name, list(stage.findings)) for stage in stages])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it for a terminal."""
        from lamina.inspection.terminal import trace_lines

        yield from trace_lines(self, options)

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(width=100, highlight=False, color_system=None)
        with console.capture() as capture:
            console.print(self)
        return capture.get().rstrip("\n")

    def __repr__(self) -> str:
        return str(self)

    def show(self) -> None:
        """Print it in colour."""
        from rich.console import Console

        Console(highlight=False).print(self)

    def _repr_html_(self) -> str:
        from lamina.inspection.page import trace_section

        return trace_section(self)

    def save(self, path: str | PathLike) -> None:
        """Write it as a page that needs nothing else.

        Args:
            path: a file that ends in ".html".

        Raises:
            ValueError: for another ending.
        """
        from lamina.inspection.page import page, trace_section

        check_page_path(path)
        title = f"Trace of {self.model_name}"
        Path(path).write_text(page(title, trace_section(self)), encoding="utf-8")


def check_page_path(path: str | PathLike) -> None:
    """Raise ValueError if a path is not one of a page."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"The page is written as HTML: give it a path that ends in '.html', got {str(path)!r}.")


def trace(model: Any, x: PyTree, row: int = 0, rows: int = 256) -> Trace:
    """Follow data through a model; see `Model.trace`."""
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ValueError(f"trace: rows must be a positive whole number, got {rows!r}.")
    x = arrays.as_arrays(x, "x")
    if x is None:
        raise ValueError("trace: x is None: pass the data to follow.")
    given = arrays.check_rows(x=x)
    if isinstance(row, bool) or not isinstance(row, int | np.integer) or not -given <= row < given:
        raise ValueError(f"trace: row must be the number of one of the {given:,} rows, got {row!r}.")
    row = int(row) % given
    chosen = np.arange(min(given, rows))
    if row not in chosen:
        chosen[-1] = row
    x = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf[chosen])), x)
    place = int(np.flatnonzero(chosen == row)[0])
    root = record(model, lambda: model(x, training=False))
    stages = _Stages(model, place, root)
    for name, values in _inputs(model, x):
        stages.add_input(name, values)
    stages.add_calls(root.calls or [root], depth=0)
    return Trace(model.name, stages.found, len(chosen), given, row, stages.prediction())


class _Stages:
    """Makes stages of calls, in order."""

    def __init__(self, model: Any, place: int, root: Call) -> None:
        self.model, self.place = model, place
        self.results = jax.tree.leaves(root.outputs)
        self.found: list[Stage] = []
        self._layers: dict[Stage, Any] = {}
        self._origins: dict[int, tuple[Stage, Any]] = {}  # holds the arrays, so that ids stay theirs

    def add_input(self, name: str, values: Any) -> None:
        host = np.asarray(values)
        statistics = Statistics.of(host)
        stage = Stage(
            number=len(self.found) + 1,
            name=name,
            kind="data",
            words="the data as they come in",
            depth=0,
            sources=(),
            input_shapes=(),
            output_shapes=(host.shape,),
            parameters=0,
            statistics=statistics,
            row=host[self.place].ravel(),
            arithmetic="",
            findings=tuple(health.of_input(host, statistics)),
        )
        self._note(stage, values)

    def add_calls(self, calls: list[Call], depth: int) -> None:
        for call in calls:
            if isinstance(call.operation, InputLayer):
                continue
            if _is_opened(call):
                self.add_calls(call.calls, depth + 1)
                for leaf in jax.tree.leaves(call.outputs):
                    self._origins.setdefault(id(leaf), (self.found[-1], leaf))
            else:
                self._add(call, depth)

    def _add(self, call: Call, depth: int) -> None:
        outputs = [leaf for leaf in jax.tree.leaves(call.outputs) if hasattr(leaf, "shape") and leaf.ndim]
        inputs = [leaf for leaf in jax.tree.leaves(call.inputs) if hasattr(leaf, "shape")]
        if not outputs:
            return
        host = np.asarray(outputs[0])
        host = host.astype("float32") if host.dtype.name == "bfloat16" else host
        statistics = Statistics.of(host)
        origins = list(dict.fromkeys(self._origins[id(leaf)][0] for leaf in inputs if id(leaf) in self._origins))
        before = origins[0].statistics if origins else self.found[-1].statistics if self.found else None
        is_last = any(leaf is mine for leaf in outputs for mine in self.results)
        layer = call.operation
        stage = Stage(
            number=len(self.found) + 1,
            name=_name(layer, call.name, depth),
            kind=type(layer).__name__ if isinstance(layer, Layer) else "function",
            words=description(layer),
            depth=depth,
            sources=() if origins == self.found[-1:] else tuple(origin.name for origin in origins),
            input_shapes=tuple(tuple(leaf.shape) for leaf in inputs),
            output_shapes=tuple(tuple(leaf.shape) for leaf in outputs),
            parameters=layer.count_params() if isinstance(layer, Layer) and layer.built else 0,
            statistics=statistics,
            row=host[min(self.place, len(host) - 1)].ravel(),
            arithmetic=_arithmetic(layer, inputs, host, self.place),
            findings=tuple(health.of_stage(layer, host, statistics, before, is_last)),
        )
        self._layers[stage] = layer
        self._note(stage, *outputs)

    def _note(self, stage: Stage, *outputs: Any) -> None:
        self.found.append(stage)
        for leaf in outputs:
            self._origins[id(leaf)] = (stage, leaf)

    def prediction(self) -> str:
        """Say what the model gives for the row."""
        told = []
        names = getattr(self.model, "output_names", None) or [""] * len(self.results)
        for name, leaf in zip(names, self.results):
            host = np.asarray(leaf)
            values = host[min(self.place, len(host) - 1)].ravel()
            origin = self._origins.get(id(leaf))
            text = _said(values, activation_of(self._layers.get(origin[0])) if origin else "")
            told.append(f"{name}: {text}" if len(self.results) > 1 else text)
        return "; ".join(told)


def _inputs(model: Any, x: PyTree) -> list[tuple[str, Any]]:
    leaves = jax.tree.leaves(x)
    if getattr(model, "graph", None) is not None:
        return list(zip(model.graph.input_names, model.graph.match_inputs(x)))
    if isinstance(x, dict):
        return [(str(key), value) for key, value in sorted(x.items()) if hasattr(value, "shape")]
    return [("input" if len(leaves) == 1 else f"input {index + 1}", leaf) for index, leaf in enumerate(leaves)]


def _is_opened(call: Call) -> bool:
    """Models and classes of the user's show what is inside of them; lamina's own layers are one stage."""
    if not call.calls:
        return False
    return hasattr(call.operation, "layer_flow") or not type(call.operation).__module__.startswith("lamina.")


def _name(layer: Any, name: str, depth: int) -> str:
    """Return a layer's name, with those of the models and layers that hold it where it is not the model's own."""
    path = getattr(layer, "path", name)
    return "/".join(path.split("/")[-depth - 1 :]) if depth else name


def _arithmetic(layer: Any, inputs: list[Any], outputs: np.ndarray, place: int) -> str:
    if type(layer).__name__ != "Dense" or len(inputs) != 1 or inputs[0].ndim != 2:
        return ""
    x = np.asarray(inputs[0], "float64")[place]
    kernel = np.asarray(layer.kernel.value, "float64")[:, 0]
    with np.errstate(all="ignore"):  # what is wrong with the values is said elsewhere
        total = float(x @ kernel)
    bias = float(np.asarray(layer.bias.value)[0]) if layer.use_bias else 0.0
    parts = f"{len(x)} products add up to {number(total)}"
    if layer.use_bias:
        parts += f", the bias {'adds' if bias >= 0 else 'takes off'} {number(abs(bias))}: {number(total + bias)}"
    activation = activation_of(layer)
    if activation == "softmax":
        parts += f"; softmax, over all units, makes {number(outputs[place].ravel()[0])} of it"
    elif activation:
        parts += f"; {activation} makes {number(outputs[place].ravel()[0])} of it"
    return f"unit 0: {parts}"


def _said(values: np.ndarray, activation: str) -> str:
    if not np.isfinite(values.astype("float64")).all():
        return "no number (NaN or infinite)"
    if activation == "softmax" and values.size > 1:
        order = np.argsort(-values)
        return f"class {order[0]} with {values[order[0]]:.1%} (then class {order[1]} with {values[order[1]]:.1%})"
    if activation == "sigmoid" and values.size == 1:
        value = float(values[0])
        return f"{value:.1%}, that is {'yes (from 50 % on)' if value >= 0.5 else 'no (below 50 %)'}"
    shown = ", ".join(number(value) for value in values[:6])
    return shown + (f", … ({values.size} values)" if values.size > 6 else "")
