"""Complex numbers by length and angle."""

from __future__ import annotations

import jax.numpy as jnp

from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike

__all__ = ["polar"]


@operation
def polar(abs_: ArrayLike, angle: ArrayLike) -> Array:
    """Return the complex numbers of a length and an angle in radians."""
    return jnp.asarray(abs_) * jnp.exp(1j * jnp.asarray(angle))
