"""Digits squeezed through 32 numbers and drawn again."""

from benchmarks.workload import Dataset, Workload


def data(rows):
    from benchmarks.datasets import mnist

    x, _, source = mnist(rows)
    x = x.reshape(rows, 784)
    return Dataset(x, x, source)


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(784, 128),
        nn.ReLU(),
        nn.Linear(128, 32),
        nn.ReLU(),
        nn.Linear(32, 128),
        nn.ReLU(),
        nn.Linear(128, 784),
        nn.Sigmoid(),
    )


def network(dataset):
    import jax

    from benchmarks.limit.network import perceptron

    return perceptron((784, 128, 32, 128, 784), finish=jax.nn.sigmoid)


WORKLOAD = Workload(
    name="autoencoder",
    summary="784-128-32-128-784, relu, sigmoid, squared error",
    rows=12800,
    batch=128,
    loss="mean_squared_error",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    script_epochs=10,
)
