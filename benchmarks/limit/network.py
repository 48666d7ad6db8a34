"""What the hand-written limit asks of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Params = Any
Buffers = Any

# Sends convolutions of a compiled program to YNNPACK, which halves their time on a CPU; an experimental option of XLA.
CONVOLUTIONAL = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_REDUCE"}


class Network(NamedTuple):
    """A model as two functions.

    Args:
        init: `init(generator)` gives (parameters, buffers), two pytrees of float32 NumPy arrays.
        apply: `apply(parameters, buffers, x, noise)` gives (outputs, buffers). While training `noise` is a key for
            `benchmarks.limit.layers.dropout`; None means inference.
        convolutional: whether the program is compiled with `CONVOLUTIONAL`.
    """

    init: Callable[[np.random.Generator], tuple[Params, Buffers]]
    apply: Callable[[Params, Buffers, jax.Array, jax.Array | None], tuple[jax.Array, Buffers]]
    convolutional: bool = False


def glorot(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Glorot-uniform weights, the last two axes being inputs and outputs, those before them a window."""
    window = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (window * (shape[-2] + shape[-1])))
    return generator.uniform(-limit, limit, shape).astype(np.float32)


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


def perceptron(sizes: tuple[int, ...], *, dropout: float = 0.0, prepare=None, finish=None) -> Network:
    """Dense layers, relu between them.

    Args:
        sizes: features of the input, of each hidden layer, and of the output.
        dropout: share of each hidden layer set to zero while training.
        prepare: applied to the rows first (flattening, normalization).
        finish: applied to the output.
    """
    from benchmarks.limit import layers

    def init(generator):
        return [(glorot(generator, n, m), zeros(m)) for n, m in zip(sizes, sizes[1:])], ()

    def apply(params, buffers, x, noise):
        x = x if prepare is None else prepare(x)
        for position, (kernel, bias) in enumerate(params[:-1]):
            x = jnp.maximum(x @ kernel + bias, 0)
            x = layers.dropout(x, dropout, noise, position)
        kernel, bias = params[-1]
        x = x @ kernel + bias
        return (x if finish is None else finish(x)), buffers

    return Network(init, apply)
