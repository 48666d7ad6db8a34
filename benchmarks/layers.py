"""A training step of every kind of layer in lamina, Keras on JAX and PyTorch, on this machine.

    python -m benchmarks.layers                  all layers, all libraries
    python -m benchmarks.layers conv lstm        those whose name contains a word
    python -m benchmarks.layers --rounds 3       more rounds; the best time of each library counts

Each library runs in a process of its own, and the libraries take turns. A step is forward, backward to the weights and
to the inputs (they are multiplied by a learned number first), and plain gradient descent, on the mean of the squared
outputs: through `fit` in lamina and Keras, in the usual loop in PyTorch. Times are milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

LIBRARIES = ("lamina", "keras-jax", "pytorch")
STEPS, EPOCHS = 12, 4


class Case(NamedTuple):
    """A layer at a size like a real use.

    Attributes:
        shape: of a batch, channels last.
        make: from the module of layers, lamina's or Keras's, to the layer.
        torch: from `torch.nn` to the module; None where PyTorch has none.
        channels_first: whether PyTorch's input has its channels behind the batch.
        classes: whole numbers below this are the inputs; 0 for floats.
    """

    shape: tuple[int, ...]
    make: Callable[[Any], Any]
    torch: Callable[[Any], Any] | None = None
    channels_first: bool = False
    classes: int = 0


ROWS, WIDE = (128, 512), (64, 4096)
SEQUENCE, IMAGE, VOLUME, LINE = (32, 64, 64), (32, 28, 28, 32), (4, 12, 12, 12, 16), (32, 256, 32)
TEXT = (8, 128, 256)


def image(make: Callable[[Any], Any], torch: Callable[[Any], Any] | None, shape: tuple[int, ...] = IMAGE) -> Case:
    return Case(shape, make, torch, channels_first=True)


CASES = {
    "Dense": Case(ROWS, lambda k: k.Dense(512, "relu"), lambda t: t.Sequential(t.Linear(512, 512), t.ReLU())),
    "EinsumDense": Case(
        TEXT, lambda k: k.EinsumDense("abc,cd->abd", (None, 256), bias_axes="d"), lambda t: t.Linear(256, 256)
    ),
    "Embedding": Case((32, 128), lambda k: k.Embedding(20000, 64), lambda t: t.Embedding(20000, 64), classes=20000),
    "Conv1D": image(lambda k: k.Conv1D(64, 5), lambda t: t.Conv1d(32, 64, 5), LINE),
    "Conv2D": image(lambda k: k.Conv2D(64, 3), lambda t: t.Conv2d(32, 64, 3)),
    "Conv2D strided": image(lambda k: k.Conv2D(64, 3, 2), lambda t: t.Conv2d(32, 64, 3, 2)),
    "Conv2D grouped": image(lambda k: k.Conv2D(64, 3, groups=4), lambda t: t.Conv2d(32, 64, 3, groups=4)),
    "Conv3D": image(lambda k: k.Conv3D(32, 3), lambda t: t.Conv3d(16, 32, 3), VOLUME),
    "Conv1DTranspose": image(lambda k: k.Conv1DTranspose(32, 4, 2), lambda t: t.ConvTranspose1d(32, 32, 4, 2), LINE),
    "Conv2DTranspose": image(lambda k: k.Conv2DTranspose(32, 3, 2), lambda t: t.ConvTranspose2d(32, 32, 3, 2)),
    "Conv3DTranspose": image(lambda k: k.Conv3DTranspose(16, 2, 2), lambda t: t.ConvTranspose3d(16, 16, 2, 2), VOLUME),
    "SeparableConv2D": image(
        lambda k: k.SeparableConv2D(64, 3),
        lambda t: t.Sequential(t.Conv2d(32, 32, 3, groups=32, bias=False), t.Conv2d(32, 64, 1)),
    ),
    "DepthwiseConv2D": image(lambda k: k.DepthwiseConv2D(3), lambda t: t.Conv2d(32, 32, 3, groups=32)),
    "MaxPooling1D": image(lambda k: k.MaxPooling1D(), lambda t: t.MaxPool1d(2), LINE),
    "MaxPooling2D": image(lambda k: k.MaxPooling2D(), lambda t: t.MaxPool2d(2)),
    "MaxPooling3D": image(lambda k: k.MaxPooling3D(), lambda t: t.MaxPool3d(2), VOLUME),
    "AveragePooling2D": image(lambda k: k.AveragePooling2D(2), lambda t: t.AvgPool2d(2)),
    "GlobalAveragePooling2D": image(lambda k: k.GlobalAveragePooling2D(), lambda t: t.AdaptiveAvgPool2d(1)),
    "GlobalMaxPooling2D": image(lambda k: k.GlobalMaxPooling2D(), lambda t: t.AdaptiveMaxPool2d(1)),
    "AdaptiveAveragePooling2D": image(lambda k: k.AdaptiveAveragePooling2D(7), lambda t: t.AdaptiveAvgPool2d(7)),
    "AdaptiveMaxPooling2D": image(lambda k: k.AdaptiveMaxPooling2D(7), lambda t: t.AdaptiveMaxPool2d(7)),
    "LSTM": Case(SEQUENCE, lambda k: k.LSTM(64, return_sequences=True), lambda t: t.LSTM(64, 64, batch_first=True)),
    "GRU": Case(SEQUENCE, lambda k: k.GRU(64, return_sequences=True), lambda t: t.GRU(64, 64, batch_first=True)),
    "SimpleRNN": Case(
        SEQUENCE, lambda k: k.SimpleRNN(64, return_sequences=True), lambda t: t.RNN(64, 64, batch_first=True)
    ),
    "RNN of a GRUCell": Case(SEQUENCE, lambda k: k.RNN(k.GRUCell(64), return_sequences=True)),
    "Bidirectional LSTM": Case(
        SEQUENCE,
        lambda k: k.Bidirectional(k.LSTM(64, return_sequences=True)),
        lambda t: t.LSTM(64, 64, batch_first=True, bidirectional=True),
    ),
    "ConvLSTM2D": Case((8, 8, 16, 16, 8), lambda k: k.ConvLSTM2D(16, 3, padding="same")),
    "TimeDistributed Dense": Case(SEQUENCE, lambda k: k.TimeDistributed(k.Dense(64)), lambda t: t.Linear(64, 64)),
    "BatchNormalization": image(lambda k: k.BatchNormalization(), lambda t: t.BatchNorm2d(32)),
    "BatchNormalization rows": Case(ROWS, lambda k: k.BatchNormalization(), lambda t: t.BatchNorm1d(512)),
    "LayerNormalization": Case(TEXT, lambda k: k.LayerNormalization(), lambda t: t.LayerNorm(256)),
    "GroupNormalization": image(lambda k: k.GroupNormalization(8), lambda t: t.GroupNorm(8, 32)),
    "RMSNormalization": Case(TEXT, lambda k: k.RMSNormalization(), lambda t: t.RMSNorm(256)),
    "UnitNormalization": Case(TEXT, lambda k: k.UnitNormalization()),
    "SpectralNormalization": Case(ROWS, lambda k: k.SpectralNormalization(k.Dense(512))),
    "Dropout": Case(WIDE, lambda k: k.Dropout(0.3), lambda t: t.Dropout(0.3)),
    "SpatialDropout2D": image(lambda k: k.SpatialDropout2D(0.3), lambda t: t.Dropout2d(0.3)),
    "AlphaDropout": Case(WIDE, lambda k: k.AlphaDropout(0.3), lambda t: t.AlphaDropout(0.3)),
    "GaussianNoise": Case(WIDE, lambda k: k.GaussianNoise(0.3)),
    "GaussianDropout": Case(WIDE, lambda k: k.GaussianDropout(0.3)),
    "MultiHeadAttention": Case(TEXT, lambda k: Itself(k.MultiHeadAttention(8, 32)), lambda t: self_attention(t)),
    "GroupQueryAttention": Case(TEXT, lambda k: Itself(k.GroupQueryAttention(32, 8, 2))),
    "Attention": Case(TEXT, lambda k: Pair(k.Attention())),
    "AdditiveAttention": Case((8, 64, 64), lambda k: Pair(k.AdditiveAttention())),
    "PReLU": Case(WIDE, lambda k: k.PReLU(), lambda t: t.PReLU(4096)),
    "LeakyReLU": Case(WIDE, lambda k: k.LeakyReLU(), lambda t: t.LeakyReLU()),
    "ELU": Case(WIDE, lambda k: k.ELU(), lambda t: t.ELU()),
    "gelu": Case(WIDE, lambda k: k.Activation("gelu"), lambda t: t.GELU()),
    "tanh": Case(WIDE, lambda k: k.Activation("tanh"), lambda t: t.Tanh()),
    "Softmax": Case(WIDE, lambda k: k.Softmax(), lambda t: t.Softmax(-1)),
    "Dot": Case(TEXT, lambda k: Pair(k.Dot(2))),
    "Concatenate": Case(TEXT, lambda k: Pair(k.Concatenate())),
    "Permute": Case(TEXT, lambda k: k.Permute((2, 1))),
    "Cropping2D": image(lambda k: k.Cropping2D(2), None),
    "ZeroPadding2D": image(lambda k: k.ZeroPadding2D(2), lambda t: t.ZeroPad2d(2)),
    "UpSampling2D": image(lambda k: k.UpSampling2D(2), lambda t: t.Upsample(scale_factor=2)),
    "UpSampling2D bilinear": image(
        lambda k: k.UpSampling2D(2, interpolation="bilinear"), lambda t: t.Upsample(scale_factor=2, mode="bilinear")
    ),
}  # fmt: skip


class Itself:
    """Calls an attention layer on a sequence and itself."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def __call__(self, x: Any) -> Any:
        return self.layer(x, x)


