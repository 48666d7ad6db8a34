"""Files of older releases of Keras 3, made by `tools/make_keras3_models.py`: what they predict and how they go on."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import lamina

FOLDER = Path(__file__).parent / "keras3"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
# As in the tool.
SERIES = np.random.default_rng(7).random((4, 3, 2), dtype="float32")
LABELS = np.array([0, 1, 2, 1])


def losses(model):
    return [float(model.train_on_batch(SERIES, LABELS)[0]) for _ in range(3)]


@pytest.mark.parametrize("version", EXPECTED)
def test_they_predict_and_train_on(version):
    model = lamina.saving.load_model(FOLDER / f"{version}.keras")
    assert not model.run_eagerly  # though a file made on PyTorch says that nothing was compiled there
    told = EXPECTED[version]
    np.testing.assert_allclose(model(SERIES, training=False), told["predictions"], rtol=1e-5, atol=1e-6)
    # Releases before 3.15 tell the means over the batches so far.
    np.testing.assert_allclose(np.cumsum(losses(model)) / [1, 2, 3], told["losses"], rtol=1e-5)


def test_they_train_on_as_in_keras_of_today():
    path = FOLDER / "3.8.0.keras"  # made on JAX: Keras can't train with PyTorch's optimizer, which others name
    theirs, ours = keras.saving.load_model(path), lamina.saving.load_model(path)
    np.testing.assert_allclose(losses(ours), losses(theirs), rtol=1e-5)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)
