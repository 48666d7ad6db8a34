"""A small residual net for 28×28 grey images of clothes: three blocks, two of them halving the image."""

from benchmarks import resnet
from benchmarks.workload import Dataset, Workload

SIZE = resnet.Size(image=(28, 28, 1), stem=16, stages=((16, 1), (32, 2), (64, 2)))


def data(rows):
    from benchmarks.datasets import images

    return Dataset(*images(rows, SIZE.image, resnet.CLASSES), "random in the shape of Fashion-MNIST, seed 0")


WORKLOAD = Workload(
    name="fashion_resnet",
    summary="28×28×1, conv 16, 3 residual blocks (16, 32, 64) with batch norm, strides 2, mean, dense 10",
    rows=1280,
    batch=64,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=lambda keras, dataset: resnet.keras_model(keras, SIZE),
    torch=lambda torch, dataset: resnet.torch_module(torch, SIZE),
    script_epochs=5,
)
