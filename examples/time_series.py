"""The next value of a series from the last 24, with a GRU."""

import argparse

import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import GRU, Dense
from tensorflow.keras.models import Sequential

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="a short series and a single epoch only")
arguments = parser.parse_args()

WINDOW = 24

keras.utils.set_random_seed(0)
time = np.arange(400 if arguments.smoke else 3000)
rng = np.random.default_rng(0)
series = np.sin(time * 2 * np.pi / 24) + 0.5 * np.sin(time * 2 * np.pi / 168) + rng.normal(0, 0.1, len(time))
series = series.astype("float32")
x = np.stack([series[start : start + WINDOW] for start in range(len(series) - WINDOW)])[..., np.newaxis]
y = series[WINDOW:]
split = int(0.8 * len(x))

model = Sequential([GRU(32, input_shape=(WINDOW, 1)), Dense(1)])
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
model.fit(x[:split], y[:split], epochs=1 if arguments.smoke else 15, batch_size=32, verbose=2)
loss, error = model.evaluate(x[split:], y[split:], verbose=0)
print(f"always the last value: {np.abs(y[split:] - x[split:, -1, 0]).mean():.4f}")
print(f"test error: {error:.4f}")
