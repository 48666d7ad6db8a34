"""Makes `tests/saving/keras3/`: small model files as releases of Keras 3 wrote them, and what the models predict.

Run it once for each release, in the root of the repository, with that release of Keras to be imported:
`pip install --no-deps --target build/keras-3.0.5 keras==3.0.5`, then
`KERAS_BACKEND=torch PYTHONPATH=build/keras-3.0.5 python tools/make_keras3_models.py`. Releases from 3.8 on were run on
JAX; Keras 3.0 on JAX counts regularizers twice in the loss.
"""

import json
from pathlib import Path

import keras
import numpy as np
from keras import layers

FOLDER = Path("tests/saving/keras3")
RANDOM = np.random.default_rng(7)
SERIES = RANDOM.random((4, 3, 2), dtype="float32")
LABELS = np.array([0, 1, 2, 1])


def model_of():
    series = keras.Input((3, 2), name="series")
    attended = layers.MultiHeadAttention(1, 2, name="attention")(series, series)
    added = layers.Add()([layers.LayerNormalization()(attended), series * 0.5])
    encoded = layers.Bidirectional(layers.LSTM(1), name="both")(added)
    # Without a bias: its gradient is zero but for rounding before a normalization, which Adam makes whole steps of.
    dense = layers.Dense(2, "relu", use_bias=False)
    inner = keras.Sequential([dense, layers.BatchNormalization()], name="inner")
    pooled = layers.GlobalAveragePooling1D()(layers.Conv1D(2, 2, kernel_regularizer="l2")(series))
    joined = layers.Concatenate()([inner(encoded), layers.Dropout(0.0)(pooled)])
    model = keras.Model(series, layers.Dense(3, "softmax")(joined))
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, 10, 0.9)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def losses(model, steps):
    return [float(model.train_on_batch(SERIES, LABELS)[0]) for _ in range(steps)]


def main():
    keras.utils.set_random_seed(1)
    model = model_of()
    losses(model, 2)
    FOLDER.mkdir(parents=True, exist_ok=True)
    model.save(FOLDER / f"{keras.__version__}.keras")
    predictions = np.asarray(keras.ops.convert_to_numpy(model(SERIES, training=False)))
    told = FOLDER / "expected.json"
    expected = json.loads(told.read_text()) if told.exists() else {}
    # The metrics of `train_on_batch` are running means since the file was loaded, so that they begin anew.
    model.reset_metrics()
    expected[keras.__version__] = {
        "predictions": predictions.astype(float).round(7).tolist(),
        "losses": losses(model, 3),
    }
    told.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
