"""Metrics of margins: hinge, squared and categorical hinge."""

from __future__ import annotations

from lamina.losses.hinge import categorical_hinge, hinge, squared_hinge
from lamina.metrics.reduction import FunctionMetric


class Hinge(FunctionMetric):
    """The mean of `max(1 - y_true * y_pred, 0)` for targets of -1 and 1 (or 0 and 1).

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.0
    """

    direction = "min"

    def __init__(self, name: str | None = "hinge", dtype: object = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(FunctionMetric):
    """The mean of `max(1 - y_true * y_pred, 0) ** 2` for targets of -1 and 1 (or 0 and 1).

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
        1.25
    """

    direction = "min"

    def __init__(self, name: str | None = "squared_hinge", dtype: object = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(FunctionMetric):
    """How far, in the mean, the score of the right class misses a margin of 1 over the best wrong one.

    Args:
        name, dtype: as for `Metric`.

    Example:
        >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
        0.5
    """

    direction = "min"

    def __init__(self, name: str | None = "categorical_hinge", dtype: object = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
