"""MNIST by the convolutional network of Keras's own first example."""

from benchmarks.workload import Dataset, Workload


def data(rows):
    from benchmarks.datasets import mnist

    x, y, source = mnist(rows)
    return Dataset(x[..., None], y, source)


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(1600, 10),
    )


def network(dataset):
    from benchmarks.limit.layers import convolution, dropout, max_pool
    from benchmarks.limit.network import Network, glorot, zeros

    def init(generator):
        return {
            "first": (glorot(generator, 3, 3, 1, 32), zeros(32)),
            "second": (glorot(generator, 3, 3, 32, 64), zeros(64)),
            "output": (glorot(generator, 1600, 10), zeros(10)),
        }, ()

    def apply(params, buffers, x, noise):
        for name in ("first", "second"):
            kernel, bias = params[name]
            x = (convolution(x, kernel, "valid") + bias).clip(0)
            x = max_pool(x, (2, 2))
        x = dropout(x.reshape(len(x), -1), 0.5, noise, 0)
        kernel, bias = params["output"]
        return x @ kernel + bias, buffers

    return Network(init, apply, convolutional=True)


WORKLOAD = Workload(
    name="mnist_cnn",
    summary="conv 32 - pool - conv 64 - pool - dropout 0.5 - dense 10",
    rows=2560,
    batch=128,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    script_epochs=5,
)
