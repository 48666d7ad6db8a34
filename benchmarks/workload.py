"""What a workload is: one model, written once for each family of libraries, and the data it learns from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

LOSSES = ("categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy", "mean_squared_error")


class Dataset(NamedTuple):
    """Rows to learn from, as NumPy arrays, and where they came from (shown above the table)."""

    x: Any
    y: Any
    source: str

    def first(self, rows: int | None) -> Dataset:
        return self if rows is None else Dataset(self.x[:rows], self.y[:rows], self.source)


@dataclass(frozen=True)
class Workload:
    """One line of the benchmark.

    Args:
        name: how the command line calls it.
        summary: the model in a few words.
        rows: how many rows an epoch has, unless the command line says otherwise.
        batch: rows a step.
        loss: one of `LOSSES`. Labels of ``categorical_crossentropy`` are one-hot, those of the sparse one integers,
            the others have the shape (rows, ...) of what the model puts out.
        data: makes `rows` rows.
        keras: the model in the Keras API, `keras(library, dataset)`, not compiled; `library` is lamina or keras.
            It ends in probabilities.
        torch: the same as a `torch.nn.Module`, `torch(library, dataset)`, ending in logits where it classifies.
            None: PyTorch is left out.
        network: the same as a hand-written `benchmarks.limit.network.Network`, ending in logits where it
            classifies. None: left out.
        hidden: sizes of hidden relu layers, if the model is such a perceptron, for scikit-learn; None: left out.
        standardize: whether the model normalizes its inputs by their mean and variance first.
        mixed: whether to compute in bfloat16 (policy "mixed_bfloat16", torch's autocast), weights in float32.
        large: whether it is made for a GPU: it takes part only where it is named.
        script_epochs: epochs of the "whole script" phases.
    """

    name: str
    summary: str
    rows: int
    batch: int
    loss: str
    data: Callable[[int], Dataset]
    keras: Callable[[Any, Dataset], Any]
    torch: Callable[[Any, Dataset], Any] | None = None
    network: Callable[[Dataset], Any] | None = None
    hidden: tuple[int, ...] | None = None
    standardize: bool = False
    mixed: bool = False
    large: bool = False
    script_epochs: int = 20

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"Workload {self.name!r}: loss is {self.loss!r}, expected one of {', '.join(LOSSES)}.")

    @property
    def classifies(self) -> bool:
        """Whether accuracy is counted while training."""
        return self.loss != "mean_squared_error"

    def steps(self, rows: int | None = None) -> int:
        """Steps an epoch of `rows` rows has, a ragged last batch included."""
        return -(-(rows or self.rows) // self.batch)
