"""A model that is dropped leaves nothing behind."""

import gc
import weakref

import jax
import numpy as np

import lamina

X = np.random.default_rng(0).random((16, 4), dtype="float32")


def used():
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(8), lamina.layers.Dropout(0.5)])
    model.compile("adam", "mse")
    model.fit(X, np.ones((16, 8)), verbose=0)
    model.predict(X, verbose=0)
    return weakref.ref(model)


def test_models_and_their_arrays_go_away():
    used()
    gc.collect()
    arrays = len(jax.live_arrays())
    models = [used() for _ in range(3)]
    gc.collect()
    assert all(model() is None for model in models)
    assert len(jax.live_arrays()) <= arrays
