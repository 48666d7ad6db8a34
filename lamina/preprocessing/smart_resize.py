"""`smart_resize`."""

from typing import Any

import numpy as np

from lamina.ops.image import resize


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str | None = "channels_last",
    backend_module: Any = None,
) -> Any:
    """Return images in another size, with their borders cut so that nothing is distorted.

    Args:
        x: `(height, width, channels)` or a batch of those; NumPy's arrays give NumPy's arrays.
        size: `(height, width)` in pixels.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        data_format: "channels_last", "channels_first" or None for the default.
        backend_module: must be None: there is one engine.
    """
    if backend_module is not None:
        raise ValueError("smart_resize: backend_module must be None; lamina computes with JAX only.")
    resized = resize(x, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return np.asarray(resized) if isinstance(x, np.ndarray) else resized
