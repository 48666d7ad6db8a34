"""Depthwise separable convolutions, as in MobileNet: a stem and three blocks on 32×32 color images."""

from benchmarks.workload import Dataset, Workload

BLOCKS = ((64, 1), (128, 2), (128, 1))


def data(rows):
    from benchmarks.datasets import images

    x, labels = images(rows, (32, 32, 3), classes=10)
    return Dataset(x, labels, "random in the shape of CIFAR-10, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    model = keras.Sequential([keras.Input((32, 32, 3))])

    def normalize():
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU(6.0))

    model.add(layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False))
    normalize()
    for filters, strides in BLOCKS:
        model.add(layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False))
        normalize()
        model.add(layers.Conv2D(filters, 1, use_bias=False))
        normalize()
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(10, activation="softmax"))
    return model


def torch_module(torch, dataset):
    nn = torch.nn

    def normalized(convolution):
        return convolution, nn.BatchNorm2d(convolution.out_channels, eps=1e-3, momentum=0.01), nn.ReLU6()

    parts, channels = [*normalized(nn.Conv2d(3, 32, 3, 2, padding=1, bias=False))], 32
    for filters, stride in BLOCKS:
        parts += normalized(nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False))
        parts += normalized(nn.Conv2d(channels, filters, 1, bias=False))
        channels = filters
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


WORKLOAD = Workload(
    name="mobilenet_block",
    summary="32×32×3, conv 32 stride 2, 3 depthwise separable blocks (64, 128, 128) with batch norm, mean, dense 10",
    rows=1280,
    batch=64,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    script_epochs=5,
)
