"""Where a signal dies: what is wrong with the values of a stage, in words."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lamina.inspection.statistics import Statistics
from lamina.inspection.words import activation_of, number

_RECTIFIERS = ("relu", "relu6")
_SQUASHES = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "hard_tanh": (-1.0, 1.0)}
_NEAR_LIMIT = 0.01  # as a share of the activation's range
_ENOUGH_ROWS = 8  # below, zeros and equal predictions say little
_UNSCALED = 100.0


class Finding(NamedTuple):
    """Something about a stage that one should know.

    Attributes:
        severity: "dead" where the signal ends, "watch" where it suffers.
        text: in words, with the numbers.
    """

    severity: str
    text: str


def of_input(values: np.ndarray, statistics: Statistics) -> list[Finding]:
    """Return what is wrong with data."""
    found = _not_finite(statistics, before=statistics.bad)
    if values.dtype.kind != "f" or found:
        return found
    largest = max(abs(statistics.least), abs(statistics.greatest))
    if largest > _UNSCALED:
        text = (
            f"not scaled: values from {number(statistics.least)} to {number(statistics.greatest)}; put a Normalization "
        )
        found.append(Finding("watch", f"{text}layer, adapted to the data, in front (Rescaling(1 / 255) for pictures)"))
    if values.ndim == 2 and len(values) >= _ENOUGH_ROWS:
        constant = int((values == values[:1]).all(axis=0).sum())
        if constant == values.shape[1]:
            found.append(Finding("dead", "every row is the same"))
        elif constant > values.shape[1] // 2:
            found.append(Finding("watch", f"{constant} of {values.shape[1]} columns never change"))
    return found


def of_stage(
    layer: Any, values: np.ndarray, statistics: Statistics, before: Statistics | None, is_last: bool
) -> list[Finding]:
    """Return what is wrong with the outputs of a layer.

    Args:
        layer: the layer.
        values: its outputs, rows first.
        statistics: of `values`.
        before: of its inputs.
        is_last: whether they are the model's outputs, for which other things are normal.
    """
    found = _not_finite(statistics, before.bad if before else 0)
    if found or not np.issubdtype(values.dtype, np.floating):
        return found
    if statistics.least == statistics.greatest == 0:
        return [Finding("dead", "every value is 0: nothing of the input is left")]
    features = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[:, None]
    activation = activation_of(layer)
    if activation in _RECTIFIERS and not is_last and len(features) >= _ENOUGH_ROWS:
        found += _dead_units(features)
    if activation in _SQUASHES and not is_last:
        found += _saturated(values, activation)
    if len(values) > 1 and not _differ(values):
        found.append(Finding("dead", "the same for every row: from here on rows can't be told apart"))
    found += _scale(statistics, before, activation)
    if is_last:
        found += _one_sided(values, activation)
    return found


def verdict(findings: list[tuple[str, list[Finding]]]) -> Finding:
    """Return in one sentence how the signal fares.

    Args:
        findings: name and findings of each stage, in order.
    """
    for severity, start in (("dead", "The signal dies at"), ("watch", "Look at")):
        for name, found in findings:
            for finding in found:
                if finding.severity == severity:
                    return Finding(severity, f"{start} {name!r}: {finding.text}.")
    return Finding("good", f"The signal is healthy through all {len(findings)} stages.")


def _not_finite(statistics: Statistics, before: int) -> list[Finding]:
    if not statistics.bad:
        return []
    share = f"{statistics.bad:,} of {statistics.count:,} values are NaN or infinite"
    return [Finding("dead", share if before else f"{share}; up to here all were numbers")]


def _dead_units(features: np.ndarray) -> list[Finding]:
    dead = int((features == 0).all(axis=0).sum())
    share = dead / features.shape[1]
    if share < 0.25:
        return []
    text = f"{dead} of {features.shape[1]} units are 0 for every row (dead ReLU) and can't learn any more"
    cure = "lower the learning rate, scale the inputs, or use leaky_relu"
    return [Finding("dead" if share > 0.75 else "watch", f"{text}: {cure}")]


def _saturated(values: np.ndarray, activation: str) -> list[Finding]:
    low, high = _SQUASHES[activation]
    near = _NEAR_LIMIT * (high - low)
    share = float(((values - low < near) | (high - values < near)).mean())
    if share < 0.5:
        return []
    text = f"{share:.0%} of the values are at {low:g} or {high:g} ({activation} is saturated), where gradients vanish"
    return [Finding("dead" if share > 0.9 else "watch", f"{text}: scale the inputs, or use smaller weights")]


def _differ(values: np.ndarray) -> bool:
    flat = values.reshape(len(values), -1).astype("float64")
    spread = flat.std(axis=0).max()
    return bool(spread > 1e-6 * max(np.abs(flat).max(), 1e-30))


def _scale(statistics: Statistics, before: Statistics | None, activation: str) -> list[Finding]:
    largest = max(abs(statistics.least), abs(statistics.greatest))
    if largest > 1e6:
        return [Finding("dead", f"values explode to {number(largest)}")]
    if largest > 1e4 and (before is None or before.scale < 1e3):
        return [Finding("watch", f"values grow to {number(largest)}")]
    if before is not None and activation != "softmax" and statistics.scale < min(1e-3, before.scale * 1e-2):
        return [
            Finding("watch", f"the signal vanishes: from about {number(before.scale)} to {number(statistics.scale)}")
        ]
    return []


def _one_sided(values: np.ndarray, activation: str) -> list[Finding]:
    if len(values) < _ENOUGH_ROWS or values.ndim != 2:
        return []
    if activation == "softmax" and values.shape[1] > 1:
        classes = np.unique(values.argmax(axis=1))
        if len(classes) == 1:
            return [Finding("watch", f"every row is predicted as class {classes[0]}")]
    if activation == "sigmoid" and values.shape[1] == 1 and len(np.unique(values >= 0.5)) == 1:
        return [Finding("watch", f"every row is predicted as {int(values[0, 0] >= 0.5)}")]
    return []
