"""The next value of a series from thirty moments of eight measurements: two GRUs."""

from benchmarks.workload import Dataset, Workload

LENGTH, FEATURES, UNITS = 30, 8, 32


def data(rows):
    import numpy as np

    generator = np.random.default_rng(0)
    steps = generator.normal(size=(rows, LENGTH + 1, FEATURES)) * 0.2
    series = steps.cumsum(1).astype(np.float32)
    return Dataset(series[:, :-1], series[:, -1, :1], "random walks, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((LENGTH, FEATURES)),
            layers.GRU(UNITS, return_sequences=True),
            layers.GRU(UNITS),
            layers.Dense(1),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn

    class Forecast(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(FEATURES, UNITS, num_layers=2, batch_first=True)
            self.output = nn.Linear(UNITS, 1)

        def forward(self, x):
            states, _ = self.gru(x)
            return self.output(states[:, -1])

    return Forecast()


def network(dataset):
    from benchmarks.limit.network import Network, glorot, zeros
    from benchmarks.limit.recurrent import gru

    def init(generator):
        grus = [
            (glorot(generator, inputs, 3 * UNITS), glorot(generator, UNITS, 3 * UNITS), zeros(2, 3 * UNITS))
            for inputs in (FEATURES, UNITS)
        ]
        return {"grus": grus, "output": (glorot(generator, UNITS, 1), zeros(1))}, ()

    def apply(params, buffers, x, noise):
        first, second = params["grus"]
        states = gru(x.swapaxes(0, 1), *first, True)
        kernel, bias = params["output"]
        return gru(states, *second, False) @ kernel + bias, buffers

    return Network(init, apply)


WORKLOAD = Workload(
    name="ts_gru",
    summary="30 moments of 8, GRU 32, GRU 32, dense 1, squared error",
    rows=1600,
    batch=32,
    loss="mean_squared_error",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    script_epochs=10,
)