class Pair(Itself):
    """Calls a layer on a list that holds its input twice."""

    def __call__(self, x: Any) -> Any:
        return self.layer([x, x])


def self_attention(nn: Any) -> Any:
    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(256, 8, batch_first=True)

        def forward(self, x: Any) -> Any:
            return self.attention(x, x, x, need_weights=False)[0]

    return Module()


def data_of(case: Case) -> np.ndarray:
    """Return the rows of all steps of an epoch."""
    generator = np.random.default_rng(0)
    shape = (case.shape[0] * STEPS, *case.shape[1:])
    if case.classes:
        return generator.integers(0, case.classes, shape).astype("int32")
    return generator.normal(size=shape).astype("float32")


def measure_keras(case: Case, keras: Any) -> float:
    """Return milliseconds for a step with an API that is Keras's."""

    class Scale(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(shape=(), initializer="ones", name="factor")

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    class Loss(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(keras.ops.mean(keras.ops.square(inputs)))
            return keras.ops.mean(keras.ops.reshape(inputs, (case.shape[0], -1)), axis=-1)

    keras.utils.set_random_seed(0)
    inputs = keras.Input(batch_shape=case.shape, dtype="int32" if case.classes else "float32")
    x = inputs if case.classes else Scale()(inputs)
    model = keras.Model(inputs, Loss()(case.make(keras.layers)(x)))
    model.compile(keras.optimizers.SGD(1e-3))
    ends: list[float] = []
    stopwatch = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append(time.perf_counter()))
    data = data_of(case)
    model.fit(data, batch_size=case.shape[0], epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[stopwatch])
    return 1e3 * min(np.diff(ends)) / STEPS


def measure_pytorch(case: Case) -> float | None:
    """Return milliseconds for a step in PyTorch's usual loop."""
    import torch

    if case.torch is None:
        return None
    torch.manual_seed(0)
    module, factor = case.torch(torch.nn), torch.nn.Parameter(torch.ones(()))
    parameters = [*module.parameters(), *([] if case.classes else [factor])]
    optimizer = torch.optim.SGD(parameters, 1e-3)
    data = data_of(case)
    if case.channels_first:
        data = np.moveaxis(data, -1, 1).copy()
    batches = torch.from_numpy(data.astype("int64") if case.classes else data).split(case.shape[0])
    best = float("inf")
    for _ in range(EPOCHS):
        started = time.perf_counter()
        for batch in batches:
            optimizer.zero_grad()
            outputs = module(batch if case.classes else batch * factor)
            outputs = outputs[0] if isinstance(outputs, tuple) else outputs
            outputs.square().mean().backward()
            optimizer.step()
        best = min(best, time.perf_counter() - started)
    return 1e3 * best / STEPS


def work(library: str, names: list[str]) -> None:
    """Measure in this process; print a line of JSON for each layer."""
    if library == "lamina":
        import lamina as keras
    elif library == "keras-jax":
        os.environ["KERAS_BACKEND"] = "jax"
        import keras
    for name in names:
        try:
            found = measure_pytorch(CASES[name]) if library == "pytorch" else measure_keras(CASES[name], keras)
        except Exception as error:  # one library's failure is a line of the table, not the end of it
            print(f"{library} {name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
            found = None
        print(json.dumps([name, found]), flush=True)


def table(times: dict[str, dict[str, float]], names: list[str]) -> str:
    """Return the times as a Markdown table, the layers furthest behind the better of the two others first."""

    def ratio(name: str) -> float:
        others = [times[name][library] for library in LIBRARIES[1:] if library in times[name]]
        return times[name]["lamina"] / min(others) if others and "lamina" in times[name] else 0.0

    lines = ["| layer | lamina | Keras on JAX | PyTorch | of the better |", "| --- | ---: | ---: | ---: | ---: |"]
    for name in sorted(names, key=ratio, reverse=True):
        cells = [f"{times[name][library]:.3g}" if library in times[name] else "" for library in LIBRARIES]
        lines.append(f"| {name} | {' | '.join(cells)} | {ratio(name):.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="measure only layers whose name contains one of these")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    parser.add_argument("--worker", choices=LIBRARIES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    names = [name for name in CASES if not given.words or any(word.lower() in name.lower() for word in given.words)]
    if given.worker:
        work(given.worker, names)
        return
    times: dict[str, dict[str, float]] = {name: {} for name in names}
    for _ in range(given.rounds):
        for library in given.libraries:
            command = [sys.executable, "-m", "benchmarks.layers", "--worker", library, *given.words]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            for name, found in map(json.loads, filter(lambda line: line.startswith("["), done.stdout.splitlines())):
                if found is not None:
                    times[name][library] = min(found, times[name].get(library, found))
    print(table(times, names))


if __name__ == "__main__":
    main()
