"""The small classifier of a first tutorial: four columns of a table, two classes."""

from benchmarks.workload import Dataset, Workload


def data(rows):
    from benchmarks.datasets import one_hot, table

    x, labels = table(rows, columns=4, classes=2)
    return Dataset(x, one_hot(labels, 2), "random table, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(2, activation="softmax"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(4, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 2)
    )


def network(dataset):
    from benchmarks.limit.network import perceptron

    return perceptron((4, 256, 128, 64, 2))


WORKLOAD = Workload(
    name="seed_mlp",
    summary="4-256-128-64-2, relu, softmax",
    rows=1600,
    batch=32,
    loss="categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    hidden=(256, 128, 64),
)
