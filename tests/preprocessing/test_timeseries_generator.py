"""Windows over a series, against what Keras kept of Keras 2."""

import numpy as np
import pytest

import lamina
from lamina.preprocessing.sequence import TimeseriesGenerator

legacy = pytest.importorskip("keras.src.legacy.preprocessing.sequence")

DATA = np.arange(46.0).reshape(23, 2)
TARGETS = np.arange(23.0) * 10

OPTIONS = [
    {},
    {"stride": 3},
    {"sampling_rate": 2},
    {"reverse": True, "start_index": 4, "end_index": 15},
    {"stride": 2, "end_index": 20, "batch_size": 5},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_batches(options):
    options = {"length": 4, "batch_size": 4, **options}
    ours = TimeseriesGenerator(DATA, TARGETS, **options)
    theirs = legacy.TimeseriesGenerator(DATA, TARGETS, **options)
    assert len(ours) == len(theirs)
    for index in range(len(theirs)):
        for mine, other in zip(ours[index], theirs[index], strict=True):
            np.testing.assert_array_equal(mine, other)


def test_windows_at_random_and_training():
    windows = TimeseriesGenerator(DATA, TARGETS, length=4, shuffle=True, batch_size=50)
    x, y = windows[0]
    assert x.shape == (50, 4, 2)
    np.testing.assert_array_equal(x[:, -1, 0], y / 10 * 2 - 2)
    model = lamina.Sequential([lamina.layers.Flatten(), lamina.layers.Dense(1)])
    model.compile("adam", "mse")
    assert len(model.fit(windows, epochs=2, verbose=0).history["loss"]) == 2


WRONG = [
    ({"targets": TARGETS[1:]}, "data has 23 steps, but targets 22"),
    ({"length": 23}, "no window of 23 steps"),
    ({"stride": 0}, "stride must be a positive whole number"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[message for _, message in WRONG])
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        TimeseriesGenerator(**{"data": DATA, "targets": TARGETS, "length": 4, **options})
