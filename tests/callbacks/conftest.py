import keras
import numpy as np
import pytest

import lamina

ROWS = 20
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(ROWS, 3)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5]])).astype("float32")
START = [np.array([[0.3], [0.1], [-0.2]], "float32"), np.zeros(1, "float32")]


def build(api):
    model = api.Sequential([api.Input((3,)), api.layers.Dense(1)])
    model.compile(api.optimizers.SGD(0.05), "mse", metrics=["mae"])
    return model


class Twins:
    """The same model in Keras and in lamina, compiled once for many tests."""

    def __init__(self):
        self.models = {keras: build(keras), lamina: build(lamina)}

    def fit(self, make_callbacks, epochs=3, **kwargs):
        """Train both from the same start and return the two histories."""
        histories = []
        for api, model in self.models.items():
            self.reset(api)
            kwargs = {"validation_data": (X, Y), **kwargs}
            found = model.fit(X, Y, 8, epochs, verbose=0, shuffle=False, callbacks=make_callbacks(api), **kwargs)
            histories.append(found)
        return histories

    def reset(self, api):
        model = self.models[api]
        model.set_weights(START)
        model.optimizer.learning_rate = 0.05
        return model


@pytest.fixture(scope="package")
def twins():
    return Twins()


@pytest.fixture
def model(twins):
    return twins.reset(lamina)


@pytest.fixture
def data():
    return X, Y
