"""Smooth relatives of the rectifier, and gates."""

import jax
import jax.numpy as jnp

from lamina.activations.inputs import check_axis, check_least, floating
from lamina.core.recording import operation
from lamina.typing import Array, ArrayLike


@operation(class_name="Exp")
def exponential(x: ArrayLike) -> Array:
    """Return `exp(x)`.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.exponential([0.0])
        Array([1.], dtype=float32)
    """
    return jnp.exp(floating(x))


@operation
def softplus(x: ArrayLike) -> Array:
    """`log(1 + exp(x))`, a rectifier without a kink.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.softplus([-1000.0, 1000.0])
        Array([   0., 1000.], dtype=float32)

    Reference: Glorot et al., 2011, https://proceedings.mlr.press/v15/glorot11a.html
    """
    return jax.nn.softplus(floating(x))


@operation
def squareplus(x: ArrayLike, b: float = 4) -> Array:
    """`(x + sqrt(x**2 + b)) / 2`, a rectifier without a kink that needs no exponential.

    Args:
        x: array of any shape.
        b: how round the corner is; 0 gives `relu`.

    Raises:
        ValueError: if `b` is negative.

    Example:
        >>> lamina.activations.squareplus([0.0, 1.5])
        Array([1., 2.], dtype=float32)

    Reference: Barron, 2021, https://arxiv.org/abs/2112.11687
    """
    check_least("squareplus", "b", b, 0)
    x = floating(x)
    return jax.nn.squareplus(x, b).astype(x.dtype)


@operation
def sparse_plus(x: ArrayLike) -> Array:
    """A rectifier with a quadratic corner: 0 up to -1, `(x + 1)**2 / 4` up to 1, `x` from there on.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.sparse_plus([-2.0, 0.0, 2.0])
        Array([0.  , 0.25, 2.  ], dtype=float32)
    """
    return jax.nn.sparse_plus(floating(x))


@operation
def gelu(x: ArrayLike, approximate: bool = False) -> Array:
    """Gaussian error linear unit: `x` times the share of a standard normal distribution that lies below `x`.

    Args:
        x: array of any shape.
        approximate: use `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))`, which is faster.

    Example:
        >>> lamina.activations.gelu([-100.0, 0.0, 100.0]) + 0.0
        Array([  0.,   0., 100.], dtype=float32)

    Reference: Hendrycks & Gimpel, 2016, https://arxiv.org/abs/1606.08415
    """
    return jax.nn.gelu(floating(x), approximate=bool(approximate))


@operation
def silu(x: ArrayLike) -> Array:
    """Sigmoid linear unit, `x * sigmoid(x)`; also known as swish.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.silu([0.0, 100.0])
        Array([  0., 100.], dtype=float32)

    Reference: Elfwing et al., 2017, https://arxiv.org/abs/1702.03118; Ramachandran et al., 2017,
    https://arxiv.org/abs/1710.05941
    """
    return jax.nn.silu(floating(x))


@operation
def hard_silu(x: ArrayLike) -> Array:
    """`x * hard_sigmoid(x)`: `silu` made without an exponential; also known as hard swish.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.hard_silu([-3.0, 0.0, 3.0]) + 0.0
        Array([0., 0., 3.], dtype=float32)

    Reference: Howard et al., 2019, https://arxiv.org/abs/1905.02244
    """
    return jax.nn.hard_silu(floating(x))


@operation
def mish(x: ArrayLike) -> Array:
    """`x * tanh(softplus(x))`.

    Args:
        x: array of any shape.

    Example:
        >>> lamina.activations.mish([0.0, 100.0])
        Array([  0., 100.], dtype=float32)

    Reference: Misra, 2019, https://arxiv.org/abs/1908.08681
    """
    return jax.nn.mish(floating(x))


@operation
def glu(x: ArrayLike, axis: int = -1) -> Array:
    """Gated linear unit: the first half of `x` along an axis times the sigmoid of the second half.

    Args:
        x: array whose size along `axis` is even.
        axis: the axis that is halved.

    Returns:
        An array with half the size along `axis`.

    Raises:
        ValueError: if there is no such axis or its size is odd.

    Example:
        >>> lamina.activations.glu([3.0, 4.0, 0.0, 0.0])
        Array([1.5, 2. ], dtype=float32)

    Reference: Dauphin et al., 2016, https://arxiv.org/abs/1612.08083
    """
    x = floating(x)
    place = check_axis("glu", x, axis)
    if x.shape[place] % 2:
        raise ValueError(f"glu: the size of axis {axis} must be even, to be halved; got shape {x.shape}.")
    return jax.nn.glu(x, place)
