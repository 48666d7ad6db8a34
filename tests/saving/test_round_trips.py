"""What lamina writes opens in Keras, what Keras writes opens in lamina, and training goes on where it stopped."""

import json
import zipfile

import keras
import numpy as np
import pytest

import lamina

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((24, 8, 8, 1), dtype="float32")
SERIES = RANDOM.random((24, 5, 4), dtype="float32")
TOKENS = RANDOM.integers(1, 9, (24, 5))
LABELS = np.arange(24) % 3


def images(api):
    layers = api.layers
    return api.Sequential(
        [
            api.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2", name="first"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.Flatten(),
            api.Sequential([layers.Dense(5, activation="relu"), layers.Dropout(0.5, seed=1)], name="inner"),
            layers.Dense(3, activation="softmax"),
        ]
    ), IMAGES


def pooled(api):
    layers = api.layers
    stack = [api.Input((8, 8, 1)), layers.Conv2D(3, 3), layers.GlobalAveragePooling2D(), layers.Activation("tanh")]
    return api.Sequential([*stack, layers.Dense(3, activation="softmax")]), IMAGES


def series(api):
    layers = api.layers
    normalization = layers.Normalization()
    normalization.adapt(SERIES)
    return api.Sequential(
        [
            api.Input((5, 4)),
            normalization,
            layers.LSTM(6, return_sequences=True),
            layers.LSTM(3),
            layers.Dense(3, "softmax"),
        ]
    ), SERIES


def text(api):
    layers = api.layers
    return api.Sequential(
        [
            api.Input((5,)),
            layers.Embedding(10, 4, mask_zero=True),
            layers.LSTM(4),
            layers.Dense(3, activation="softmax"),
        ]
    ), TOKENS


def graph(api):
    layers = api.layers
    inputs = api.Input((5, 4), name="series")
    shared = layers.Dense(6, name="shared")
    last = layers.LSTM(4)(shared(inputs))
    return api.Model(inputs, layers.Dense(3, activation="softmax", name="out")(layers.Dropout(0.2)(last))), SERIES


MODELS = [images, pooled, series, text, graph]
OPTIMIZERS = {"SGD": {"momentum": 0.9}, "Adam": {"learning_rate": 0.01}, "RMSprop": {}}


def trained(api, make, optimizer="Adam"):
    model, x = make(api)
    model.compile(
        getattr(api.optimizers, optimizer)(**OPTIMIZERS[optimizer]),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, LABELS, batch_size=8, shuffle=False, verbose=0)
    return model, x


def losses_of_more_training(model, x):
    return model.fit(x, LABELS, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"]


def without_dropout(make):
    return make in (pooled, series, text)


@pytest.mark.parametrize("make", MODELS)
def test_what_lamina_writes_both_open(make, tmp_path):
    model, x = trained(lamina, make)
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    ours = lamina.models.load_model(tmp_path / "model.keras")
    theirs = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(ours.predict(x, verbose=0), expected)
    np.testing.assert_allclose(theirs.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-6)
    assert int(ours.optimizer.iterations) == int(theirs.optimizer.iterations.numpy()) == 3
    if without_dropout(make):
        told = losses_of_more_training(model, x)
        np.testing.assert_array_equal(losses_of_more_training(ours, x), told)
        np.testing.assert_allclose(losses_of_more_training(theirs, x), told, rtol=1e-4)


@pytest.mark.parametrize("make", MODELS)
def test_what_keras_writes_lamina_opens(make, tmp_path):
    theirs, x = trained(keras, make)
    theirs.save(tmp_path / "model.keras")
    ours = lamina.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-6)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    if without_dropout(make):
        np.testing.assert_allclose(losses_of_more_training(ours, x), losses_of_more_training(theirs, x), rtol=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_on_as_if_it_had_never_stopped(optimizer, tmp_path):
    model, x = trained(lamina, pooled, optimizer)
    model.save(tmp_path / "model.keras")
    again = lamina.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(losses_of_more_training(again, x), losses_of_more_training(model, x))
    for mine, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_path_without_an_extension_is_a_folder(tmp_path):
    model, x = trained(lamina, pooled)
    model.save(tmp_path / "model")
    assert sorted(entry.name for entry in (tmp_path / "model").iterdir()) == [
        "config.json",
        "metadata.json",
        "model.weights.h5",
    ]
    again = lamina.models.load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    model.save(tmp_path / "model")  # may be replaced: it is a model


def test_weights_alone(tmp_path):
    theirs, x = trained(keras, images)
    theirs.save_weights(tmp_path / "w.weights.h5")
    ours, _ = images(lamina)
    ours.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-6)
    ours.save_weights(tmp_path / "again.weights.h5")
    fresh, _ = images(keras)
    fresh.load_weights(tmp_path / "again.weights.h5")
    np.testing.assert_allclose(fresh.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-6)


def test_without_compiling(tmp_path):
    model, x = trained(lamina, pooled)
    model.save(tmp_path / "model.keras")
    again = lamina.models.load_model(tmp_path / "model.keras", compile=False)
    assert not again.compiled
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_the_config_is_the_one_that_keras_writes(tmp_path):
    def config(api):
        model, _ = pooled(api)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.save(tmp_path / "model.keras")
        return json.loads(zipfile.ZipFile(tmp_path / "model.keras").read("config.json"))

    def normal(value):
        if isinstance(value, dict):
            kept = {key: item for key, item in value.items() if item is not None}
            return {key: normal(item) for key, item in kept.items() if key not in ("shared_object_id", "name")}
        return [normal(item) for item in value] if isinstance(value, list) else value

    ours, theirs = normal(config(lamina)), normal(config(keras))
    assert [layer["class_name"] for layer in ours["config"]["layers"]] == [
        layer["class_name"] for layer in theirs["config"]["layers"]
    ]
    for mine, other in zip(ours["config"]["layers"], theirs["config"]["layers"], strict=True):
        assert mine["config"] == other["config"]
    assert {key: ours["compile_config"][key] for key in ("loss", "metrics")} == {
        key: theirs["compile_config"][key] for key in ("loss", "metrics")
    }
    for name, value in theirs["compile_config"]["optimizer"]["config"].items():
        assert ours["compile_config"]["optimizer"]["config"][name] == pytest.approx(value)
