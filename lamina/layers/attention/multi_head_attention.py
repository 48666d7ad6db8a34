"""`MultiHeadAttention`."""

from __future__ import annotations

import functools
import string
from typing import Any

import jax

from lamina import constraints, initializers, kernels, regularizers
from lamina.layers.arguments import positive_int
from lamina.layers.attention.masks import visible_positions
from lamina.layers.core.einsum_dense import EinsumDense
from lamina.layers.layer import Layer
from lamina.layers.regularization.dropout import Dropout
from lamina.typing import Array, PyTree, Shape


class MultiHeadAttention(Layer):
    """Attention of several heads, each of which sees its own projections of query, key and value.

    `softmax(query @ key.T / sqrt(key_dim)) @ value` for each head; the heads are joined by one more projection.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's query and key.
        value_dim: size of a head's value; default `key_dim`.
        dropout: share of the weights set to zero while training, in [0, 1].
        use_bias: whether projections have a bias.
        output_shape: sizes of an output; default that of the query's features.
        attention_axes: the axes to attend over; default all between batch and features.
        sliding_window: a position sees those less than so many steps away; default all.
        flash_attention: None takes cuDNN's fused kernel where a GPU has it (16-bit floats, no dropout, no scores
            returned), False never does; True is refused.
        kernel_initializer, bias_initializer: default Glorot uniform and zeros.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        activity_regularizer: penalty on the outputs.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: whether the heads' outputs are multiplied by a sigmoid of a further projection of the query.
        seed: whole number that makes dropout reproducible.

    Call arguments:
        query: (batch, T, dim).
        value: (batch, S, dim).
        key: (batch, S, dim); default `value`.
        query_mask: bool, (batch, T); where False, a position sees nothing. It is the mask of the outputs as well.
        value_mask, key_mask: bool, (batch, S), False for positions to leave out.
            In a Functional model these three come from the layers that made query, value and key.
        attention_mask: bool, (batch, T, S), or of a shape that broadcasts to the scores (batch, heads, T, S).
        return_attention_scores: whether to return the weights (batch, heads, T, S) as well.
        training: whether dropout is active.
        use_causal_mask: whether a position sees none after it.

    Input shape: a query `(batch, T, dim)`, a value and a key `(batch, S, dim)`, or with more axes to attend over.
    Output shape: `(batch, T, dim of the query)`, or `(batch, T, *output_shape)`.

    Raises:
        ValueError: if an argument is out of range or shapes don't go together.

    Example:
        >>> layer = lamina.layers.MultiHeadAttention(num_heads=2, key_dim=8)
        >>> layer(lamina.ops.ones((2, 3, 16)), lamina.ops.ones((2, 5, 16))).shape
        (2, 3, 16)

    Reference: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Shape | None = None,
        attention_axes: int | tuple[int, ...] | None = None,
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
        self.num_heads = positive_int(num_heads, "num_heads", self.name)
        self.key_dim = positive_int(key_dim, "key_dim", self.name)
        self.value_dim = self.key_dim if value_dim is None else positive_int(value_dim, "value_dim", self.name)
        self.dropout = dropout
        self.use_bias = use_bias
        self.output_shape = (output_shape,) if isinstance(output_shape, int) else output_shape
        if self.output_shape is not None:
            self.output_shape = tuple(self.output_shape)
        self.attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
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

    arguments_not_in_config = frozenset({"flash_attention"})

    def build(self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        if value_shape[1:-1] != key_shape[1:-1]:
            raise ValueError(
                f"Layer {self.name!r}: key and value must have the same length; received key of shape "
                f"{tuple(key_shape)} and value of shape {tuple(value_shape)}."
            )
        rank = len(query_shape)
        if rank < 3 or len(value_shape) != rank or len(key_shape) != rank:
            raise ValueError(
                f"Layer {self.name!r}: query, value and key must have one number of axes, at least 3 (batch, "
                f"positions, features); received {tuple(query_shape)}, {tuple(value_shape)} and {tuple(key_shape)}."
            )
        axes = tuple(range(1, rank - 1)) if self.attention_axes is None else self.attention_axes
        if not axes or any(axis % rank in (0, rank - 1) or not -rank <= axis < rank for axis in axes):
            raise ValueError(
                f"Layer {self.name!r}: attention_axes={axes} must lie between the batch and the features of a query of "
                f"shape {tuple(query_shape)}: choose from 1 to {rank - 2}."
            )
        self.attention_axes = tuple(axis % rank for axis in axes)
        heads = self.num_heads
        self.query_dense = projection(self, "query", query_shape, (heads, self.key_dim))
        self.key_dense = projection(self, "key", key_shape, (heads, self.key_dim))
        self._gate_dense = projection(self, "gate", query_shape, (heads, self.value_dim)) if self.use_gate else None
        self.value_dense = projection(self, "value", value_shape, (heads, self.value_dim))
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        outputs = self.output_shape or query_shape[-1:]
        joined = (*query_shape[:-1], heads, self.value_dim)
        self.output_dense = projection(self, "attention_output", joined, outputs, summed=2)

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
        heads = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        outputs, weights = None, None
        if not return_attention_scores and may_fuse(self, training) and len(self.attention_axes or ()) == 1:
            outputs = kernels.flash_attention(*heads, visible)
        if outputs is None:
            outputs, weights = self._attend(*heads, visible, training)
        if self._gate_dense is not None:
            outputs = outputs * jax.nn.sigmoid(self._gate_dense(query))
        outputs = self.output_dense(outputs)
        return (outputs, weights) if return_attention_scores else outputs

    def _attend(
        self, query: Array, key: Array, value: Array, visible: Array | None, training: bool | None
    ) -> tuple[Array, Array]:
        """Return the heads' outputs and the weights: (batch..., heads, positions of the query, those of the value)."""
        axes = self.attention_axes
        assert isinstance(axes, tuple)  # since `build`
        if visible is not None:  # axes between the batch and the positions
            split = visible.ndim - 2 * len(axes)
            missing = query.ndim - 1 + len(axes) - visible.ndim
            visible = visible.reshape(visible.shape[:split] + (1,) * missing + visible.shape[split:])
        dropout = functools.partial(self._dropout_layer, training=training)
        return kernels.attend(query, key, value, visible, axes, dropout)


