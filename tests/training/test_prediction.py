"""`predict` of many rows: any number of them, in batches that stay those that were asked for."""

import numpy as np
import pytest

import lamina as keras

X = np.random.default_rng(0).normal(size=(203, 3)).astype("float32")


@pytest.fixture(scope="module")
def model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(2)])


@pytest.mark.parametrize("batch_size", [1, 7, 32, 500])
@pytest.mark.parametrize("count", [1, 2, 31, 32, 64, 65, 203])
def test_every_row_has_its_output(model, count, batch_size):
    found = model.predict(X[:count], batch_size=batch_size, verbose=0)
    assert found.shape == (count, 2)
    assert found.flags.writeable
    np.testing.assert_allclose(found, np.asarray(model(X))[:count], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("steps", "rows"), [(1, 10), (3, 30), (20, 200), (21, 203)])
def test_steps(model, steps, rows):
    found = model.predict(X, batch_size=10, steps=steps, verbose=0)
    np.testing.assert_allclose(found, np.asarray(model(X[:rows])), rtol=1e-5, atol=1e-6)


def test_batches_stay_what_they_are():
    centred = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x - keras.ops.mean(x, axis=0))])
    expected = [X[at : at + 32] - X[at : at + 32].mean(axis=0) for at in range(0, 203, 32)]
    np.testing.assert_allclose(centred.predict(X, verbose=0), np.concatenate(expected), atol=1e-6)


def test_states_go_from_batch_to_batch():
    model = keras.Sequential([keras.Input(batch_shape=(2, 3, 4)), keras.layers.SimpleRNN(3, stateful=True)])
    x = np.random.default_rng(1).normal(size=(20, 3, 4)).astype("float32")
    together = model.predict(x, batch_size=2, verbose=0)
    last = np.asarray(model.layers[0].states[0])
    model.layers[0].reset_states()
    single = np.concatenate([model.predict(x[at : at + 2], batch_size=2, verbose=0) for at in range(0, 20, 2)])
    np.testing.assert_allclose(together, single, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(model.layers[0].states[0]), last, rtol=1e-6)


def test_structures_of_outputs():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, {"a": keras.layers.Dense(2)(inputs), "b": [keras.layers.Dense(1)(inputs)]})
    found = model.predict(X, verbose=0)
    assert found["a"].shape == (203, 2)
    assert found["b"][0].shape == (203, 1)
    np.testing.assert_allclose(found["a"], np.asarray(model(X)["a"]), rtol=1e-5, atol=1e-6)


def test_float64_is_copied_once_on_the_host():
    from lamina.data.arrays import as_arrays

    converted = as_arrays(X.astype("float64"), "x")
    assert converted.dtype == "float32"
    assert converted.ctypes.data % 64 == 0
    np.testing.assert_array_equal(converted, X)
