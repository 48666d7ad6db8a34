"""A table of twenty columns, normalized inside the model, and a yes or no."""

from benchmarks.workload import Dataset, Workload


def data(rows):
    from benchmarks.datasets import table

    x, labels = table(rows, columns=20, classes=2)
    return Dataset(3 + 5 * x, labels[:, None].astype("float32"), "random table, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    normalization = layers.Normalization()
    normalization.adapt(dataset.x)
    return keras.Sequential(
        [
            keras.Input((20,)),
            normalization,
            layers.Dense(64, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn

    class Normalization(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.from_numpy(dataset.x.mean(0)))
            self.register_buffer("deviation", torch.from_numpy(dataset.x.std(0)))

        def forward(self, x):
            return (x - self.mean) / self.deviation

    return nn.Sequential(Normalization(), nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))


def network(dataset):
    from benchmarks.limit.network import perceptron

    mean, deviation = dataset.x.mean(0), dataset.x.std(0)
    return perceptron((20, 64, 32, 1), prepare=lambda x: (x - mean) / deviation)


WORKLOAD = Workload(
    name="tabular",
    summary="20-normalization-64-32-1, relu, sigmoid",
    rows=1000,
    batch=32,
    loss="binary_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    hidden=(64, 32),
    standardize=True,
)
