"""Pictures of how good predictions are: confusion of classes, residuals, the examples that are most wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.visualization.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_NUMBERS = 20  # classes: beyond, a cell is too small for a number
_SCREENS = 3000  # points: a cloud of more says nothing new


def confusion_counts(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return how often each true class (row) was predicted as each class (column).

    Args:
        y_true: class numbers, or one-hot rows.
        y_pred: class numbers, or probabilities (a column for each class, or one of the class 1).

    Raises:
        ValueError: if they differ in length or hold no classes.

    Example:
        >>> confusion_counts([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]).tolist()
        [[1, 0], [1, 1]]
    """
    true, predicted = as_classes(y_true, "y_true"), as_classes(y_pred, "y_pred")
    if len(true) != len(predicted):
        raise ValueError(f"confusion matrix: y_true has {len(true)} rows and y_pred {len(predicted)}.")
    if not len(true):
        raise ValueError("confusion matrix: there are no rows.")
    width = [np.shape(one)[1] for one in (y_true, y_pred) if np.ndim(one) == 2]
    count = max(int(true.max()) + 1, int(predicted.max()) + 1, *width)
    counts = np.zeros((count, count), int)
    np.add.at(counts, (true, predicted), 1)
    return counts


def as_classes(values: Any, name: str) -> np.ndarray:
    """Return class numbers for class numbers, one-hot rows, probabilities of classes, or of the class 1.

    Raises:
        ValueError: if the values are none of those.
    """
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] > 1:
        return array.argmax(axis=1)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1:
        raise ValueError(
            f"{name} must hold classes, (rows,), or values for each class, (rows, classes); got {array.shape}."
        )
    if array.dtype.kind == "f" and ((array >= 0) & (array <= 1)).all() and (array != np.floor(array)).any():
        return (array >= 0.5).astype(int)
    if array.dtype.kind not in "biuf" or (array != np.floor(array)).any() or (array.size and array.min() < 0):
        raise ValueError(f"{name} must hold class numbers from 0 on, or probabilities; got {array[:3].tolist()}, …")
    return array.astype(int)


def plot_confusion_matrix(y_true: Any, y_pred: Any, *, labels: Sequence[str] | None = None) -> Figure:
    """Draw how often each true class was predicted as each class; what is off the diagonal is wrong.

    Args:
        y_true, y_pred: see `confusion_counts`; what `predict` gave will do.
        labels: names of the classes.

    Returns:
        The matplotlib `Figure`; save it by `savefig(path)`.

    Raises:
        ValueError: if the data are no classes, or there are fewer labels than classes.
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
    """
    counts = confusion_counts(y_true, y_pred)
    names = class_names(len(counts), labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(3.6, 0.55 * len(counts) + 1.6), 10)
    figure = new_figure("plot_confusion_matrix", side + 0.6, side)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45 if max(map(len, names)) > 3 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{np.trace(counts)} of {counts.sum()} right ({np.trace(counts) / counts.sum():.1%})")
    if len(counts) <= _MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.55 else "black"
                axes.text(column, row, f"{count}", ha="center", va="center", color=colour, fontsize=9)
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    return figure


def class_names(count: int, labels: Sequence[str] | None) -> list[str]:
    """Return the names of classes: the labels, or numbers.

    Raises:
        ValueError: if there are fewer labels than classes.
    """
    if labels is None:
        return [str(index) for index in range(count)]
    if len(labels) < count:
        raise ValueError(f"labels holds {len(labels)} names, but there are {count} classes.")
    return [str(label) for label in labels[:count]]


