"""Yes or no from 10 numbers: Dense 32, 16, 1, made from a list and once more with `add`."""

import argparse

import numpy as np
from tensorflow.keras.layers import Dense
from tensorflow.keras.models import Sequential
from tensorflow.keras.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="a few epochs only")
arguments = parser.parse_args()


def load_data():
    """Return the 10 mean measures of 569 breast tumours and whether they are benign, or 600 drawn rows."""
    try:
        from sklearn.datasets import load_breast_cancer
    except ImportError:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(600, 10))
        return x, (x @ rng.normal(size=10) + rng.normal(0, 0.5, 600) > 0).astype("int32")
    data = load_breast_cancer()
    return data.data[:, :10], data.target


set_random_seed(0)
x, y = load_data()
x = (x - x.mean(axis=0)) / x.std(axis=0)
order = np.random.default_rng(1).permutation(len(x))
split = int(0.8 * len(x))
X_train, y_train = x[order[:split]], y[order[:split]]
X_test, y_test = x[order[split:]], y[order[split:]]

model = Sequential(
    [
        Dense(32, activation="relu", input_shape=(10,)),
        Dense(16, activation="relu"),
        Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=2 if arguments.smoke else 30, batch_size=32, validation_split=0.2, verbose=2)
loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
predictions = model.predict(X_test, verbose=0)
print("predicted as 1:", int((predictions > 0.5).sum()), "of", len(predictions))

other = Sequential()
other.add(Dense(16, "relu", input_shape=(10,)))
other.add(Dense(8, activation="relu"))
other.add(Dense(1, activation="sigmoid"))
other.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
other.fit(X_train, y_train, epochs=2 if arguments.smoke else 20, batch_size=32, validation_split=0.2, verbose=0)
print(f"the smaller one: {other.evaluate(X_test, y_test, verbose=0)[1]:.4f}")
print(f"test accuracy: {accuracy:.4f}")
