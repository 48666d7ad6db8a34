"""`InputLayer` and `Input`: where data enters a model."""

from __future__ import annotations

from typing import Any

from lamina import config
from lamina.core.symbolic import KerasTensor, Node
from lamina.errors import brief
from lamina.layers.layer import Layer
from lamina.typing import PyTree, Shape


class InputLayer(Layer):
    """The entry of a model: it declares the shape and dtype of one input and passes it on.

    Args:
        shape: sizes without the batch, None where unknown.
        batch_size: size of the batch where it is fixed.
        dtype: default `lamina.config.floatx()`.
        batch_shape: shape with the batch, in the place of `shape` and `batch_size`.
        input_tensor: an existing symbolic tensor to stand for the input.
        optional: whether the input may be None.
        sparse, ragged: not supported; must be None or False.
        name: default "input_layer".

    Example:
        >>> model = lamina.Sequential([lamina.layers.InputLayer((4,)), lamina.layers.Dense(2)])
        >>> model.output_shape
        (None, 2)
    """

    def __init__(
        self,
        shape: Shape | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Shape | None = None,
        input_tensor: KerasTensor | None = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if batch_shape is None and "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        if shape is None and "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        super().__init__(name=name, **kwargs)
        if sparse or ragged:
            raise ValueError(f"Layer {self.name!r}: sparse and ragged inputs are not supported; pass dense arrays.")
        if batch_shape is not None and (shape is not None or batch_size is not None):
            raise ValueError(f"Layer {self.name!r}: pass either batch_shape or shape and batch_size, not both.")
        if input_tensor is not None and batch_shape is None and shape is None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        if batch_shape is None and shape is None:
            raise ValueError(f"Layer {self.name!r}: pass the shape of the input, such as Input(shape=(4,)).")
        if batch_shape is None:
            batch_shape = (batch_size, *_as_sizes(shape, self.name))
        self.batch_shape = _as_sizes(batch_shape, self.name)
        self.input_dtype_name = config.standardize_dtype(dtype)
        self.sparse = self.ragged = False
        self.optional = optional
        self.built = True
        self._tensor = input_tensor or KerasTensor(self.batch_shape, self.input_dtype_name, name=self.name)
        if input_tensor is None:
            self._nodes.append(Node(self, (), {}, self._tensor))

    @property
    def dtype(self) -> str:
        """The dtype of the data."""
        return self.input_dtype_name

    @property
    def output(self) -> KerasTensor:
        """The symbolic tensor that stands for the data."""
        return self._tensor

    def call(self, inputs: PyTree = None) -> PyTree:
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.input_dtype_name,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Shape | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Shape | None = None,
    name: str | None = None,
    tensor: KerasTensor | None = None,
    optional: bool = False,
) -> KerasTensor:
    """Return a symbolic tensor for data of a shape: the start of a model.

    Args:
        shape: sizes without the batch, None where unknown.
        batch_size: size of the batch where it is fixed.
        dtype: default `lamina.config.floatx()`.
        sparse, ragged: not supported; must be None or False.
        batch_shape: shape with the batch, in the place of `shape` and `batch_size`.
        name: default "input_layer".
        tensor: an existing symbolic tensor to stand for the input.
        optional: whether the input may be None.

    Example:
        >>> lamina.Input(shape=(4,)).shape
        (None, 4)
    """
    return InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    ).output


def _as_sizes(shape: Any, name: str) -> Shape:
    if isinstance(shape, int):
        return (shape,)
    if isinstance(shape, tuple | list) and all(size is None or (isinstance(size, int) and size >= 0) for size in shape):
        return tuple(shape)
    data = getattr(shape, "shape", ())  # of the data themselves, given by mistake
    example = f" For these data write Input(shape={tuple(data[1:])})." if len(data) > 1 else ""
    raise ValueError(f"Layer {name!r}: a shape holds whole numbers or None, got {brief(shape)}.{example}")
