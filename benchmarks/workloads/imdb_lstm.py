"""Sentiment of texts of a hundred words: embedding and LSTM."""

from benchmarks.workload import Dataset, Workload

WORDS, WIDTH, UNITS, LENGTH = 10_000, 64, 64, 100


def data(rows):
    import numpy as np

    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, rows)
    # Every fifth word is drawn from the half of the vocabulary that belongs to the label.
    words = generator.integers(0, WORDS, (rows, LENGTH))
    telling = generator.integers(0, WORDS // 2, (rows, LENGTH)) + labels[:, None] * (WORDS // 2)
    words = np.where(generator.random((rows, LENGTH)) < 0.2, telling, words).astype(np.int32)
    return Dataset(words, labels[:, None].astype(np.float32), "random words, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32"),
            layers.Embedding(WORDS, WIDTH),
            layers.LSTM(UNITS),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn

    class Sentiment(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(WORDS, WIDTH)
            # As Keras starts it; torch's own start, of variance 1, learns this task ten times slower.
            nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
            self.lstm = nn.LSTM(WIDTH, UNITS, batch_first=True)
            self.output = nn.Linear(UNITS, 1)

        def forward(self, words):
            states, _ = self.lstm(self.embedding(words))
            return self.output(states[:, -1])

    return Sentiment()


def network(dataset):
    import numpy as np

    from benchmarks.limit.network import Network, glorot, zeros
    from benchmarks.limit.recurrent import lstm

    def init(generator):
        bias = np.concatenate([zeros(UNITS), np.ones(UNITS, np.float32), zeros(2 * UNITS)])
        return {
            "embedding": generator.uniform(-0.05, 0.05, (WORDS, WIDTH)).astype(np.float32),
            "lstm": (glorot(generator, WIDTH, 4 * UNITS), glorot(generator, UNITS, 4 * UNITS), bias),
            "output": (glorot(generator, UNITS, 1), zeros(1)),
        }, ()

    def apply(params, buffers, words, noise):
        states = lstm(params["embedding"][words.T], *params["lstm"])
        kernel, bias = params["output"]
        return states @ kernel + bias, buffers

    return Network(init, apply)


WORKLOAD = Workload(
    name="imdb_lstm",
    summary="100 words, embedding 10000×64, LSTM 64, dense 1, sigmoid",
    rows=1600,
    batch=32,
    loss="binary_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    network=network,
    script_epochs=5,
)
