"""For a GPU: a transformer of a hundred million parameters, in bfloat16."""

from benchmarks import transformer
from benchmarks.workload import Workload

SIZE = transformer.Size(characters=4096, length=512, width=1024, heads=16, blocks=8)

WORKLOAD = Workload(
    name="large_transformer",
    summary="512 tokens of 4096, 8 transformer blocks of width 1024, 16 heads, the next token, bfloat16",
    rows=128,
    batch=16,
    loss="sparse_categorical_crossentropy",
    data=lambda rows: transformer.data(rows, SIZE),
    keras=lambda keras, dataset: transformer.keras_model(keras, SIZE),
    torch=lambda torch, dataset: transformer.torch_module(torch, SIZE),
    mixed=True,
    large=True,
    script_epochs=2,
)
