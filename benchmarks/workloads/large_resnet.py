"""For a GPU: a ResNet-18 on 64×64 color images, in bfloat16."""

from benchmarks import resnet
from benchmarks.workload import Dataset, Workload

SIZE = resnet.Size(
    image=(64, 64, 3),
    stem=64,
    stages=((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)),
)


def data(rows):
    from benchmarks.datasets import images

    return Dataset(*images(rows, SIZE.image, resnet.CLASSES), "random images, seed 0")


WORKLOAD = Workload(
    name="large_resnet",
    summary="64×64×3, 8 residual blocks (64 to 512) with batch norm, mean, dense 10, bfloat16",
    rows=2048,
    batch=256,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=lambda keras, dataset: resnet.keras_model(keras, SIZE),
    torch=lambda torch, dataset: resnet.torch_module(torch, SIZE),
    mixed=True,
    large=True,
    script_epochs=2,
)
