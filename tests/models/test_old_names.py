"""Spellings of Keras 1 and 2: they work, or the error says what to write."""

import numpy as np
import pytest

import lamina

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = (X.sum(1, keepdims=True) > 0).astype("float32")


@pytest.fixture(scope="module")
def model():
    model = lamina.Sequential([lamina.layers.Dense(1, input_dim=3, activation="sigmoid")])
    model.compile(lamina.optimizers.Adam(lr=0.01), "binary_crossentropy", metrics=["acc"])
    return model


def test_what_still_works(model):
    history = model.fit(X.tolist(), Y.tolist(), validation_data=[X, Y], verbose=0)
    assert sorted(history.history) == ["acc", "loss", "val_acc", "val_loss"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)


GONE = [
    ("fit_generator", r"model\.fit\(generator"),
    ("evaluate_generator", r"model\.evaluate\(generator"),
    ("predict_generator", r"model\.predict\(generator"),
    ("predict_classes", r"argmax\(axis=-1\).*> 0\.5"),
    ("predict_proba", r"model\.predict\(x\)"),
]


@pytest.mark.parametrize(("name", "message"), GONE)
def test_methods_that_are_gone(model, name, message):
    with pytest.raises(AttributeError, match=rf"Sequential\.{name} went with Keras 2\. .*{message}"):
        getattr(model, name)
    assert not hasattr(model, name)


ARGUMENTS = [
    (lambda m: m.fit(X, Y, nb_epoch=3), "fit has no argument nb_epoch any more. Write epochs=3."),
    (lambda m: m.fit(X, Y, workers=4), r"PyDataset\) takes workers=4"),
    (lambda m: m.fit(X, Y, samples_per_epoch=4), "steps_per_epoch"),
    (lambda m: m.evaluate(X, Y, show_accuracy=True), r"metrics=\['accuracy'\]"),
    (lambda m: m.predict(X, use_multiprocessing=True), "use_multiprocessing=True"),
    (lambda m: m.compile("sgd", "mse", class_mode="binary"), "leave it out"),
    (lambda m: m.fit(X, Y, epoch=3), "fit has no argument 'epoch'. Did you mean 'epochs'"),
]


@pytest.mark.parametrize(("call", "message"), ARGUMENTS, ids=[message for _, message in ARGUMENTS])
def test_arguments_that_are_gone(model, call, message):
    with pytest.raises(TypeError, match=message):
        call(model)


LAYERS = [
    (lambda: lamina.layers.Dense(2, init="uniform"), "Dense: init is a spelling of Keras 1. Write kernel_initializer."),
    (lambda: lamina.layers.Conv2D(2, 3, border_mode="same"), "border_mode .* Write padding."),
    (lambda: lamina.layers.LSTM(2, dropout_U=0.1), "dropout_U .* Write recurrent_dropout."),
    (lambda: lamina.layers.Flatten(init="uniform"), "Flatten does not know the argument 'init'"),
]


@pytest.mark.parametrize(("make", "message"), LAYERS, ids=[message for _, message in LAYERS])
def test_layers(make, message):
    with pytest.raises(ValueError, match=message):
        make()
