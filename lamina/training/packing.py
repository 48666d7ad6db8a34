"""Many small arrays as one, for programs that are called often."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.core.arrays import frozen
from lamina.typing import Array, ArrayLike

# Up to this size copying an array is quicker than handing it to a program and taking it back.
_SMALL_BYTES = 32 * 1024

_DTYPES = ("float32", "int32", "uint32")


class Packed(NamedTuple):
    """A list of arrays as a program takes it: the bits of the small ones, joined as float32, and the others."""

    joined: ArrayLike
    rest: list[Array]


class Packing:
    """Which arrays of a list travel together in one.

    A call of a program takes 2 to 4 µs for each array that goes in and comes out; a step of a small model takes 30, and
    has thirty arrays.

    Args:
        arrays: arrays or what has their shapes and dtypes.

    Example:
        >>> import jax.numpy as jnp
        >>> from lamina.training.packing import Packing
        >>> arrays = [jnp.ones((2, 3)), jnp.int32(5)]
        >>> packing = Packing(arrays)
        >>> packed = packing.pack(arrays)
        >>> packed.joined.shape, int(packing.unpack(packed)[1]), packing.view(packed, 1)
        ((7,), 5, array(5, dtype=int32))
    """

    def __init__(self, arrays: Sequence[Any]) -> None:
        self.shapes = [(tuple(each.shape), jnp.dtype(each.dtype)) for each in arrays]
        self.places: list[slice | int] = []  # in the joined array, or the number in the rest
        start = others = 0
        for shape, dtype in self.shapes:
            size = math.prod(shape)
            if dtype.name in _DTYPES and size * dtype.itemsize <= _SMALL_BYTES:
                self.places.append(slice(start, start + size))
                start += size
            else:
                self.places.append(others)
                others += 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packing) and self.shapes == other.shapes

    def __hash__(self) -> int:
        return hash(tuple(self.shapes))

    def pack(self, arrays: Sequence[Array]) -> Packed:
        """Join arrays, in a program."""
        small = [_as_floats(array) for array, place in zip(arrays, self.places) if isinstance(place, slice)]
        return Packed(jnp.concatenate(small) if small else jnp.zeros(0), self._rest(arrays))

    def unpack(self, packed: Packed) -> list[Array]:
        """Take arrays apart."""
        small = iter(_parts(self, packed.joined))
        return [packed.rest[place] if isinstance(place, int) else next(small) for place in self.places]

    def pack_on_host(self, arrays: Sequence[ArrayLike]) -> Packed:
        """As `pack`, by NumPy."""
        small = [np.asarray(array).reshape(-1) for array, place in zip(arrays, self.places) if isinstance(place, slice)]
        floats = [array.view(np.float32) for array in small] or [np.zeros(0, np.float32)]
        return Packed(frozen(np.concatenate(floats)), self._rest(arrays))

    def view(self, packed: Packed, index: int) -> Any:
        """Return one of the arrays without a copy: NumPy's if it is among the joined ones."""
        place, (shape, dtype) = self.places[index], self.shapes[index]
        if isinstance(place, int):
            return packed.rest[place]
        return np.asarray(packed.joined)[place].view(dtype).reshape(shape)

    def replaced(self, packed: Packed, changes: Mapping[int, ArrayLike]) -> Packed:
        """Return the same with some of the arrays replaced, by index."""
        rest: list[Any] = list(packed.rest)
        joined: np.ndarray | None = None
        for index, array in changes.items():
            place = self.places[index]
            if isinstance(place, int):
                rest[place] = array
            else:
                joined = np.array(packed.joined) if joined is None else joined
                joined[place] = np.asarray(array).reshape(-1).view(np.float32)
        return Packed(packed.joined if joined is None else frozen(joined), rest)

    def _rest(self, arrays: Sequence[Any]) -> list[Any]:
        return [array for array, place in zip(arrays, self.places) if isinstance(place, int)]


def numbers_of(arrays: Sequence[Array]) -> Array:
    """Return the bits of all single numbers among the arrays as a vector of float32, in a program."""
    found = [_as_floats(array) for array in arrays if is_number(array.shape, array.dtype)]
    return jnp.concatenate(found) if found else jnp.zeros(0)


def is_number(shape: tuple[int, ...], dtype: Any) -> bool:
    """Tell whether `numbers_of` holds arrays like this."""
    return shape == () and jnp.dtype(dtype).name in _DTYPES


@partial(jax.jit, static_argnums=0)
def _parts(packing: Packing, joined: Array) -> list[Array]:
    """Take what is joined apart: one program for all of it."""

    def part(place: slice, shape: tuple[int, ...], dtype: Any) -> Array:
        return lax.bitcast_convert_type(lax.slice(joined, (place.start,), (place.stop,)), dtype).reshape(shape)

    places = zip(packing.places, packing.shapes)
    return [part(place, *shape) for place, shape in places if isinstance(place, slice)]


def _as_floats(array: Array) -> Array:
    return lax.bitcast_convert_type(array, "float32").reshape(-1)
