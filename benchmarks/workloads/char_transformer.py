"""The next character, by a transformer of two blocks."""

from benchmarks import transformer
from benchmarks.workload import Workload

SIZE = transformer.Size(characters=96, length=64, width=128, heads=4, blocks=2)


def network(dataset):
    from benchmarks.limit import transformer as limit

    return limit.network(SIZE)


WORKLOAD = Workload(
    name="char_transformer",
    summary="64 characters of 96, 2 transformer blocks of width 128, 4 heads, the next character",
    rows=640,
    batch=32,
    loss="sparse_categorical_crossentropy",
    data=lambda rows: transformer.data(rows, SIZE),
    keras=lambda keras, dataset: transformer.keras_model(keras, SIZE),
    torch=lambda torch, dataset: transformer.torch_module(torch, SIZE),
    network=network,
    script_epochs=5,
)
