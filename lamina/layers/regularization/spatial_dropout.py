"""What SpatialDropout1D, 2D and 3D share."""

from __future__ import annotations

from typing import Any

from lamina.config import standardize_data_format
from lamina.layers.input_spec import InputSpec
from lamina.layers.regularization.dropout import Dropout


class SpatialDropout(Dropout):
    """Dropout of whole channels.

    Args:
        rank: number of axes besides batch and channels.
        The others as in `SpatialDropout2D`.
    """

    def __init__(
        self,
        rank: int,
        rate: float,
        data_format: str | None,
        seed: int | None,
        name: str | None,
        dtype: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        ones = (1,) * (len(shape) - 2)
        if self.data_format == "channels_first":
            return (*shape[:2], *ones)
        return (shape[0], *ones, shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, as Keras writes them for these layers."""
        config = {**super().get_config(), "dtype": self.dtype_policy.name}
        del config["trainable"]
        return config
