"""Two inputs, which a Sequential can't have: the Functional API with `concatenate`."""

import argparse

import numpy as np
from tensorflow.keras.layers import Dense, Input, concatenate
from tensorflow.keras.models import Model
from tensorflow.keras.utils import set_random_seed

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="a few epochs only")
arguments = parser.parse_args()

set_random_seed(0)
rng = np.random.default_rng(0)
a = rng.normal(size=(2000, 10)).astype("float32")
b = rng.normal(size=(2000, 5)).astype("float32")
y = a[:, :1] - 2 * b[:, :1] + a[:, 1:2] * b[:, 1:2] + rng.normal(0, 0.1, (2000, 1))

input1 = Input(shape=(10,))
input2 = Input(shape=(5,))
merged = concatenate([Dense(32, activation="relu")(input1), Dense(32, activation="relu")(input2)])
hidden = Dense(32, activation="relu")(merged)
output = Dense(1)(hidden)
model = Model(inputs=[input1, input2], outputs=output)
model.summary()

model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.fit(
    [a[:1600], b[:1600]],
    y[:1600],
    epochs=2 if arguments.smoke else 40,
    batch_size=32,
    validation_split=0.1,
    verbose=2,
)
loss, error = model.evaluate([a[1600:], b[1600:]], y[1600:], verbose=0)
print("first predictions:", model.predict([a[1600:1603], b[1600:1603]], verbose=0).ravel().round(3))
print(f"test error: {error:.4f}")
