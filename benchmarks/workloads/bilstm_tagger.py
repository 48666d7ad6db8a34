"""A tag for each of fifty words: embedding and LSTMs in both directions."""

from benchmarks.workload import Dataset, Workload

WORDS, WIDTH, UNITS, LENGTH, TAGS = 5_000, 64, 64, 50, 12


def data(rows):
    import numpy as np

    generator = np.random.default_rng(0)
    words = generator.integers(0, WORDS, (rows, LENGTH), dtype=np.int32)
    # A word's tag depends on itself and on the word after it, which one direction alone cannot see.
    following = np.roll(words, -1, axis=1)
    return Dataset(words, (words % TAGS + following % 2) % TAGS, "random words, seed 0")


def keras_model(keras, dataset):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int32"),
            layers.Embedding(WORDS, WIDTH),
            layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True)),
            layers.Dense(TAGS, activation="softmax"),
        ]
    )


def torch_module(torch, dataset):
    nn = torch.nn

    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(WORDS, WIDTH)
            nn.init.uniform_(self.embedding.weight, -0.05, 0.05)  # as Keras starts it
            self.lstm = nn.LSTM(WIDTH, UNITS, batch_first=True, bidirectional=True)
            self.output = nn.Linear(2 * UNITS, TAGS)

        def forward(self, words):
            return self.output(self.lstm(self.embedding(words))[0])

    return Tagger()


WORKLOAD = Workload(
    name="bilstm_tagger",
    summary="50 words, embedding 5000×64, LSTM 64 in both directions, 12 tags a word",
    rows=1600,
    batch=32,
    loss="sparse_categorical_crossentropy",
    data=data,
    keras=keras_model,
    torch=torch_module,
    script_epochs=5,
)
