"""What the worker asks of a peer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from benchmarks.workload import Dataset, Workload


class NotOffered(Exception):
    """The peer cannot express this workload, or has no such call."""


class Peer(ABC):
    """One library, training one workload. The calls come in the order in which they stand here.

    Every call returns only when the work is done: nothing is left running in the background.
    """

    # Installed distributions whose versions are reported.
    distributions: tuple[str, ...] = ("numpy",)

    @abstractmethod
    def import_library(self) -> None:
        """Imports what a user's script would import, and nothing that was imported before."""

    @abstractmethod
    def build(self, workload: Workload, dataset: Dataset) -> None:
        """Makes the model with its weights and the optimizer. Raises NotOffered."""

    def operations(self) -> dict[str, int]:
        """Floating point operations of a batch, by name, where the peer is one that counts them."""
        return {}

    @abstractmethod
    def fit(self, epochs: int, rows: int | None = None) -> float:
        """Trains on all rows, or on the first `rows`; returns the mean loss of the last epoch."""

    def fit_watched(self, epochs: int) -> bool:
        """As `fit`, with a callback that is called after every batch and does nothing; False where there are none."""
        return False

    @abstractmethod
    def evaluate(self) -> Any:
        """Loss and accuracy (what the library gives) on all rows, in the workload's batches."""

    @abstractmethod
    def predict(self, rows: int | None = None) -> Any:
        """Probabilities for all rows, or the first `rows`: from a NumPy array to a NumPy array."""
