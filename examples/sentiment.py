"""Whether a text is favourable: Embedding and LSTM over drawn sentences."""

import argparse

import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import LSTM, Dense, Dropout, Embedding
from tensorflow.keras.models import Sequential

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="a few sentences and epochs only")
arguments = parser.parse_args()

GOOD = ["wonderful", "great", "lovely", "superb", "moving", "funny", "brilliant", "charming"]
BAD = ["awful", "boring", "bad", "dull", "terrible", "silly", "weak", "tedious"]
PLAIN = ["the", "a", "film", "plot", "actor", "scene", "music", "it", "was", "and", "with", "of", "story", "ending"]


def sentence(rng, favourable):
    """Return words of which most that judge agree; after `not` they mean the opposite."""
    words = list(rng.choice(PLAIN, rng.integers(8, 25)))
    for _ in range(rng.integers(2, 6)):
        honest = favourable if rng.random() < 0.85 else not favourable
        negated = rng.random() < 0.3
        judgement = rng.choice(GOOD if honest != negated else BAD)
        place = rng.integers(0, len(words))
        words[place:place] = ["not", judgement] if negated else [judgement]
    return words


keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 300 if arguments.smoke else 3000)
texts = [sentence(rng, bool(label)) for label in labels]
vocabulary = {word: index for index, word in enumerate(sorted({*GOOD, *BAD, *PLAIN, "not"}), 1)}
x = keras.utils.pad_sequences([[vocabulary[word] for word in text] for text in texts], maxlen=32)
split = int(0.8 * len(x))

model = Sequential(
    [
        Embedding(input_dim=len(vocabulary) + 1, output_dim=32),
        LSTM(32),
        Dropout(0.3),
        Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(
    x[:split],
    labels[:split],
    epochs=1 if arguments.smoke else 12,
    batch_size=32,
    validation_split=0.1,
    verbose=2,
)
loss, accuracy = model.evaluate(x[split:], labels[split:], verbose=0)
print(f"test accuracy: {accuracy:.4f}")
