"""Pictures of what a model has learned: filters of convolutions, vectors of an embedding in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lamina.visualization.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_FILTERS = 64
_MOST_NAMES = 60


def plot_filters(layer: Any, *, count: int = 32) -> Figure:
    """Draw the filters of a two-dimensional convolution: what each one looks for.

    Args:
        layer: a built `Conv2D` (or another layer with a kernel of height, width, channels, filters); of a model, the
            first of its layers that is one.
        count: how many at most, up to 64.

    Returns:
        The matplotlib `Figure`. Filters over three channels are in colour; over more, their mean over the channels.

    Raises:
        ValueError: if there is no such layer, or it has no weights yet.
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
    """
    owner = layer
    if hasattr(layer, "flat_layers") and not _has_filters(layer):
        owner = next((one for one in layer.flat_layers() if _has_filters(one)), None)
    if owner is None or not _has_filters(owner):
        name = getattr(layer, "name", layer)
        raise ValueError(f"plot_filters: {name!r} has no two-dimensional convolution with weights; build it first.")
    kernel = np.asarray(owner.kernel.numpy(), "float64")
    filters = np.moveaxis(kernel, -1, 0)[: min(count, _MOST_FILTERS)]
    columns = min(len(filters), 8)
    lines = -(-len(filters) // columns)
    figure = new_figure("plot_filters", 1.1 * columns + 0.4, 1.25 * lines + 0.5)
    figure.suptitle(f"{owner.name}: {kernel.shape[-1]} filters of {kernel.shape[0]}x{kernel.shape[1]}", fontsize=10)
    largest = np.abs(filters).max() or 1.0
    for index, axes in enumerate(figure.subplots(lines, columns, squeeze=False).ravel()):
        axes.axis("off")
        if index < len(filters):
            one = filters[index]
            if one.shape[-1] == 3:
                axes.imshow(one / (2 * largest) + 0.5)
            else:
                axes.imshow(one.mean(axis=-1), cmap="RdBu_r", vmin=-largest, vmax=largest)
            axes.set_title(str(index), fontsize=7, pad=2)
    return figure


def _has_filters(layer: Any) -> bool:
    kernel = vars(layer).get("kernel") if hasattr(layer, "__dict__") else None
    return kernel is not None and len(kernel.shape) == 4


def principal_components(vectors: Any, count: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors projected on the directions in which they differ most, and the share of the variance of each.

    Args:
        vectors: (rows, size), at least two of each.
        count: how many directions.

    Raises:
        ValueError: for another shape, or for values that are not finite.

    Example:
        >>> principal_components([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])[1].round(3).tolist()
        [1.0, 0.0]
    """
    array = np.asarray(vectors, "float64")
    if array.ndim != 2 or min(array.shape) < 2:
        raise ValueError(f"Vectors of shape (rows, size), at least (2, 2), are expected; got {array.shape}.")
    if not np.isfinite(array).all():
        raise ValueError("The vectors hold NaN or infinite values.")
    left, sizes, _ = np.linalg.svd(array - array.mean(axis=0), full_matrices=False)
    total = float((sizes**2).sum()) or 1.0
    return (left * sizes)[:, :count], (sizes**2)[:count] / total


def plot_embeddings(vectors: Any, *, labels: Any = None, names: Sequence[str] | None = None) -> Figure:
    """Draw vectors in the plane, by the two directions in which they differ most (principal components).

    Args:
        vectors: an `Embedding` layer, or an array (rows, size) such as the outputs of a hidden layer.
        labels: class of each row, for the colours.
        names: a text for each row, written beside the point where there are at most 60.

    Returns:
        The matplotlib `Figure`.

    Raises:
        ValueError: for another shape, or if labels or names differ in length.
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
    """
    embeddings = getattr(vectors, "embeddings", None)
    points, shares = principal_components(vectors if embeddings is None else embeddings.numpy())
    for name, given in (("labels", labels), ("names", names)):
        if given is not None and len(given) != len(points):
            raise ValueError(f"plot_embeddings: {len(points)} vectors, but {len(given)} {name}.")
    figure = new_figure("plot_embeddings", 6.4, 5.2)
    axes = figure.subplots()
    groups = [(None, np.ones(len(points), bool))]
    if labels is not None:
        groups = [(label, np.asarray(labels) == label) for label in np.unique(np.asarray(labels))]
    for index, (label, rows) in enumerate(groups):
        colour = f"C{index}" if len(groups) <= 10 else None
        axes.scatter(*points[rows].T, s=14, alpha=0.75, linewidths=0, label=label, color=colour)
    if labels is not None and len(groups) <= 20:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    if names is not None and len(points) <= _MOST_NAMES:
        for point, text in zip(points, names):
            axes.annotate(str(text), point, xytext=(3, 3), textcoords="offset points", fontsize=8)
    for number, (share, label) in enumerate(zip(shares, (axes.set_xlabel, axes.set_ylabel)), start=1):
        label(f"direction {number} ({share:.0%} of the variance)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure
