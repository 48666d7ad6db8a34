"""`Discretization`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.layers.arguments import choice, positive_int
from lamina.layers.layer import Layer
from lamina.layers.preprocessing.encoding import MODES, encode
from lamina.typing import Array


class Discretization(Layer):
    """Turns numbers into the numbers of the bins that they fall into, inside the compiled step.

    Args:
        bin_boundaries: ascending boundaries: `[0, 1, 2]` makes the bins (-inf, 0), [0, 1), [1, 2) and [2, inf).
        num_bins: how many bins `adapt` learns, with about as many numbers in each; in the place of `bin_boundaries`.
        epsilon: how exact quantiles are to be; they are exact whatever it is, in (0, 1).
        output_mode: "int" (the bin), "one_hot", "multi_hot" (one vector for a row) or "count".
        sparse: not supported; must be False.

    Input shape: any. Output shape: the same for "int", else with an axis of bins.

    Raises:
        ValueError: unless exactly one of `bin_boundaries` and `num_bins` is given.

    Example:
        >>> lamina.layers.Discretization([0.0, 1.0])(lamina.ops.array([-1.0, 0.5, 7.0])).tolist()
        [0, 1, 2]
    """

    arguments_not_in_config = frozenset({"sparse"})

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, name=name, **kwargs)
        if sparse:
            raise ValueError(f"Layer {self.name!r}: sparse=True is not supported; outputs are dense arrays.")
        if num_bins is not None and bin_boundaries is None:
            num_bins = positive_int(num_bins, "num_bins", self.name)
        elif bin_boundaries is None or num_bins is not None:
            raise ValueError(f"Layer {self.name!r}: pass exactly one of bin_boundaries and num_bins.")
        if not 0 < epsilon < 1:
            raise ValueError(f"Layer {self.name!r}: epsilon must lie in (0, 1), got {epsilon!r}.")
        self.num_bins, self.epsilon, self.sparse = num_bins, epsilon, False
        self.output_mode = choice(output_mode, ("int", *MODES), "output_mode", self.name)
        self.autocast = False
        self.bin_boundaries = None if bin_boundaries is None else _ascending(bin_boundaries, self.name)
        self._seen: list[np.ndarray] = []

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the boundaries: quantiles of data; what was learned before is forgotten.

        Args:
            data: an array or an iterable of batches.
            steps: how many batches to use; default all.
        """
        self.reset_state()
        batches = [data] if hasattr(data, "__array__") or isinstance(data, list) else data
        for number, batch in enumerate(batches):
            if steps is not None and number >= steps:
                break
            self.update_state(batch[0] if isinstance(batch, tuple) else batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget the numbers that `update_state` was given."""
        if self.num_bins is None:
            raise ValueError(f"Layer {self.name!r} was given bin_boundaries, so it has nothing to adapt.")
        self._seen = []

    def update_state(self, data: Any) -> None:
        """Remember the numbers of a batch."""
        self._seen.append(np.asarray(data, "float32").ravel())

    def finalize_state(self) -> None:
        """Make the boundaries from all numbers that were seen."""
        if self.num_bins is None:
            return
        values = np.concatenate(self._seen) if self._seen else np.zeros(0, "float32")
        if values.size == 0:
            raise ValueError(f"Layer {self.name!r}: adapt received no data.")
        shares = np.arange(1, self.num_bins) / self.num_bins
        self.bin_boundaries = np.quantile(values, shares).astype("float32").tolist()
        self._seen = []

    def call(self, inputs: Array) -> Array:
        if self.bin_boundaries is None:
            raise ValueError(f"Layer {self.name!r} has no boundaries yet: call adapt(data), or pass bin_boundaries.")
        boundaries = jnp.asarray(self.bin_boundaries, "float32")
        bins = jnp.searchsorted(boundaries, jnp.asarray(inputs).astype("float32"), side="right").astype("int32")
        if self.output_mode == "int":
            return bins
        return encode(bins, len(self.bin_boundaries) + 1, self.output_mode, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, and the boundaries that were learned."""
        config = {**super().get_config(), "sparse": False}
        del config["trainable"]  # Keras's constructor does not know it
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Discretization:
        """Return a layer made from `get_config`."""
        if config.get("num_bins") is None:
            return super().from_config(config)
        learned = config.get("bin_boundaries")
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = None if learned is None else _ascending(learned, layer.name)
        return layer

    def build(self, input_shape: Any = None) -> None:
        """Nothing is to be built: boundaries are no weights."""


def _ascending(boundaries: Any, name: str) -> list[float]:
    numbers = [float(one) for one in boundaries]
    if numbers != sorted(numbers):
        raise ValueError(f"Layer {name!r}: bin_boundaries must ascend, got {boundaries!r}.")
    return numbers
