"""`Embedding`."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina import constraints, initializers, regularizers
from lamina.errors import warn
from lamina.layers.arguments import positive_int, refuse
from lamina.layers.layer import Layer
from lamina.typing import Array, PyTree, Shape


class Embedding(Layer):
    """Looks up a learned vector for each whole number: `embeddings[inputs]`.

    Args:
        input_dim: how many numbers there are; the largest that may occur is `input_dim - 1`.
        output_dim: length of the vectors.
        embeddings_initializer: default uniform in [-0.05, 0.05].
        embeddings_regularizer: penalty added to the loss.
        embeddings_constraint: applied after each update.
        mask_zero: whether 0 marks padding that later layers, the loss and the metrics leave out.
        weights: initial vectors, an array of shape (input_dim, output_dim) or a list of it.
        lora_rank, lora_alpha, quantization_config: not supported; must be None.

    Input shape: any, of whole numbers (floats are cut to whole numbers). Output shape: `(*input shape, output_dim)`.
    A number outside [-input_dim, input_dim) gives NaN; negative ones count from the end.

    Raises:
        ValueError: if `input_dim` or `output_dim` is not a positive whole number, or `weights` has another shape.

    Example:
        >>> lamina.layers.Embedding(1000, 16)(lamina.ops.array([[4, 7, 0]])).shape
        (1, 3, 16)
    """

    arguments_not_in_config = frozenset({"weights", "lora_rank", "lora_alpha"})

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("input_length", None) is not None:
            warn("Embedding needs no input_length: it takes sequences of any length.")
        super().__init__(**kwargs)
        self.input_dim = positive_int(input_dim, "input_dim", self.name)
        self.output_dim = positive_int(output_dim, "output_dim", self.name)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        refuse(self.name, lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.quantization_config = None
        self.supports_masking = mask_zero
        self.autocast = False  # numbers of words above 256 do not survive bfloat16
        if weights is not None:
            self._set_initial(weights)

    def build(self, input_shape: Shape | None = None) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs: Array) -> Array:
        if not jnp.issubdtype(inputs.dtype, jnp.integer):
            inputs = inputs.astype("int32")
        return jnp.take(self.embeddings.value, inputs, axis=0).astype(self.compute_dtype)

    def compute_mask(self, inputs: Array, mask: PyTree = None) -> Array | None:
        """Return where `inputs` is not 0, or None without `mask_zero`."""
        return jnp.not_equal(inputs, 0) if self.mask_zero else None

    def _set_initial(self, weights: Any) -> None:
        array = np.asarray(weights[0] if isinstance(weights, list | tuple) and len(weights) == 1 else weights)
        if array.shape != (self.input_dim, self.output_dim):
            raise ValueError(
                f"Layer {self.name!r}: weights must have the shape (input_dim, output_dim) = "
                f"{(self.input_dim, self.output_dim)}, got {array.shape}."
            )
        self.build()
        self.embeddings.assign(array)
