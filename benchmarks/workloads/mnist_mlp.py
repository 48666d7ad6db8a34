"""MNIST by a wide perceptron with dropout."""

from benchmarks.workload import Dataset, Workload


def data(rows):
    from benchmarks.datasets import mnist

    x, y, source = mnist(rows)
    return Dataset(x.reshape(rows, 784), y, source)


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(784, 512),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(512, 10),
    )


def network(dataset):
    from benchmarks.limit.network import perceptron

    return perceptron((784, 512, 512, 10), dropout=0.2)


WORKLOAD = Workload(
    name="mnist_mlp",
    summary="784-512-512-10, relu, dropout 0.2, softmax",
    rows=12800,
    batch=128,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    script_epochs=10,
)
