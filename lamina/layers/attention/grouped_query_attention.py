"""`GroupQueryAttention`."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from lamina import constraints, initializers, kernels, regularizers
from lamina.layers.arguments import positive_int
from lamina.layers.attention.masks import visible_positions
from lamina.layers.attention.multi_head_attention import check_attention_options, may_fuse, projection
from lamina.layers.layer import Layer
from lamina.layers.regularization.dropout import Dropout
from lamina.typing import Array, PyTree, Shape


class GroupedQueryAttention(Layer):
    """Attention of several heads where groups of queries share one key and value: fewer weights, a smaller cache.

    Args:
        head_dim: size of a head's query, key and value.
        num_query_heads: number of queries.
        num_key_value_heads: number of keys and values; must divide the number of queries.
        dropout: share of the weights set to zero while training, in [0, 1].
        use_bias: whether projections have a bias.
        sliding_window: a position sees those less than so many steps away; default all.
        flash_attention: as in `MultiHeadAttention`.
        kernel_initializer, bias_initializer: default Glorot uniform and zeros.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: whether the heads' outputs are multiplied by a sigmoid of a further projection of the query.
        seed: whole number that makes dropout reproducible.

    Call arguments: as of `MultiHeadAttention`.

    Input shape: a query `(batch, T, dim)`, a value and a key `(batch, S, dim)`. Output shape: `(batch, T, dim of the
    query)`.

    Raises:
        ValueError: if an argument is out of range or shapes don't go together.

    Example:
        >>> layer = lamina.layers.GroupQueryAttention(head_dim=8, num_query_heads=4, num_key_value_heads=2)
        >>> layer(lamina.ops.ones((2, 3, 16)), lamina.ops.ones((2, 5, 16))).shape
        (2, 3, 16)

    Reference: Ainslie et al., 2023, https://arxiv.org/abs/2305.13245
    """

    # Keras writes the public name into files.
    serialized_identity = {"module": "keras.layers", "class_name": "GroupQueryAttention", "registered_name": None}

    arguments_not_in_config = frozenset({"flash_attention"})

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.head_dim = positive_int(head_dim, "head_dim", self.name)
        self.num_query_heads = positive_int(num_query_heads, "num_query_heads", self.name)
        self.num_key_value_heads = positive_int(num_key_value_heads, "num_key_value_heads", self.name)
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                f"Layer {self.name!r}: num_query_heads must be a multiple of num_key_value_heads, got "
                f"{num_query_heads} and {num_key_value_heads}."
            )
        self.dropout = dropout
        self.use_bias = use_bias
        self.sliding_window = check_attention_options(self.name, sliding_window, flash_attention)
        self.flash_attention = flash_attention
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.use_gate = use_gate
        self.seed = seed
        self.supports_masking = True

    def build(self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        if not len(query_shape) == len(value_shape) == len(key_shape) == 3:
            raise ValueError(
                f"Layer {self.name!r}: query, value and key must have the shape (batch, positions, features); received "
                f"{tuple(query_shape)}, {tuple(value_shape)} and {tuple(key_shape)}."
            )
        queries, shared = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        self._query_dense = projection(self, "query", query_shape, queries)
        self._key_dense = projection(self, "key", key_shape, shared)
        self._gate_dense = projection(self, "gate", query_shape, queries) if self.use_gate else None
        self._value_dense = projection(self, "value", value_shape, shared)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        joined = (*query_shape[:-1], *queries)
        self._output_dense = projection(self, "attention_output", joined, query_shape[-1:], summed=2)

    def call(
        self,
        query: Array,
        value: Array,
        key: Array | None = None,
        query_mask: Array | None = None,
        value_mask: Array | None = None,
        key_mask: Array | None = None,
        attention_mask: Array | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> PyTree:
        key = value if key is None else key
        visible = visible_positions(
            query,
            value,
            query_mask=query_mask,
            value_mask=value_mask,
            key_mask=key_mask,
            attention_mask=attention_mask,
            causal=use_causal_mask,
            sliding_window=self.sliding_window,
        )
        if visible is not None and visible.ndim == 3:
            visible = visible[:, None]
        heads = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        outputs, weights = None, None
        if not return_attention_scores and may_fuse(self, training):
            outputs = kernels.flash_attention(*heads, visible)
        if outputs is None:
            outputs, weights = self._attend(*heads, visible, training)
        if self._gate_dense is not None:
            outputs = outputs * jax.nn.sigmoid(self._gate_dense(query))
        outputs = self._output_dense(outputs)
        return (outputs, weights) if return_attention_scores else outputs

    def _attend(
        self, queries: Array, keys: Array, values: Array, visible: Array | None, training: bool | None
    ) -> tuple[Array, Array]:
        """Return the heads' outputs and the weights: (batch, heads, positions of the query, those of the value)."""
        repeats = self.num_query_heads // self.num_key_value_heads
        keys, values = jnp.repeat(keys, repeats, 2), jnp.repeat(values, repeats, 2)
        dropout = functools.partial(self._dropout_layer, training=training)
        return kernels.attend(queries, keys, values, visible, (1,), dropout)


GroupQueryAttention = GroupedQueryAttention  # the public name; the class has that under which Keras names instances
