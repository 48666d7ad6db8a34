"""`write_report`: everything about a model on one page that opens without a network."""

from __future__ import annotations

import datetime
import platform
import sys
import time
from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import jax
import numpy as np

from lamina.inspection.page import page, trace_section
from lamina.inspection.trace import check_page_path, trace
from lamina.inspection.training_view import training_section
from lamina.inspection.words import number
from lamina.visualization import evaluation
from lamina.visualization.figures import as_svg, new_figure
from lamina.visualization.learning_curves import draw_learning_curves
from lamina.visualization.plot_model import plot_model

_MOST_CLASSES = 50


def write_report(
    model: Any, path: str | PathLike, x_test: Any, y_test: Any = None, *, labels: Sequence[str] | None = None
) -> Path:
    """Write the page; see `Model.report`."""
    check_page_path(path)
    new_figure("report")  # says at once that matplotlib is missing
    predictions, seconds, first = _predict(model, x_test)
    sections = [f"<h1>{escape(model.name)}</h1>", _overview(model)]
    sections += _architecture(model)
    sections += _training(model)
    if y_test is not None:
        sections += _quality(model, x_test, y_test, predictions, labels)
    sections.append(trace_section(trace(model, x_test), heading="h2").replace('<div class="lamina">', "<div>", 1))
    sections.append(_timing(predictions, seconds, first))
    sections.append(_environment())
    text = page(f"Report on {model.name}", f'<div class="lamina">{"".join(sections)}</div>')
    path = Path(path)
    path.write_text(text, encoding="utf-8")
    return path


def _predict(model: Any, x: Any) -> tuple[Any, float, float]:
    started = time.perf_counter()
    predictions = model.predict(x, verbose=0)
    first = time.perf_counter() - started
    started = time.perf_counter()
    model.predict(x, verbose=0)
    return predictions, time.perf_counter() - started, first


def _overview(model: Any) -> str:
    optimizer = type(model.optimizer).__name__ if model.optimizer is not None else "not compiled"
    facts = {
        "Layers": f"{len(model.layers)}",
        "Parameters": f"{model.count_params():,}",
        "Trainable": f"{sum(variable.size for variable in model.trainable_weights):,}",
        "Optimizer": optimizer,
        "Loss": _loss_name(model.loss),
    }
    return _facts(facts)


def _loss_name(loss: Any) -> str:
    if isinstance(loss, str) or loss is None:
        return str(loss or "none")
    if isinstance(loss, dict | list | tuple):
        return ", ".join(map(_loss_name, loss.values() if isinstance(loss, dict) else loss))
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", type(loss).__name__))


def _architecture(model: Any) -> list[str]:
    lines: list[str] = []
    model.summary(line_length=90, print_fn=lines.append)
    picture = plot_model(model, None, show_shapes=True, show_layer_names=True, show_layer_activations=True).to_svg()
    picture = picture[picture.index("<svg") :]
    return ["<h2>Architecture</h2>", f"<figure>{picture}</figure>", f"<pre>{escape(chr(10).join(lines))}</pre>"]


def _training(model: Any) -> list[str]:
    history = model.history
    if history is None or not history.history:
        return []
    count = len({name.removeprefix("val_") for name in history.history if name != "learning_rate"})
    figure = draw_learning_curves(history, new_figure("report", 4.6 * max(1, min(count, 3)), 3.4))
    sections = ["<h2>Training</h2>", f"<figure>{as_svg(figure)}</figure>"]
    if history.trace is not None and history.trace.epochs:
        sections.append(training_section(history.trace, heading="h3").replace('<div class="lamina">', "<div>", 1))
    return sections


def _quality(model: Any, x: Any, y: Any, predictions: Any, labels: Sequence[str] | None) -> list[str]:
    sections = ["<h2>Test</h2>"]
    if model.compiled:
        results = model.evaluate(x, y, verbose=0, return_dict=True)
        sections.append(_facts({name.replace("_", " "): f"{float(np.mean(one)):.4f}" for name, one in results.items()}))
    targets, outputs = jax.tree.leaves(y), jax.tree.leaves(predictions)
    if len(outputs) != len(targets):
        targets = [y]
    names = getattr(model, "output_names", None) or [""] * len(outputs)
    for name, target, output in zip(names, targets, outputs):
        if len(outputs) > 1:
            sections.append(f"<h3>{escape(name)}</h3>")
        sections += _pictures(x, np.asarray(target), np.asarray(output), labels)
    return sections


def _pictures(x: Any, target: np.ndarray, output: np.ndarray, labels: Sequence[str] | None) -> list[str]:
    figures = []
    if is_classification(target, output):
        figures.append(evaluation.plot_confusion_matrix(target, output, labels=labels))
        only = jax.tree.leaves(x)
        if len(only) == 1 and len(evaluation.most_wrong(target, output)) and np.ndim(only[0]) > 1:
            figures.append(evaluation.plot_most_wrong(np.asarray(only[0]), target, output, count=6, labels=labels))
    elif target.size == output.size:
        figures.append(evaluation.plot_residuals(target, output))
    return [f"<figure>{as_svg(figure)}</figure>" for figure in figures]


def is_classification(target: np.ndarray, output: np.ndarray) -> bool:
    """Tell whether targets are classes: whole numbers for several outputs, 0 and 1 for one, or one-hot rows."""
    if output.ndim != 2 or output.shape[1] > _MOST_CLASSES or not target.size:
        return False
    whole = target.dtype.kind in "biu" or bool((target == np.floor(target)).all())
    if output.shape[1] == 1:
        probabilities = bool(((output >= 0) & (output <= 1)).all())
        return whole and probabilities and set(np.unique(target).tolist()) <= {0, 1}
    if target.ndim == 2 and target.shape[1] > 1:
        return whole and bool((target.sum(axis=1) == 1).all())
    return whole and target.size == len(target) and target.min() >= 0 and target.max() < output.shape[1]


def _timing(predictions: Any, seconds: float, first: float) -> str:
    rows = len(jax.tree.leaves(predictions)[0])
    facts = {
        f"predict of {rows:,} rows": f"{number(seconds * 1e3)} ms",
        "a row": f"{number(seconds / max(rows, 1) * 1e6)} µs",
        "the first time, with compiling": f"{number(first * 1e3)} ms",
    }
    return "<h2>Timing</h2>" + _facts(facts)


def _environment() -> str:
    facts = {
        "lamina": sys.modules["lamina"].__version__,
        "JAX": jax.__version__,
        "Python": platform.python_version(),
        "Device": ", ".join(sorted({device.device_kind for device in jax.devices()})),
        "System": f"{platform.system()} {platform.machine()}",
        "Written": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
    }
    return "<h2>Environment</h2>" + _facts(facts)


def _facts(facts: dict[str, str]) -> str:
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in facts.items())
    return f"<table>{rows}</table>"
