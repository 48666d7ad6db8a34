"""Small words that the recurrent loops share."""

import jax
import jax.numpy as jnp
from jax import lax

# XLA likes to compute a cheap thing again in every fusion that uses it, tanh among them. A barrier makes it keep it.
keep_apart = lax.optimization_barrier


def gate(a: jax.Array) -> jax.Array:
    """Return the sigmoid of 2u, given a = tanh(u)."""
    return a * 0.5 + 0.5


def gate_slope(a: jax.Array) -> jax.Array:
    """Return the derivative of tanh where it is `a`: for a gate, half of it is the slope for u."""
    return 1 - a * a


def before(sequence: jax.Array, first: jax.Array, reverse: bool) -> jax.Array:
    """Return what each step found: the sequence moved by one step, `first` for the step that runs first."""
    if reverse:
        return jnp.concatenate([sequence[1:], first[None]])
    return jnp.concatenate([first[None], sequence[:-1]])


def matrix(sequence: jax.Array) -> jax.Array:
    """Return (steps × batch, units)."""
    return sequence.reshape(-1, sequence.shape[-1])


def present(*arrays: jax.Array | None) -> list[jax.Array]:
    """Return the arrays that are not None."""
    return [array for array in arrays if array is not None]
