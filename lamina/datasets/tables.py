"""What the two housing data sets share: a table split in a drawn order."""

from __future__ import annotations

import numpy as np

Split = tuple[np.ndarray, np.ndarray]


def split_rows(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> tuple[Split, Split]:
    """Return training and test rows in an order drawn from a seed, the test's at the end.

    Raises:
        ValueError: if `test_split` is not in [0, 1).
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split must lie in [0, 1), got {test_split!r}.")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)  # the order that Keras draws
    x, y = x[order], y[order]
    split = int(len(x) * (1 - test_split))
    return (np.array(x[:split]), np.array(y[:split])), (np.array(x[split:]), np.array(y[split:]))
