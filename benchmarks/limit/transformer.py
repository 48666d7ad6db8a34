"""The transformer of `benchmarks.transformer` by hand: one product for queries, keys and values of all heads."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.limit.network import Network, glorot, ones, zeros

EPSILON = 1e-5


def normalize(x, scale, offset):
    mean = x.mean(-1, keepdims=True)
    centered = x - mean
    return centered * lax.rsqrt((centered * centered).mean(-1, keepdims=True) + EPSILON) * scale + offset


def attend(x, project, join, heads: int):
    """Causal attention of x (rows, length, width); `project` and `join` are (kernel, bias)."""
    rows, length, width = x.shape
    parts = (x @ project[0] + project[1]).reshape(rows, length, 3, heads, width // heads)
    query, key, value = (parts[:, :, part].swapaxes(1, 2) for part in range(3))
    scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(width // heads))
    scores = jnp.where(jnp.tril(jnp.ones((length, length), bool)), scores, -1e9)
    joined = (jax.nn.softmax(scores) @ value).swapaxes(1, 2).reshape(rows, length, width)
    return joined @ join[0] + join[1]


def network(size) -> Network:
    width = size.width

    def dense(generator, inputs, outputs):
        return glorot(generator, inputs, outputs), zeros(outputs)

    def init(generator):
        blocks = [
            {
                "norms": [(ones(width), zeros(width)) for _ in range(2)],
                "attention": (dense(generator, width, 3 * width), dense(generator, width, width)),
                "dense": (dense(generator, width, 4 * width), dense(generator, 4 * width, width)),
            }
            for _ in range(size.blocks)
        ]
        tables = [
            generator.uniform(-0.05, 0.05, (length, width)).astype(np.float32)
            for length in (size.characters, size.length)
        ]
        last = (ones(width), zeros(width))
        return {
            "tables": tables,
            "blocks": blocks,
            "last": last,
            "output": dense(generator, width, size.characters),
        }, ()

    def apply(params, buffers, characters, noise):
        embedding, positions = params["tables"]
        x = embedding[characters] + positions
        for block in params["blocks"]:
            first, second = block["norms"]
            x = x + attend(normalize(x, *first), *block["attention"], size.heads)
            (kernel, bias), (last_kernel, last_bias) = block["dense"]
            x = x + (normalize(x, *second) @ kernel + bias).clip(0) @ last_kernel + last_bias
        kernel, bias = params["output"]
        return normalize(x, *params["last"]) @ kernel + bias, buffers

    return Network(init, apply)
