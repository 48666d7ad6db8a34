"""`Variable`: an array with a name that can be assigned, the place where a model keeps its weights and state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from lamina import config
from lamina.core import binding
from lamina.core.arrays import frozen, to_jax
from lamina.core.naming import automatic_name
from lamina.typing import Array, ArrayLike, Shape


class Source(Protocol):
    """Keeps the values of variables in their place."""

    def fetch(self, variable: Variable) -> Array:
        """Return the value of a variable that is read."""
        ...

    def change(self, variable: Variable) -> None:
        """Take note that a variable is about to hold an array of its own."""
        ...


class Variable:
    """An array that can be assigned, with a name, a shape and a dtype that never change.

    Its first value is drawn when it is first read, so that a model whose weights are loaded from a file, or only
    summarised, never draws them. Within a compiled program it stands for the traced array (`lamina.core.binding`).

    Args:
        initializer: an array, or a function `(shape, dtype) -> array`; a name where a layer's `add_weight` is used.
        shape: required where `initializer` is a function.
        dtype: default `lamina.config.floatx()`, or that of the array.
        trainable: whether optimizers may change it.
        autocast: whether layers that compute in another float type read it in that type.
        aggregation, synchronization: how replicas combine; only the defaults have a meaning on one program.
        name: default `"variable"`.
        layout: must be None.

    Example:
        >>> counter = lamina.Variable(0, dtype="int32", trainable=False)
        >>> counter.assign_add(2)
        >>> int(counter)
        2
    """

    def __init__(
        self,
        initializer: Callable[..., Any] | ArrayLike,
        shape: Shape | None = None,
        dtype: object = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: object = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise TypeError(f"Variable does not know the arguments {sorted(kwargs)}.")
        if layout is not None:
            raise ValueError(f"Variable: layout={layout!r} is not supported by lamina; leave it at None.")
        if aggregation not in (None, "none", "mean", "sum", "only_first_replica"):
            raise ValueError(
                f"aggregation must be None, 'none', 'mean', 'sum' or 'only_first_replica', got {aggregation!r}."
            )
        if synchronization not in (None, "none", "on_read", "on_write", "auto"):
            raise ValueError(
                f"synchronization must be None, 'none', 'on_read', 'on_write' or 'auto', got {synchronization!r}."
            )
        self.name = name or automatic_name(type(self))
        self.path = self.name
        self.trainable = trainable
        self.declared_trainable = trainable  # what `layer.trainable = True` goes back to
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.regularizer: Any = None
        self.constraint: Any = None
        self.overwrite_with_gradient = False
        self._array: Any = None  # JAX's, or for a number NumPy's
        self.source: Source | None = None
        self._initializer: Callable[..., Any] | None = None
        if callable(initializer):
            if shape is None:
                raise ValueError(f"Variable {self.name!r}: pass shape=... together with an initializer function.")
            self.shape: tuple[int, ...] = _static_shape(self.name, shape)
            self.dtype = config.standardize_dtype(dtype)
            self._initializer = initializer
        else:
            array = _as_array(initializer, dtype)
            if shape is not None and tuple(shape) != array.shape:
                raise ValueError(
                    f"Variable {self.name!r}: the initial value has shape {array.shape}, but shape={shape} was asked."
                )
            self._array = array
            self.shape = array.shape
            self.dtype = array.dtype.name

    @property
    def value(self) -> Array:
        """The array now: the bound one inside a pure call, cast where the layer autocasts, else the variable's own."""
        scope = binding.current()
        array = None if scope.values is None else scope.values.get(id(self))
        if array is None:
            array = jnp.zeros(self.shape, self.dtype) if scope.abstract else self.array
        if scope.autocast is not None and self.autocast and jnp.issubdtype(array.dtype, jnp.floating):
            return array.astype(scope.autocast)
        return array

    @property
    def array(self) -> Array:
        """The variable's own array, whatever call is in progress; drawn now if it never was."""
        array = self.held
        if isinstance(array, np.ndarray):
            with jax.ensure_compile_time_eval():
                array = self._array = jnp.asarray(array)
        return array

    @array.setter
    def array(self, array: Array) -> None:
        if self.source is not None:
            self.source.change(self)
        self._array = array

    @property
    def held(self) -> Array:
        """As `array`, to be handed to a program or to NumPy: what is small may still be NumPy's."""
        if self._array is None:
            self._array = self._drawn() if self.source is None else self.source.fetch(self)
        return self._array

    def _drawn(self) -> Array:
        assert self._initializer is not None
        with jax.ensure_compile_time_eval():  # a first read inside a trace must not capture a tracer
            given = self._initializer(self.shape, dtype=self.dtype)
            array = _owned(given, self.dtype)
            if array is given and not type(self._initializer).__module__.startswith("lamina."):
                array = jnp.array(given, copy=True)  # it may be one that the user keeps; training donates it
        if array.shape != self.shape:
            raise ValueError(
                f"Variable {self.path!r}: its initializer gave an array of shape {array.shape}, expected {self.shape}."
            )
        return array

    def leave_to(self, source: Source | None) -> None:
        """Hold no array any more: `source` gives it when somebody reads it, and is told when somebody assigns one."""
        self.source, self._array = source, None

    def assign(self, value: ArrayLike | Variable) -> None:
        """Give the variable a new value of the same shape; the dtype is converted.

        Raises:
            ValueError: if the shape differs, or if a traced value would leak out of a compiled function.
        """
        if isinstance(value, Variable):
            value = value.value
        scope = binding.current()
        if scope.values is None and self.shape == () and _is_number(value):
            # As callbacks set learning rates: an array of JAX is made when somebody reads it, and programs take this.
            self.array = cast(Array, frozen(np.array(value, jnp.dtype(self.dtype))))
            return
        if self.source is not None and scope.values is None and type(value) is np.ndarray and value.dtype == self.dtype:
            array = cast(Array, frozen(value.copy()))  # the source takes it to the device
        else:
            array = _owned(value, self.dtype)
        if array.shape != self.shape:
            raise ValueError(
                f"Variable {self.path!r} has shape {self.shape}; a value of shape {array.shape} can't be assigned."
            )
        if scope.values is not None:
            scope.values[id(self)] = array
        elif isinstance(array, Tracer):
            raise ValueError(
                f"Variable {self.path!r} was assigned inside a function that JAX is transforming (jit, grad, vmap), "
                "where the new value would be lost. Use lamina.functional(model), which returns updated state, "
                "or call the layer with training=False."
            )
        else:
            # Programs that donate must own what they are given.
            self.array = jnp.array(array, copy=True) if array is value else array

    def assign_add(self, value: ArrayLike) -> None:
        """Add `value`."""
        self.assign(self._full_precision() + jnp.asarray(value))

    def assign_sub(self, value: ArrayLike) -> None:
        """Subtract `value`."""
        self.assign(self._full_precision() - jnp.asarray(value))

    def _full_precision(self) -> Array:
        with binding.within(autocast=None):
            return self.value

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def initializer(self) -> Callable[..., Any] | None:
        """The function that draws the first value, or None where an array was given."""
        return self._initializer

    def numpy(self) -> np.ndarray:
        """Return a NumPy copy."""
        return np.array(self._read)

    @property
    def _read(self) -> Array:
        """As `value`, for NumPy and Python: what is NumPy's stays so."""
        return self.held if binding.current() is binding.OUTSIDE else self.value

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"

    # An array to JAX, to NumPy and to Python.
    def __jax_array__(self) -> Array:
        return self.value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._read, dtype) if copy else np.asarray(self._read, dtype)

    def __float__(self) -> float:
        return float(self._read)

    def __int__(self) -> int:
        return int(self._read)

    def __index__(self) -> int:
        return int(self._read)

    def __bool__(self) -> bool:
        return bool(self._read)

    def __len__(self) -> int:
        return len(self.value)

    def __round__(self, ndigits: int | None = None) -> Array:
        return jnp.round(self.value, ndigits or 0)

    def __getitem__(self, index: Any) -> Array:
        return self.value[index]

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        if self.source is not None:
            _ = self.held
        clone = object.__new__(type(self))
        memo[id(self)] = clone
        vars(clone).update(vars(self))
        clone.source = None
        if self._array is not None:  # a shared array would be donated twice
            clone._array = jnp.array(self._array, copy=True)
        return clone

    __hash__ = object.__hash__


