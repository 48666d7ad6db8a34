"""A small VGG for 32×32 color images: three pairs of 3×3 convolutions with batch normalization."""

from benchmarks.workload import Dataset, Workload

FILTERS = (32, 64, 128)


def data(rows):
    from benchmarks.datasets import images

    x, labels = images(rows, (32, 32, 3), classes=10)
    return Dataset(x, labels, "random in the shape of CIFAR-10, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    model = keras.Sequential([keras.Input((32, 32, 3))])
    for filters in FILTERS:
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
            model.add(layers.BatchNormalization())
        model.add(layers.MaxPooling2D(2))
        model.add(layers.Dropout(0.2))
    model.add(layers.Flatten())
    model.add(layers.Dense(128, activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def torch_module(torch, dataset):
    nn = torch.nn
    parts, channels = [], 3
    for filters in FILTERS:
        for _ in range(2):
            parts += [
                nn.Conv2d(channels, filters, 3, padding="same"),
                nn.ReLU(),
                nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01),
            ]
            channels = filters
        parts += [nn.MaxPool2d(2), nn.Dropout(0.2)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(2048, 128), nn.ReLU(), nn.Linear(128, 10))


def network(dataset):
    from benchmarks.limit.layers import batch_norm, convolution, dropout, max_pool
    from benchmarks.limit.network import Network, glorot, ones, zeros

    def init(generator):
        convolutions, statistics, channels = [], [], 3
        for filters in FILTERS:
            for _ in range(2):
                kernel = glorot(generator, 3, 3, channels, filters)
                convolutions.append((kernel, zeros(filters), ones(filters), zeros(filters)))
                statistics.append((zeros(filters), ones(filters)))
                channels = filters
        dense = [(glorot(generator, 2048, 128), zeros(128)), (glorot(generator, 128, 10), zeros(10))]
        return (convolutions, dense), statistics

    def apply(params, buffers, x, noise):
        convolutions, dense = params
        statistics = []
        for position, (kernel, bias, scale, offset) in enumerate(convolutions):
            x = (convolution(x, kernel, "same") + bias).clip(0)
            x, *moving = batch_norm(x, scale, offset, *buffers[position], training=noise is not None)
            statistics.append(tuple(moving))
            if position % 2:
                x = dropout(max_pool(x, (2, 2)), 0.2, noise, position)
        (kernel, bias), (last_kernel, last_bias) = dense
        x = (x.reshape(len(x), -1) @ kernel + bias).clip(0)
        return x @ last_kernel + last_bias, statistics

    return Network(init, apply, convolutional=True)


WORKLOAD = Workload(
    name="cifar_vgg",
    summary="6 convs 3×3 (32, 64, 128) with batch norm, 3 pools, dropout 0.2, dense 128",
    rows=640,
    batch=64,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    script_epochs=5,
)
