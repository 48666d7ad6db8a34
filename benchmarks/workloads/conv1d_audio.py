"""Ten sounds told apart from their wave, by convolutions over time."""

from benchmarks.workload import Dataset, Workload

LENGTH = 1024


def data(rows):
    import numpy as np

    generator = np.random.default_rng(0)
    labels = generator.integers(0, 10, rows, dtype=np.int32)
    time = np.arange(LENGTH) / LENGTH
    phase = generator.random((rows, 1))
    waves = np.sin(2 * np.pi * (8 * (labels[:, None] + 1) * time + phase))
    waves = waves + generator.normal(size=(rows, LENGTH))
    return Dataset(waves[..., None].astype(np.float32), labels, "sines in noise, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((LENGTH, 1)),
            layers.Conv1D(32, 9, padding="same", activation="relu"),
            layers.MaxPooling1D(4),
            layers.Conv1D(64, 9, padding="same", activation="relu"),
            layers.MaxPooling1D(4),
            layers.Conv1D(64, 9, padding="same", activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn

    class Sound(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolutions = nn.Sequential(
                nn.Conv1d(1, 32, 9, padding="same"),
                nn.ReLU(),
                nn.MaxPool1d(4),
                nn.Conv1d(32, 64, 9, padding="same"),
                nn.ReLU(),
                nn.MaxPool1d(4),
                nn.Conv1d(64, 64, 9, padding="same"),
                nn.ReLU(),
            )
            self.output = nn.Linear(64, 10)

        def forward(self, x):
            return self.output(self.convolutions(x.transpose(1, 2)).mean(-1))

    return Sound()


def network(dataset):
    from benchmarks.limit.layers import convolution_1d, max_pool_1d
    from benchmarks.limit.network import Network, glorot, zeros

    def init(generator):
        shapes = ((9, 1, 32), (9, 32, 64), (9, 64, 64), (64, 10))
        return [(glorot(generator, *shape), zeros(shape[-1])) for shape in shapes], ()

    def apply(params, buffers, x, noise):
        *convolutions, (kernel_out, bias_out) = params
        for position, (kernel, bias) in enumerate(convolutions):
            x = max_pool_1d(x, 4) if position else x
            x = (convolution_1d(x, kernel, "same") + bias).clip(0)
        return x.mean(1) @ kernel_out + bias_out, buffers

    return Network(init, apply, convolutional=True)


WORKLOAD = Workload(
    name="conv1d_audio",
    summary="1024 samples, 3 convs of width 9 (32, 64, 64), 2 pools of 4, mean, dense 10",
    rows=640,
    batch=32,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    script_epochs=5,
)