def _operator(name: str) -> Callable[..., Array]:
    def apply(self: Variable, *others: Any) -> Array:
        arrays = [other.value if isinstance(other, Variable) else other for other in others]
        return getattr(self.value, name)(*arrays)

    apply.__name__ = name
    return apply


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    setattr(Variable, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(Variable, f"__r{_name}__", _operator(f"__r{_name}__"))
for _name in ("neg", "pos", "abs", "invert", "lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Variable, f"__{_name}__", _operator(f"__{_name}__"))
Variable.__hash__ = object.__hash__  # comparison is by element, identity is what makes a variable


def _static_shape(name: str, shape: Any) -> tuple[int, ...]:
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if not all(isinstance(size, int | np.integer) and size >= 0 for size in shape):
        raise ValueError(f"Variable {name!r}: every size of its shape must be a whole number, got {shape}.")
    return tuple(int(size) for size in shape)


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int | np.number) or (isinstance(value, np.ndarray) and value.shape == ())


def _owned(value: Any, dtype: str) -> Array:
    """Return an array of JAX; one in another library's memory is copied, since JAX may go on reading that memory."""
    if isinstance(value, jax.Array):
        return jnp.asarray(value, dtype)
    if type(value) is np.ndarray and value.dtype == jnp.dtype(dtype):
        return to_jax(value)
    return jnp.array(value, dtype, copy=True)


def _as_array(value: Any, dtype: object) -> Array:
    with jax.ensure_compile_time_eval():
        value = value.value if isinstance(value, Variable) else value
        array = to_jax(value) if type(value) is np.ndarray else jnp.array(value, copy=True)
        if dtype is None and not isinstance(value, np.ndarray | jax.Array | np.generic | Variable):
            dtype = config.floatx() if jnp.issubdtype(array.dtype, jnp.floating) else None
        return array if dtype is None else array.astype(config.standardize_dtype(dtype))
