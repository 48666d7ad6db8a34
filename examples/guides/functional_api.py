"""The Functional API: models that are graphs of layers.

A layer called on a symbolic tensor is not computed but recorded; a model is what lies between two sets of tensors.

Run it as it is (trains on handwritten digits), or with `--smoke`: the same on a few rows, to see that it works.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import lamina as keras
from lamina import layers, ops
from lamina.datasets import digits


def classifier() -> keras.Model:
    """A plain stack, written as a graph: it could be a Sequential just as well."""
    image = keras.Input((8, 8), name="image")
    x = layers.Flatten()(image)
    x = layers.Dense(64, activation="relu", name="features")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x), name="classifier")


def residual_block(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Two convolutions and a way around them; graphs are made by ordinary functions."""
    shortcut = x
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    return layers.ReLU()(x + shortcut)  # operators work on symbolic tensors


def autoencoder() -> tuple[keras.Model, keras.Model]:
    """An encoder that is a model of its own, and a model that uses it as a layer."""
    image = keras.Input((8, 8, 1), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D()(residual_block(x, 4))
    encoder = keras.Model(image, layers.Dense(6, name="code")(layers.Flatten()(x)), name="encoder")

    code = encoder(image)  # shares the encoder's weights
    x = layers.Reshape((4, 4, 4))(layers.Dense(64, activation="relu")(code))
    x = layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid")(x)
    return encoder, keras.Model(image, x, name="autoencoder")


def two_tasks() -> keras.Model:
    """Two inputs and two outputs: which digit it is, and whether the picture has more ink than a threshold."""
    image = keras.Input((8, 8), name="image")
    threshold = keras.Input((1,), name="threshold")
    trunk = layers.Dense(32, activation="relu")(layers.Flatten()(image))
    ink = ops.mean(image, axis=(1, 2), keepdims=False)[:, None]  # functions of lamina.ops are part of the graph
    digit = layers.Dense(10, activation="softmax", name="digit")(trunk)
    dark = layers.Dense(1, activation="sigmoid", name="dark")(layers.concatenate([ink - threshold, trunk]))
    return keras.Model({"image": image, "threshold": threshold}, {"digit": digit, "dark": dark})


def siamese() -> keras.Model:
    """One tower for both pictures: a layer (or model) that is called twice has one set of weights."""
    tower = keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Dense(16, activation="tanh")], name="tower")
    first, second = keras.Input((8, 8), name="first"), keras.Input((8, 8), name="second")
    distance = ops.sum(ops.square(tower(first) - tower(second)), axis=-1, keepdims=True)
    return keras.Model([first, second], layers.Dense(1, activation="sigmoid")(distance), name="siamese")


def main(smoke: bool) -> None:
    """Train each of the models."""
    keras.utils.set_random_seed(1)
    (x, y), (x_test, y_test) = digits.load_data()
    x, x_test = x.reshape(-1, 8, 8) / 16, x_test.reshape(-1, 8, 8) / 16
    if smoke:
        x, y, x_test, y_test = x[:64], y[:64], x_test[:32], y_test[:32]
    epochs, verbose = (1, 0) if smoke else (10, 2)

    model = classifier()
    model.summary()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=epochs, verbose=verbose)
    print("classifier:", model.evaluate(x_test, y_test, verbose=0, return_dict=True))

    # Any tensor inside a graph can be an output: what the layer "features" sees in the test images.
    features = keras.Model(model.input, model.get_layer("features").output)
    print("features:", features.predict(x_test, verbose=0).shape)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classifier.keras"
        model.save(path)  # the architecture is in the file, so no code is needed to load it
        again = keras.models.load_model(path)
        np.testing.assert_array_equal(again.predict(x_test, verbose=0), model.predict(x_test, verbose=0))

    encoder, both = autoencoder()
    both.compile("adam", "binary_crossentropy")
    both.fit(x[..., None], x[..., None], epochs=epochs, verbose=verbose)
    print("codes:", encoder.predict(x_test[..., None], verbose=0).shape)

    tasks = two_tasks()
    limits = np.full((len(x), 1), 0.3, "float32")
    dark = (x.mean(axis=(1, 2)) > 0.3).astype("float32")
    tasks.compile(
        "adam",
        loss={"digit": "sparse_categorical_crossentropy", "dark": "binary_crossentropy"},
        loss_weights={"digit": 1.0, "dark": 0.2},
        metrics={"digit": ["accuracy"]},
    )
    history = tasks.fit({"image": x, "threshold": limits}, {"digit": y, "dark": dark}, epochs=epochs, verbose=verbose)
    print("two tasks:", {name: round(values[-1], 3) for name, values in history.history.items()})

    pairs = siamese()
    order = np.random.default_rng(0).permutation(len(x))
    same = (y == y[order]).astype("float32")
    pairs.compile("adam", "binary_crossentropy", weighted_metrics=["AUC"])
    pairs.fit([x, x[order]], same, epochs=epochs, verbose=verbose, class_weight="balanced")
    print("siamese:", pairs.count_params(), "parameters for both pictures")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few rows, to see that it runs")
    main(parser.parse_args().smoke)
