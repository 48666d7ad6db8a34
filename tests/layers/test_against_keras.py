"""Every layer against Keras, over a spread of its arguments; the cases are in `cases`, a file a family."""

import pytest

from .cases import ALL
from .oracle import cases, compare


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_layer_is_that_of_keras(one):
    compare(one)


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`")  # what Keras advises against, and files have
@pytest.mark.parametrize(
    "one",
    cases("LayerNormalization", (3, 4, 5), rms_scaling=True, vary={"axis": [-1, (1, 2)], "scale": [True, False]}),
    ids=lambda one: one.name,
)
def test_layer_normalization_without_a_mean(one):
    compare(one)
