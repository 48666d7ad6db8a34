"""Files of older releases of Keras 3, made by `tools/make_keras3_models.py`: what they predict and how they go on."""

import json
from pathlib import Path

import numpy as np
import pytest

import lamina

FOLDER = Path(__file__).parent / "keras3"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
# As in the tool.
SERIES = np.random.default_rng(7).random((4, 3, 2), dtype="float32")
LABELS = np.array([0, 1, 2, 1])


@pytest.mark.parametrize("version", EXPECTED)
def test_they_predict_and_train_on(version):
    model = lamina.saving.load_model(FOLDER / f"{version}.keras")
    told = EXPECTED[version]
    np.testing.assert_allclose(model(SERIES, training=False), told["predictions"], rtol=1e-4, atol=1e-6)
    losses = [float(model.train_on_batch(SERIES, LABELS)[0]) for _ in range(3)]
    # Keras told the means over the batches so far, computed with PyTorch. They differ by up to 6e-4, which is more than
    # rounding of one step; the reason is not known (Adam's first steps enlarge small differences).
    np.testing.assert_allclose(np.cumsum(losses) / [1, 2, 3], told["losses"], rtol=2e-3)
