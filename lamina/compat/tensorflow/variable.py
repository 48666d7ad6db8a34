"""`tf.Variable`."""

from __future__ import annotations

from typing import Any

import numpy as np

import lamina


class Variable(lamina.Variable):
    """A lamina variable in TensorFlow's signature; layers and models train it as one of their weights.

    Args:
        initial_value: array or number, or a function without arguments that gives one.
        trainable: whether training changes it; default True.
        name: default "Variable".
        dtype: default that of the value.
        shape: checked against the value's.
        kwargs: other arguments of TensorFlow's; they must be None.
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: None = None,
        name: str | None = None,
        variable_def: None = None,
        dtype: Any = None,
        import_scope: None = None,
        constraint: Any = None,
        synchronization: None = None,
        aggregation: None = None,
        shape: Any = None,
    ) -> None:
        if initial_value is None:
            raise ValueError("tf.Variable needs an initial value.")
        unsupported = {
            "caching_device": caching_device,
            "variable_def": variable_def,
            "import_scope": import_scope,
            "constraint": constraint,
            "synchronization": synchronization,
            "aggregation": aggregation,
        }
        for argument, value in unsupported.items():
            if value is not None:
                raise ValueError(f"tf.Variable: {argument} is not supported by lamina; leave it out.")
        if not validate_shape:
            raise ValueError("tf.Variable: the shape of a lamina variable is fixed; leave validate_shape out.")
        value: Any = initial_value() if callable(initial_value) else initial_value
        super().__init__(value, shape=shape, dtype=dtype, trainable=trainable is not False, name=name or "Variable")

    def assign(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Variable:
        """Give the variable a new value, and return it."""
        super().assign(value)
        return self

    def assign_add(self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Variable:
        """Add `delta`, and return the variable."""
        super().assign_add(delta)
        return self

    def assign_sub(self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Variable:
        """Subtract `delta`, and return the variable."""
        super().assign_sub(delta)
        return self

    def read_value(self) -> Any:
        """Return the value as a tensor."""
        return self.value

    def numpy(self) -> Any:
        """Return the value as a NumPy array, a scalar where it has no axes."""
        return np.array(self.value)[()]

    def __repr__(self) -> str:
        value = repr(np.asarray(self.value)) if self.ndim else str(np.asarray(self.value))
        newline = "\n" if self.ndim > 1 else ""
        return f"<tf.Variable '{self.name}:0' shape={self.shape} dtype={self.dtype}, numpy={newline}{value}>"
