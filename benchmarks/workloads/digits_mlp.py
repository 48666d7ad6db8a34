"""scikit-learn's handwritten digits, 8×8 pixels, by a perceptron."""

from benchmarks.workload import Workload


def data(rows):
    from benchmarks.datasets import digits

    return digits(rows)


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((64,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def network(dataset):
    from benchmarks.limit.network import perceptron

    return perceptron((64, 128, 64, 10))


WORKLOAD = Workload(
    name="digits_mlp",
    summary="64-128-64-10, relu, softmax",
    rows=1797,
    batch=32,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    hidden=(128, 64),
)
