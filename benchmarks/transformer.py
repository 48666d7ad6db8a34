"""A decoder-only transformer (pre-norm, learned positions), written for the Keras API and for PyTorch."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.workload import Dataset


class Size(NamedTuple):
    """`width` is a multiple of `heads`; the hidden layer of a block has four times the width."""

    characters: int
    length: int
    width: int
    heads: int
    blocks: int


def data(rows: int, size: Size) -> Dataset:
    """Texts in which the next character follows from the last two in four of five places."""
    import numpy as np

    generator = np.random.default_rng(0)
    text = generator.integers(0, size.characters, (rows, size.length + 1), dtype=np.int32)
    ruled = generator.random(text.shape) < 0.8
    for position in range(2, size.length + 1):
        following = (text[:, position - 1] + 3 * text[:, position - 2]) % size.characters
        text[:, position] = np.where(ruled[:, position], following, text[:, position])
    return Dataset(text[:, :-1], np.ascontiguousarray(text[:, 1:]), "random characters, seed 0")


def keras_model(keras, size: Size):
    layers = keras.layers

    class Positions(layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(shape=(size.length, size.width), initializer="uniform", name="table")

        def call(self, x):
            return x + self.table

    inputs = keras.Input((size.length,), dtype="int32")
    x = Positions()(layers.Embedding(size.characters, size.width)(inputs))
    for _ in range(size.blocks):
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.MultiHeadAttention(size.heads, size.width // size.heads)(y, y, use_causal_mask=True)
        x = layers.Add()([x, y])
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.Dense(size.width)(layers.Dense(4 * size.width, activation="relu")(y))
        x = layers.Add()([x, y])
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    outputs = layers.Dense(size.characters, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs)


def torch_module(torch, size: Size):
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.LayerNorm(size.width), nn.LayerNorm(size.width)
            self.project, self.join = nn.Linear(size.width, 3 * size.width), nn.Linear(size.width, size.width)
            self.dense = nn.Sequential(
                nn.Linear(size.width, 4 * size.width), nn.ReLU(), nn.Linear(4 * size.width, size.width)
            )

        def forward(self, x):
            rows, length, width = x.shape
            parts = self.project(self.first(x)).view(rows, length, 3, size.heads, -1).permute(2, 0, 3, 1, 4)
            y = nn.functional.scaled_dot_product_attention(*parts.unbind(), is_causal=True)
            x = x + self.join(y.transpose(1, 2).reshape(rows, length, width))
            return x + self.dense(self.second(x))

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(size.characters, size.width)
            self.positions = nn.Parameter(torch.empty(size.length, size.width))
            for table in (self.embedding.weight, self.positions):
                nn.init.uniform_(table, -0.05, 0.05)  # as Keras starts them
            self.blocks = nn.Sequential(*(Block() for _ in range(size.blocks)))
            self.last = nn.LayerNorm(size.width)
            self.output = nn.Linear(size.width, size.characters)

        def forward(self, characters):
            return self.output(self.last(self.blocks(self.embedding(characters) + self.positions)))

    return Transformer()
