"""Handwritten digits with convolutions, as small as 8x8 pixels."""

import argparse

import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from tensorflow.keras.models import Sequential

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="a few images and epochs only")
arguments = parser.parse_args()


def load_data():
    """Return 1797 digits of 8x8 pixels, or 1500 drawn bars that point in one of four directions."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 4, 1500)
        images = rng.uniform(0, 6, (1500, 8, 8))
        for image, label in zip(images, labels):
            place = rng.integers(1, 7)
            if label < 2:
                image[(place, slice(None)) if label else (slice(None), place)] += 8
            else:
                image += 8 * (np.eye(8) if label == 2 else np.fliplr(np.eye(8)))
        return images, labels
    data = load_digits()
    return data.images, data.target


keras.utils.set_random_seed(0)
images, labels = load_data()
images = images.reshape(-1, 8, 8, 1).astype("float32") / 16.0
order = np.random.default_rng(1).permutation(len(images))
if arguments.smoke:
    order = order[:400]
split = int(0.8 * len(order))
train, test = order[:split], order[split:]

model = Sequential(
    [
        Conv2D(32, (3, 3), activation="relu", padding="same", input_shape=(8, 8, 1)),
        MaxPooling2D((2, 2)),
        Conv2D(64, (3, 3), activation="relu", padding="same"),
        MaxPooling2D((2, 2)),
        Flatten(),
        Dense(64, activation="relu"),
        Dropout(0.5),
        Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    images[train], labels[train], epochs=2 if arguments.smoke else 30, batch_size=32, validation_split=0.1, verbose=2
)
loss, accuracy = model.evaluate(images[test], labels[test], verbose=0)
print(f"test accuracy: {accuracy:.4f}")
