"""Adam's step, on the CPU in one pass over memory where the compiled extension is at hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from lamina.kernels import native

# Elements from which a call is faster than XLA's passes. In loops on two AVX-512 cores, in parts of XLA's time: 1.10
# for 2^14 elements, 0.84 for 2^15, 0.54 for 2^16, 0.61 for 512 × 512, 0.43 for 2^22.
FEWEST_ELEMENTS = 2**15


def adam_step(
    gradient: jax.Array,
    mean: jax.Array,
    square: jax.Array,
    variable: jax.Array,
    rate: jax.Array,
    *,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> list[jax.Array]:
    """Take a step by the moving averages of the gradient and of its square.

    Args:
        gradient: Of the variable's shape and type, as `mean` and `square` are.
        mean: The moving average of the gradients so far.
        square: That of their squares.
        variable: What the step changes.
        rate: Size of the step, a scalar; without the averages' bias.
        beta_1: Share of `mean` that stays.
        beta_2: Share of `square` that stays.
        epsilon: Added to the root of `square`.

    Returns:
        New `mean`, `square` and `variable`.

    Example:
        >>> import jax.numpy as jnp
        >>> one, zero = jnp.ones(1), jnp.zeros(1)
        >>> adam_step(one, zero, zero, one, jnp.float32(0.1), beta_1=0.5, beta_2=0.75, epsilon=0.0)[2]
        Array([0.9], dtype=float32)

    Reference:
        Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980
    """
    arrays = (gradient, mean, square, variable, rate)
    parameters = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    known = all(isinstance(number, int | float) for number in parameters.values())  # they become part of the program
    if known and native.available(_adam.name) and _fits(*arrays):
        return _adam.bind(*arrays, **parameters)
    return _plain(*arrays, **parameters)


def _plain(gradient, mean, square, variable, rate, *, beta_1, beta_2, epsilon) -> list[jax.Array]:
    mean = mean + (gradient - mean) * (1 - beta_1)
    square = square + (jnp.square(gradient) - square) * (1 - beta_2)
    return [mean, square, variable - mean * rate / (jnp.sqrt(square) + epsilon)]


def _fits(*arrays: Any, **parameters: Any) -> bool:
    """Whether a call of the extension is possible, and faster."""
    *whole, rate = arrays
    shape = whole[0].shape
    known = all(isinstance(size, int) for size in shape)
    if not known or rate.shape or any(array.shape != shape for array in whole):
        return False
    return whole[0].size >= FEWEST_ELEMENTS and all(array.dtype == jnp.float32 for array in arrays)


def _options(*, beta_1: float, beta_2: float, epsilon: float) -> list[int]:
    return [native.bits(number) for number in (1 - beta_1, 1 - beta_2, epsilon)]


_adam = native.primitive("lamina_adam", _plain, _options, _fits, several=True, in_place={1: 0, 2: 1, 3: 2})
