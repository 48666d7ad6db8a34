"""Taking validation rows off the end."""

from __future__ import annotations

from typing import Any

from lamina.data.arrays import take
from lamina.typing import PyTree


def split_rows(data: PyTree, count: int, fraction: Any) -> tuple[PyTree, PyTree]:
    """Return the rows for training and the last `fraction` of the rows for validation.

    As Keras: the split is before any shuffling, and `int(count * (1 - fraction))` rows are kept.

    Raises:
        ValueError: if `fraction` is outside (0, 1) or leaves one side empty.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 < fraction < 1:
        raise ValueError(f"validation_split must be a number between 0 and 1, got {fraction!r}.")
    kept = int(count * (1 - fraction))
    if kept == 0 or kept == count:
        raise ValueError(
            f"validation_split={fraction} of {count} rows leaves {kept} rows for training and {count - kept} for "
            "validation; both need at least one."
        )
    return take(data, slice(0, kept)), take(data, slice(kept, count))