def plot_residuals(y_true: Any, y_pred: Any) -> Figure:
    """Draw predictions against targets, and how the differences are spread: for regression.

    Args:
        y_true, y_pred: numbers of equal shape, apart from a last axis of size 1.

    Returns:
        The matplotlib `Figure`.

    Raises:
        ValueError: if their sizes differ.
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
    """
    true, predicted = np.ravel(np.asarray(y_true, "float64")), np.ravel(np.asarray(y_pred, "float64"))
    if true.size != predicted.size or not true.size:
        raise ValueError(f"residuals: y_true holds {true.size} numbers and y_pred {predicted.size}.")
    figure = new_figure("plot_residuals", 9, 4)
    cloud, spread = figure.subplots(1, 2)
    chosen = slice(None, None, max(1, true.size // _SCREENS))
    cloud.scatter(true[chosen], predicted[chosen], s=10, alpha=0.5, linewidths=0)
    ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
    cloud.plot(ends, ends, color="black", linewidth=1, linestyle="--", label="perfect")
    cloud.set_xlabel("target")
    cloud.set_ylabel("prediction")
    cloud.legend(frameon=False)
    residuals = predicted - true
    spread.hist(residuals, bins=min(40, max(10, true.size // 10)), color="tab:orange", alpha=0.8)
    spread.axvline(0, color="black", linewidth=1, linestyle="--")
    spread.set_xlabel("prediction - target")
    spread.set_ylabel("rows")
    spread.set_title(f"mean {residuals.mean():.3g}, mean absolute {np.abs(residuals).mean():.3g}", fontsize=10)
    for axes in (cloud, spread):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def most_wrong(y_true: Any, y_pred: Any, count: int = 12) -> np.ndarray:
    """Return the numbers of the rows that are predicted worst, worst first.

    For classes those with the least probability of the true one, rows that are right left out; for regression those
    with the largest difference.

    Args:
        y_true: class numbers, one-hot rows, or numbers.
        y_pred: what `predict` gave.
        count: how many at most.

    Example:
        >>> most_wrong([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]).tolist()
        [2]
    """
    errors, wrong = _errors(y_true, y_pred)
    order = np.argsort(-errors, kind="stable")
    return order[wrong[order]][:count]


def plot_most_wrong(
    x: Any, y_true: Any, y_pred: Any, *, count: int = 12, labels: Sequence[str] | None = None
) -> Figure:
    """Draw the examples that are predicted worst: pictures as pictures, anything else as curves of its values.

    Args:
        x: the inputs, (rows, ...); pictures are (rows, height, width), with 1, 3 or 4 channels or without.
        y_true, y_pred: see `most_wrong`.
        count: how many at most.
        labels: names of the classes.

    Returns:
        The matplotlib `Figure`.

    Raises:
        ValueError: if nothing is wrong, or the data differ in length.
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
    """
    x = np.asarray(x)
    rows = most_wrong(y_true, y_pred, count)
    if len(x) != len(np.asarray(y_true)):
        raise ValueError(f"most wrong: x has {len(x)} rows and y_true {len(np.asarray(y_true))}.")
    if not len(rows):
        raise ValueError("most wrong: every row is right; there is nothing to draw.")
    columns = min(len(rows), 6)
    lines = -(-len(rows) // columns)
    figure = new_figure("plot_most_wrong", 1.9 * columns, 2.2 * lines)
    for axes, row in zip(figure.subplots(lines, columns, squeeze=False).ravel(), [*rows, *[None] * (columns * lines)]):
        axes.axis("off")
        if row is None:
            continue
        _draw_example(axes, x[row])
        axes.set_title(_told(y_true, y_pred, row, labels), fontsize=8)
    return figure


def _errors(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    predicted, true = np.asarray(y_pred, "float64"), np.asarray(y_true)
    if len(predicted) != len(true):
        raise ValueError(f"most wrong: y_true has {len(true)} rows and y_pred {len(predicted)}.")
    if (
        predicted.ndim == 2
        and predicted.shape[1] > 1
        and (true.ndim == 1 or true.shape != predicted.shape or _one_hot(true))
    ):
        classes = as_classes(true, "y_true")
        return 1 - predicted[np.arange(len(classes)), classes], predicted.argmax(axis=1) != classes
    errors = np.abs(predicted.reshape(len(predicted), -1) - true.reshape(len(true), -1)).max(axis=1)
    is_binary = predicted.size == len(predicted) and set(np.unique(true)) <= {0, 1}
    return errors, errors > 0.5 if is_binary else errors > 0


def _one_hot(values: np.ndarray) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


def _told(y_true: Any, y_pred: Any, row: int, labels: Sequence[str] | None) -> str:
    predicted, true = np.asarray(y_pred), np.asarray(y_true)
    if predicted.ndim == 2 and predicted.shape[1] > 1:
        names = class_names(predicted.shape[1], labels)
        right = int(as_classes(true, "y_true")[row])
        guess = int(predicted[row].argmax())
        return f"row {row}: {names[right]}\ntaken for {names[guess]} ({predicted[row, guess]:.0%})"
    return f"row {row}: {float(np.ravel(true[row])[0]):.3g}\npredicted {float(np.ravel(predicted[row])[0]):.3g}"


def _draw_example(axes: Any, example: np.ndarray) -> None:
    is_picture = example.ndim == 2 and min(example.shape) > 3 or example.ndim == 3 and example.shape[-1] in (1, 3, 4)
    if is_picture:
        low, high = float(example.min()), float(example.max())
        pixels = (example - low) / ((high - low) or 1)
        axes.imshow(pixels[..., 0] if pixels.shape[-1] == 1 else pixels, cmap="gray")
    else:
        axes.plot(np.reshape(example, (len(example), -1)) if example.ndim > 1 else example, linewidth=1)
