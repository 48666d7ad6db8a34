"""The pipeline of five stages: 1000 rows of 20 numbers, Normalization, Dense 64, Dense 32, Dense 1."""

import argparse

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="a few epochs only")
arguments = parser.parse_args()

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(5.0, 3.0, (1000, 20)).astype("float32")
score = (x - 5.0) @ rng.normal(size=20) / 3.0 + rng.normal(0, 1.0, 1000)
y = (score > 0).astype("float32")

normalization = layers.Normalization()
normalization.adapt(x[:800])
model = keras.Sequential(
    [
        keras.Input(shape=(20,)),
        normalization,
        layers.Dense(64, activation="relu"),
        layers.Dense(32, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(x[:800], y[:800], epochs=2 if arguments.smoke else 5, batch_size=32, verbose=0)

values = x[800:801]
for layer in model.layers:
    shape = values.shape
    values = np.asarray(layer(values))
    print(f"{layer.name:15} {shape} -> {values.shape}  {values[0, :4].round(3)}")

print("epoch  loss    accuracy")
for epoch, (loss, accuracy) in enumerate(zip(history.history["loss"], history.history["accuracy"]), 1):
    print(f"{epoch:5}  {loss:.4f}  {accuracy:.4f}  {'#' * round(40 * loss)}")

loss, accuracy = model.evaluate(x[800:], y[800:], verbose=0)
print(f"test accuracy: {accuracy:.4f}")
