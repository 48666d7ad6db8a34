"""Text in the place of a tensor: JAX's arrays hold numbers only."""

from __future__ import annotations

from typing import Any

import numpy as np


class Text(np.ndarray):
    """An array of strings with the method scripts call on tensors; strings are `str`, where TensorFlow has bytes."""

    def numpy(self) -> Any:
        """Return the strings as a plain array, a single one as itself."""
        return np.asarray(self)[()]


def is_text(value: Any) -> bool:
    """Tell strings, arrays and lists of them from numbers."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, str | bytes) or getattr(getattr(value, "dtype", None), "kind", "") in ("U", "S", "O")


def as_text(value: Any) -> Text:
    """Return strings as an array."""
    return np.asarray(value, object).view(Text)
