"""Makes `tests/saving/legacy/`: model files as tf.keras 2 wrote them, and what the models in them predict.

Needs TensorFlow and tf_keras, which is Keras 2 (`pip install tensorflow-cpu tf_keras`); made with tf_keras 2.21.
Run it in the root of the repository: `python tools/make_legacy_models.py`.
"""

import json
import sys
from pathlib import Path

import numpy as np
import tf_keras as keras
from tf_keras import layers

FOLDER = Path("tests/saving/legacy")
ROWS = 8
RANDOM = np.random.default_rng(7)
VECTORS = RANDOM.random((ROWS, 4), dtype="float32")
IMAGES = RANDOM.random((ROWS, 8, 8, 2), dtype="float32")
TOKENS = RANDOM.integers(0, 9, (ROWS, 5))
SERIES = RANDOM.random((ROWS, 5, 4), dtype="float32")
LABELS = np.arange(ROWS) % 3


def stack():
    model = keras.Sequential(
        [
            layers.Dense(5, activation="relu", input_shape=(4,), kernel_regularizer=keras.regularizers.l2(0.01)),
            layers.BatchNormalization(),
            layers.LeakyReLU(alpha=0.2),
            layers.Dense(3, activation="softmax", kernel_initializer="he_normal", kernel_constraint="max_norm"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, VECTORS, LABELS


def normalized():
    normalization = layers.Normalization(input_shape=(4,))
    normalization.adapt(VECTORS)
    model = keras.Sequential([normalization, layers.Dense(1), layers.PReLU()])
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(keras.optimizers.legacy.SGD(rate, momentum=0.9, nesterov=True), keras.losses.Huber(delta=0.5))
    return model, VECTORS, VECTORS.sum(axis=1, keepdims=True)


def images():
    model = keras.Sequential(
        [
            layers.Conv2D(3, 3, padding="same", activation="relu", input_shape=(8, 8, 2)),
            layers.BatchNormalization(momentum=0.9),
            layers.DepthwiseConv2D(3, depth_multiplier=2),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(4, 2, strides=1),
            layers.Conv2DTranspose(2, 2, strides=2, data_format="channels_last"),
            layers.ZeroPadding2D((1, 2)),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss, metrics=["sparse_categorical_accuracy"])
    return model, IMAGES, LABELS


def text():
    model = keras.Sequential(
        [
            layers.Embedding(10, 4, mask_zero=True, input_length=5),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(3, return_sequences=True, reset_after=False),
            layers.GRU(4, return_sequences=True),
            layers.TimeDistributed(layers.Dense(4, activation="tanh")),
            layers.SimpleRNN(3, unroll=True),
            layers.Dense(3, activation=keras.activations.softmax),
        ]
    )
    model.compile(keras.optimizers.RMSprop(0.01), "sparse_categorical_crossentropy", metrics=["acc"])
    return model, TOKENS, LABELS


def graph():
    vectors, series = keras.Input((4,), name="vectors"), keras.Input((5, 4), name="series")
    inner = keras.Sequential([layers.Dense(4, input_shape=(4,)), layers.BatchNormalization()], name="inner")
    frozen = keras.Sequential([layers.BatchNormalization(input_shape=(4,)), layers.Dense(3)], name="frozen")
    frozen.trainable = False
    shared = layers.Dense(4, name="shared")
    attended = layers.MultiHeadAttention(2, 3, name="attention")(shared(series), shared(series))
    attended = layers.LayerNormalization()(layers.Add()([attended, series]))
    pooled = layers.GlobalMaxPooling1D()(attended)
    joined = layers.concatenate([inner(vectors), frozen(vectors), pooled])
    kind = layers.Dense(3, activation="softmax", name="kind")(layers.Dropout(0.0)(joined))
    amount = layers.Dense(1, name="amount")(joined)
    model = keras.Model([vectors, series], [kind, amount])
    model.compile(
        keras.optimizers.Adam(learning_rate=0.01, amsgrad=True),
        {"kind": "sparse_categorical_crossentropy", "amount": "mse"},
        loss_weights={"kind": 1.0, "amount": 0.5},
        metrics={"kind": ["accuracy"], "amount": [keras.metrics.MeanAbsoluteError()]},
    )
    return model, [VECTORS, SERIES], [LABELS, VECTORS.sum(axis=1, keepdims=True)]


MODELS = [stack, normalized, images, text, graph]


def shown(values):
    return [np.asarray(value).astype(float).round(8).tolist() for value in values]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = {"keras": keras.__version__, "python": sys.version.split()[0]}
    for make in MODELS:
        keras.utils.set_random_seed(1)
        keras.backend.clear_session()
        model, x, y = make()
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
        name = make.__name__
        model.save(FOLDER / f"{name}.h5", save_format="h5")
        if name == "stack":
            model.save(FOLDER / f"{name}.keras")
        if name == "graph":
            model.save_weights(FOLDER / f"{name}_weights.h5")
        predictions = model.predict(x, verbose=0)
        losses = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"]
        told[name] = {
            "predictions": shown(predictions if isinstance(predictions, list) else [predictions]),
            "losses": losses,
        }
    (FOLDER / "expected.json").write_text(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
