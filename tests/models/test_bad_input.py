"""What people get wrong: each mistake names the place, what came, what was expected, and what to do."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

import lamina
from lamina.layers import Dense

RANDOM = np.random.default_rng(0)
X = RANDOM.random((20, 4), dtype="float32")
LABELS = np.arange(20) % 3


def classifier(units=3, loss="sparse_categorical_crossentropy", metrics=None, activation="softmax"):
    model = lamina.Sequential(
        [lamina.Input((4,)), Dense(8, activation="relu", name="hidden"), Dense(units, activation=activation)]
    )
    model.compile("adam", loss, metrics=metrics)
    return model


def fit(model, x=X, y=LABELS, **kwargs):
    return model.fit(x, y, verbose=0, **kwargs)


def batches():
    yield X, LABELS


def two_inputs():
    a, b = lamina.Input((6,), name="a"), lamina.Input((3,), name="b")
    return lamina.Model([a, b], lamina.layers.Concatenate()([a, b]))


def series_average():
    series = lamina.Input((40, 3))
    return lamina.Model(series, lamina.layers.GlobalAveragePooling1D()(series))


MISTAKES = {
    "a class in the list": (lambda: lamina.Sequential([Dense]), TypeError, r"class Dense.*Dense\(\.\.\.\)"),
    "no list": (
        lambda: lamina.Sequential(Dense(3)),
        TypeError,
        r"takes a list of layers.*Sequential\(\[Dense\(3\)\]\)",
    ),
    "add a class": (lambda: lamina.Sequential().add(Dense), TypeError, r"class Dense"),
    "add a number": (lambda: lamina.Sequential().add(3), TypeError, r"takes layers, got 3 \(int\)"),
    "two layers of a name": (
        lambda: lamina.Sequential([Dense(2, name="a"), Dense(2, name="a")]),
        ValueError,
        r"layer named 'a' already.*'a_1'",
    ),
    "a layer called on a layer": (
        lambda: lamina.layers.Dropout(0.5)(Dense(4)),
        ValueError,
        r"Layer 'dropout': it was called on the layer 'dense', not on data",
    ),
    "channels left out": (
        lambda: lamina.Sequential([lamina.Input((8, 8, 3)), lamina.layers.Flatten()])(np.ones((2, 8, 8))),
        ValueError,
        r"The last axis, the channels, is missing: np.stack\(\[x\] \* 3, axis=-1\)",
    ),
    "a late input": (lambda: classifier().add(lamina.Input((3,))), ValueError, "Input can only stand before"),
    "width at call": (
        lambda: classifier()(np.ones((2, 5))),
        ValueError,
        r"Layer 'hidden'.*axis -1 has size 4, received shape \(2, 5\).*build a new model for size 5",
    ),
    "width at fit": (
        lambda: fit(classifier(), np.ones((20, 5))),
        ValueError,
        r"Layer 'hidden'.*size 4, received shape \(None, 5\)",
    ),
    "width at predict": (
        lambda: classifier().predict(np.ones((2, 5)), verbose=0),
        ValueError,
        r"Layer 'hidden'.*size 4, received shape \(2, 5\)",
    ),
    "width of the validation data": (
        lambda: fit(classifier(), validation_data=(X[:, :3], LABELS)),
        ValueError,
        r"Layer 'hidden'.*size 4, received shape \(None, 3\)",
    ),
    "no data": (lambda: classifier().predict(None), ValueError, "x is None: pass the input data"),
    "no row": (lambda: classifier().predict(X[:0]), ValueError, "x holds no rows"),
    "complex numbers": (lambda: fit(classifier(), X + 1j), ValueError, r"complex.*side by side.*values\.imag"),
    "mixed objects": (lambda: fit(classifier(), np.array([[1, "a"]], object)), ValueError, "for example 'a'"),
    "a generator function": (lambda: fit(classifier(), batches), TypeError, r"function batches: pass .* batches\(\)"),
    "a class of data sets": (
        lambda: fit(classifier(), lamina.utils.PyDataset, None),
        TypeError,
        r"class PyDataset: make an object of it, PyDataset\(\.\.\.\)",
    ),
    "a lazy table": (
        lambda: fit(classifier(), pytest.importorskip("polars").LazyFrame({"a": [1.0]})),
        TypeError,
        r"LazyFrame, which has no values yet: pass x\.collect\(\)",
    ),
    "run_eagerly as text": (lambda: classifier().compile(run_eagerly="no"), ValueError, "True or False, got 'no'"),
    "jit_compile as text": (lambda: classifier().compile(jit_compile="xla"), ValueError, "got 'xla'"),
    "inputs in another order": (
        lambda: two_inputs().predict([np.ones((2, 3)), np.ones((2, 6))], verbose=0),
        ValueError,
        r"input 'a' was declared with shape \(None, 6\).*data have shape \(2, 3\).*order",
    ),
    "an input of another size": (
        lambda: series_average().predict(np.ones((2, 39, 3)), verbose=0),
        ValueError,
        r"declared with shape \(None, 40, 3\).*data have shape \(2, 39, 3\).*Input\(shape=\(None, 3\)\)",
    ),
    "an input of another name": (
        lambda: two_inputs()({"a": np.ones((2, 6)), "c": np.ones((2, 3))}),
        ValueError,
        r"input 'b' is missing. The model has the inputs a, b; the data hold a, c",
    ),
    "one row without a batch": (
        lambda: classifier().predict(np.ones(4), verbose=0),
        ValueError,
        r"declared with shape \(None, 4\).*the data have shape \(4,\).*x\[None, \.\.\.\]",
    ),
    "x and y of different lengths": (
        lambda: fit(classifier(), y=LABELS[:7]),
        ValueError,
        "x has 20 rows, y has 7 rows",
    ),
    "sample weights of another length": (
        lambda: fit(classifier(), sample_weight=np.ones(3)),
        ValueError,
        "sample_weight has 3 rows",
    ),
    "no rows": (lambda: fit(classifier(), X[:0], LABELS[:0]), ValueError, "data are empty"),
    "class numbers for categorical": (
        lambda: fit(classifier(loss="categorical_crossentropy")),
        ValueError,
        r"(?s)one-hot.*\(None,\).*sparse_categorical_crossentropy",
    ),
    "one-hot for sparse": (
        lambda: fit(classifier(), y=np.eye(3)[LABELS]),
        ValueError,
        r"(?s)\(None, 3\).*categorical_crossentropy for one-hot",
    ),
    "labels beyond the classes": (
        lambda: fit(classifier(units=2)),
        ValueError,
        r"from 0 to 1.*holds 2 \(first in row 2.*3 units",
    ),
    "labels from one": (lambda: fit(classifier(), y=LABELS + 1), ValueError, r"count from 1.*y_true - 1"),
    "negative labels": (lambda: fit(classifier(), y=LABELS - 1), ValueError, "holds -1"),
    "three outputs for one target": (
        lambda: fit(classifier(loss="mse", activation=None), y=X[:, :1]),
        ValueError,
        r"\(None, 1\).*\(None, 3\)",
    ),
    "three outputs for flat targets": (
        lambda: fit(classifier(loss="mse", activation=None), y=X[:, 0]),
        ValueError,
        r"\(None,\).*\(None, 3\)",
    ),
    "a column of strings": (
        lambda: fit(classifier(), pd.DataFrame({"a": [1.0], "b": [2.0], "city": ["x"], "d": [1]}), [0]),
        ValueError,
        r"column 'city' holds no numbers.*'x'.*get_dummies",
    ),
    "labels as strings": (
        lambda: fit(classifier(), y=np.array(["cat"] * 20)),
        ValueError,
        r"y has dtype <U3, for example 'cat'.*np.unique",
    ),
    "rows of different lengths": (
        lambda: fit(classifier(), [[1, 2, 3, 4], [1, 2]], [0, 1]),
        ValueError,
        "differ in length.*pad_sequences",
    ),
    "unknown loss": (lambda: classifier(loss="mean_sqared_error"), ValueError, "Did you mean 'mean_squared_error'"),
    "unknown optimizer": (lambda: lamina.Sequential().compile("adm"), ValueError, "Did you mean 'adam'"),
    "unknown metric": (lambda: classifier(metrics=["acuracy"]), ValueError, "Did you mean 'accuracy'"),
    "metrics as a string": (lambda: classifier(metrics="accuracy"), ValueError, r"Write metrics=\['accuracy'\]"),
    "unknown argument": (lambda: Dense(3, activaton="relu"), ValueError, "Did you mean 'activation'"),
    "no units": (lambda: Dense(0), ValueError, "units must be a positive whole number, got 0"),
    "fit before compile": (
        lambda: fit(lamina.Sequential([Dense(1)])),
        ValueError,
        r"compiled before fit: model.compile\(",
    ),
    "no loss": (
        lambda: (model := classifier()).compile("adam") or fit(model),
        ValueError,
        "pass loss=... to compile",
    ),
    "two inputs": (
        lambda: classifier()([X, X]),
        ValueError,
        r"(?s)Sequential, which has one input.*Functional API.*Model\(inputs",
    ),
    "two inputs at fit": (lambda: fit(classifier(), [X, X]), ValueError, "Functional API"),
    "shape before build": (
        lambda: lamina.Sequential([Dense(1)]).output_shape,
        AttributeError,
        r"start it with Input\(shape\)",
    ),
    "an empty stack": (lambda: lamina.Sequential()(X), ValueError, "has no layers"),
    "unknown layer": (lambda: classifier().get_layer("hiden"), ValueError, "Did you mean 'hidden'"),
    "batch size 0": (lambda: fit(classifier(), batch_size=0), ValueError, "batch_size must be a positive"),
    "split of everything": (lambda: fit(classifier(), validation_split=1.5), ValueError, "validation_split"),
    "split that leaves nothing": (lambda: fit(classifier(), validation_split=0.99), ValueError, "leaves 0 rows"),
    "validation without y": (lambda: fit(classifier(), validation_data=(X,)), ValueError, r"must be \(x, y\)"),
    "a callback class": (
        lambda: fit(classifier(), callbacks=[lamina.callbacks.EarlyStopping]),
        TypeError,
        r"class EarlyStopping: write EarlyStopping\(",
    ),
    "epochs as text": (lambda: fit(classifier(), epochs="3"), ValueError, "epochs must be a whole number"),
    "too few weights": (lambda: classifier().set_weights([np.ones(3)]), ValueError, "has 4 weights, but 1 arrays"),
    "weights of another shape": (
        lambda: Dense(2, input_shape=(3,), weights=[np.ones((2, 2)), np.ones(2)])(np.ones((1, 3))),
        ValueError,
        r"kernel' has shape \(3, 2\).*\(2, 2\)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    make, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message) as caught:
        make()
    told = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert "tracer" not in told.lower()
    assert "JAX" not in told


def test_nan_is_said_before_training():
    x = X.copy()
    x[7, 2] = np.nan
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(classifier(), x)
    before, after = (str(warning.message) for warning in caught)
    assert re.search(r"x holds NaN .* in 1 row \(the first is row 7\)", before)
    assert re.search(r"not finite at epoch 1, step 1.*inputs hold NaN or infinity already, in row 7", after)


def test_flat_targets_are_not_broadcast():
    """Targets (N,) against outputs (N, 1) are the same as (N, 1): nothing of shape (N, N) is ever made."""
    model = classifier(units=1, loss="mse", activation=None)
    flat = model.evaluate(X, X[:, 0], verbose=0)
    assert flat == model.evaluate(X, X[:, :1], verbose=0)
    np.testing.assert_allclose(flat, np.mean((model.predict(X, verbose=0)[:, 0] - X[:, 0]) ** 2), rtol=1e-5)


def test_a_failed_fit_changes_nothing():
    model = classifier()
    before = model.get_weights()
    for x, y in ((X[:, :3], LABELS), (X, LABELS + 5), (X, LABELS[:4])):
        with pytest.raises(ValueError, match="."):
            fit(model, x, y)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    fit(model)


def test_a_failed_add_changes_nothing():
    model = classifier()
    names = [layer.name for layer in model.layers]
    conv = lamina.layers.Conv2D(2, 3)
    with pytest.raises(ValueError, match="Layer 'conv2d'"):
        model.add(conv)
    assert [layer.name for layer in model.layers] == names
    assert model.output_shape == (None, 3)
