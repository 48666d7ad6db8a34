"""Numbers about numbers: mean, deviation, range, zeros, and how the values are spread."""

from __future__ import annotations

import dataclasses

import numpy as np

_BINS = 16


@dataclasses.dataclass(frozen=True)
class Statistics:
    """What is to know about an array; means and range are those of the finite values.

    Attributes:
        mean, deviation, least, greatest: NaN where no value is finite.
        zeros: share of values that are 0.
        bad: how many values are NaN or infinite.
        count: how many values there are.
        histogram: how many of the finite values fall into each of 16 equal parts of the range.
    """

    mean: float
    deviation: float
    least: float
    greatest: float
    zeros: float
    bad: int
    count: int
    histogram: tuple[int, ...]

    @classmethod
    def of(cls, values: np.ndarray) -> Statistics:
        """Return the statistics of an array of numbers or truth values."""
        flat = np.asarray(values).astype("float64").ravel()
        finite = flat[np.isfinite(flat)]
        if not finite.size:
            nan = float("nan")
            return cls(nan, nan, nan, nan, 0.0, flat.size, flat.size, (0,) * _BINS)
        least, greatest = float(finite.min()), float(finite.max())
        histogram = np.histogram(finite, _BINS, (least, greatest) if greatest > least else (least - 1, least + 1))[0]
        return cls(
            mean=float(finite.mean()),
            deviation=float(finite.std()),
            least=least,
            greatest=greatest,
            zeros=float((flat == 0).mean()),
            bad=int(flat.size - finite.size),
            count=int(flat.size),
            histogram=tuple(int(one) for one in histogram),
        )

    @property
    def scale(self) -> float:
        """Root of the mean square: how large the values are."""
        return float(np.hypot(self.mean, self.deviation))