def projection(layer: Any, name: str, input_shape: Shape, sizes: Shape, summed: int = 1) -> EinsumDense:
    """Return a built projection of the last axes of the input to axes of `sizes`, with the arguments of `layer`.

    Args:
        layer: the attention that it is part of.
        name: its name.
        input_shape: shape of its input.
        sizes: sizes of the new axes.
        summed: number of axes at the end of the input that are summed over.
    """
    letters = string.ascii_lowercase
    inputs = letters[: len(input_shape)]
    kept, gone = inputs[:-summed], inputs[-summed:]
    new = letters[len(inputs) : len(inputs) + len(sizes)]
    dense = EinsumDense(
        f"{inputs},{gone}{new}->{kept}{new}",
        output_shape=(*(None,) * (len(kept) - 1), *sizes),
        bias_axes=new if layer.use_bias else None,
        kernel_initializer=_copy(layer.kernel_initializer),
        bias_initializer=_copy(layer.bias_initializer),
        kernel_regularizer=layer.kernel_regularizer,
        bias_regularizer=layer.bias_regularizer,
        kernel_constraint=layer.kernel_constraint,
        bias_constraint=layer.bias_constraint,
        dtype=layer.dtype_policy,
        trainable=layer.trainable,
        name=name,
    )
    dense.supports_masking = True  # the mask of the query is no concern of what is computed for it
    dense.build(input_shape)
    return dense


def may_fuse(layer: Any, training: bool | None) -> bool:
    """Whether attention may be one fused kernel, which has no dropout."""
    return layer.flash_attention is not False and (layer.dropout == 0 or training is False)


def check_attention_options(layer: str, sliding_window: Any, flash_attention: Any) -> int | None:
    """Return the checked size of the window, or raise a ValueError that names the layer."""
    if flash_attention:
        raise ValueError(
            f"Layer {layer!r}: flash_attention=True is not supported; leave it at None, and the fused kernel "
            "is used where the machine has it."
        )
    return None if sliding_window is None else positive_int(sliding_window, "sliding_window", layer)


def _copy(initializer: Any) -> Any:
    """Return an initializer of the same configuration; without a seed, projections would all draw the same."""
    if not hasattr(initializer, "get_config"):
        return initializer
    return type(initializer).from_config(initializer.get_config())
