"""`EinsumDense`."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import jax.numpy as jnp

from lamina import activations, constraints, initializers, regularizers
from lamina.kernels import project
from lamina.layers.arguments import refuse
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.typing import Array, Shape

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(Layer):
    """A fully connected layer over any axes, said by an einsum equation: `activation(einsum(inputs, kernel) + bias)`.

    Args:
        equation: `"inputs,kernel->outputs"`, a letter for each axis; an ellipsis at the same end of inputs and outputs
            stands for any axes: `"...x,xy->...y"` is `Dense`.
        output_shape: sizes of the outputs without the batch and without axes that an ellipsis stands for; None for a
            size that the inputs give.
        activation: name or function; default none (linear).
        bias_axes: letters of the output's axes that have a bias of their own; None for no bias.
        kernel_initializer, bias_initializer: default Glorot uniform and zeros.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        lora_rank, lora_alpha, gptq_unpacked_column_size, quantization_config: not supported; must be None.

    Input shape, output shape: as the equation says.

    Raises:
        ValueError: if the equation can't be read, or does not go with `output_shape` or the input.

    Example:
        >>> layer = lamina.layers.EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")
        >>> layer(lamina.ops.ones((2, 5, 3))).shape
        (2, 5, 8)
    """

    arguments_not_in_config = frozenset({"lora_rank", "lora_alpha", "gptq_unpacked_column_size"})

    def __init__(
        self,
        equation: str,
        output_shape: int | Shape,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse(
            self.name,
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            gptq_unpacked_column_size=gptq_unpacked_column_size,
            quantization_config=quantization_config,
        )
        self.quantization_config = None
        self.equation = equation
        self.output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.terms = _read(self.name, equation)

    def build(self, input_shape: Shape) -> None:
        kernel_shape, bias_shape = self._weight_shapes(tuple(input_shape))
        self.kernel = self.add_weight(
            kernel_shape,
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if bias_shape is not None:
            self.bias = self.add_weight(
                bias_shape,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        first = 0 if self.terms.ellipsis == "right" else -len(self.terms.inputs)
        sizes = dict(zip(self.terms.kernel, self.kernel.shape, strict=True))
        fixed: dict[int, int | None] = {
            first + index: sizes[letter] for index, letter in enumerate(self.terms.inputs) if letter in sizes
        }
        self.input_spec = InputSpec(ndim=len(input_shape), axes=fixed)

    def call(self, inputs: Array, training: bool | None = None) -> Array:
        kernel, bias = self.kernel.value, None if self.bias is None else self.bias.value
        summed = self.terms.summed
        if summed and (bias is None or bias.ndim <= kernel.ndim - summed):
            rectified = self.activation is activations.relu
            outputs = project(inputs, kernel, bias, summed, rectified=rectified)
            return outputs if rectified else self.activation(outputs)
        outputs = jnp.einsum(self.equation, inputs, kernel)
        return self.activation(outputs if bias is None else outputs + bias)

    def _weight_shapes(self, input_shape: Shape) -> tuple[Shape, Shape | None]:
        """Return the shapes of kernel and bias, the latter with axes of size 1 where it is shared."""
        terms = self.terms
        sizes = self._input_sizes(input_shape)
        # With an ellipsis in front the batch belongs to it, so the declared sizes are those of all letters.
        outputs = terms.outputs if terms.ellipsis == "left" else terms.outputs[1:]
        if len(outputs) != len(self.output_shape):
            raise ValueError(
                f"Layer {self.name!r}: output_shape={self.output_shape} must have a size for each of the letters "
                f"{outputs!r} of the equation {self.equation!r}."
            )
        declared = dict(zip(outputs, self.output_shape, strict=True))
        for letter, size in declared.items():
            known = sizes.get(letter)
            if letter in terms.inputs and None not in (size, known) and size != known:
                raise ValueError(
                    f"Layer {self.name!r}: axis {letter!r} of the equation {self.equation!r} has size {known} in the "
                    f"input of shape {input_shape}, but {size} in output_shape={self.output_shape}."
                )
            sizes[letter] = known if size is None else size
        for letter in terms.kernel:
            if sizes.get(letter) is None:
                raise ValueError(
                    f"Layer {self.name!r}: the size of axis {letter!r} of the kernel is not known from the input of "
                    f"shape {input_shape} and output_shape={self.output_shape}."
                )
        kernel_shape = tuple(sizes[letter] for letter in terms.kernel)
        return kernel_shape, self._bias_shape(sizes)

    def _bias_shape(self, sizes: dict[str, int | None]) -> Shape | None:
        outputs = self.terms.outputs
        if not self.bias_axes:
            return None
        unknown = [letter for letter in self.bias_axes if letter not in outputs]
        if unknown:
            raise ValueError(
                f"Layer {self.name!r}: bias_axes={self.bias_axes!r} holds {unknown[0]!r}, which is no axis of the "
                f"output {outputs!r}."
            )
        first = min(outputs.index(letter) for letter in self.bias_axes)
        shape = tuple(sizes[letter] if letter in self.bias_axes else 1 for letter in outputs[first:])
        return (*shape, *(1,) * self.hidden_axes) if self.terms.ellipsis == "right" else shape

    def _input_sizes(self, input_shape: Shape) -> dict[str, int | None]:
        """Return the size of each letter of the input, and note how many axes the ellipsis stands for."""
        letters = self.terms.inputs
        self.hidden_axes = len(input_shape) - len(letters)
        if self.hidden_axes < 0 or (self.hidden_axes > 0 and self.terms.ellipsis == "none"):
            raise ValueError(
                f"Layer {self.name!r}: the equation {self.equation!r} takes inputs of {len(letters)} axes, received "
                f"shape {input_shape}."
            )
        named = input_shape[self.hidden_axes :] if self.terms.ellipsis == "left" else input_shape[: len(letters)]
        return dict(zip(letters, named, strict=True))


class _Terms(NamedTuple):
    inputs: str
    kernel: str
    outputs: str
    ellipsis: str  # "none", "left" or "right"

    @property
    def summed(self) -> int:
        """How many axes are summed over, if those are the last ones of the inputs and the first of the kernel; or 0."""
        for count in range(1, len(self.inputs) + 1):
            kept, gone = self.inputs[:-count], self.inputs[-count:]
            if self.kernel.startswith(gone) and self.outputs == kept + self.kernel[count:]:
                return 0 if self.ellipsis == "right" else count
        return 0


def _read(layer: str, equation: str) -> _Terms:
    match = _EQUATION.fullmatch(equation.replace(" ", ""))
    left, right = (match and (match[1], match[5])), (match and (match[3], match[7]))
    if not match or left is None or right is None or bool(left[0]) != bool(left[1]) or bool(right[0]) != bool(right[1]):
        raise ValueError(
            f"Layer {layer!r}: the equation {equation!r} can't be read. It has the form 'inputs,kernel->outputs', "
            "such as 'abc,cd->abd', with an ellipsis at the same end of inputs and outputs or none."
        )
    ellipsis = "left" if left[0] else "right" if right[0] else "none"
    terms = _Terms(match[2], match[4], match[6], ellipsis)
    strange = [letter for letter in terms.outputs if letter not in terms.inputs + terms.kernel]
    if strange or (left[0] and right[0]):
        raise ValueError(
            f"Layer {layer!r}: the equation {equation!r} has an output axis that neither inputs nor kernel have, or "
            "two ellipses."
        )
    return terms
