"""Scale and offset, learned for some axes: what layers share that normalize and then undo as much as helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from lamina import constraints, initializers, regularizers
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array, Shape


class AffineNormalization(Layer):
    """A layer with `gamma` to multiply by and `beta` to add, after it has normalized its inputs.

    Args:
        epsilon: added to variances, so that constant inputs don't divide by 0.
        The others as in `LayerNormalization`.
    """

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True

    def add_gamma_and_beta(self, shape: Shape, scale: bool | None = None, center: bool | None = None) -> None:
        """Declare the weights; an attribute is None where the layer has none of its kind.

        Args:
            shape: of each.
            scale, center: whether there are gamma and beta; default as the layer's attributes say.
        """
        self.gamma = self.beta = None
        if self.scale if scale is None else scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                autocast=False,
                name="gamma",
            )
        if self.center if center is None else center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                autocast=False,
                name="beta",
            )

    def scaled(self, normalized: Array, shape: Sequence[int]) -> Array:
        """Return `gamma * normalized + beta` in the compute dtype, with the weights in a shape that broadcasts."""
        if self.gamma is not None:
            normalized = normalized * self.gamma.value.reshape(shape)
        if self.beta is not None:
            normalized = normalized + self.beta.value.reshape(shape)
        return normalized.astype(self.compute_dtype)


def known_sizes(layer: Layer, input_shape: Shape, axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes along axes, or raise a ValueError that names the layer if one does not exist or is unknown."""
    for axis in axes:
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise TypeError(f"Layer {layer.name!r}: axis must be a whole number, got {axis!r}.")
        if not -len(input_shape) <= axis < len(input_shape):
            raise ValueError(
                f"Layer {layer.name!r}: axis {axis} does not exist in an input of shape {tuple(input_shape)}. "
                f"Choose one between {-len(input_shape)} and {len(input_shape) - 1}."
            )
        if input_shape[axis] is None:
            raise ValueError(
                f"Layer {layer.name!r}: axis {axis} of its input must have a known size, received {tuple(input_shape)}."
            )
    return tuple(input_shape[axis] for axis in sorted(axis % len(input_shape) for axis in axes))  # type: ignore[misc]


def spec_of_axes(axes: list[int], input_shape: Shape) -> InputSpec:
    """Return the demand for inputs that have the sizes of `input_shape` along axes; of any rank that has these."""
    least = max(axis + 1 if axis >= 0 else -axis for axis in axes)
    return InputSpec(min_ndim=least, axes={axis: input_shape[axis] for axis in axes})


def in_full_precision(inputs: Array) -> Array:
    """Return inputs in float32 where they are in less: half precision overflows at 65504, bfloat16 keeps 3 digits."""
    return inputs.astype(jnp.promote_types(inputs.dtype, "float32"))


def axes_of(value: Any, layer: str) -> list[int]:
    """Return one axis or several as a sorted list, or raise a TypeError that names the layer."""
    axes = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in axes):
        raise TypeError(f"Layer {layer!r}: axis must be a whole number or several of them, got {value!r}.")
    return sorted(axes)
