"""Every layer against Keras, over a spread of its arguments; the cases are in `cases`, a file a family."""

import pytest

from .cases import ALL
from .oracle import compare


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_layer_is_that_of_keras(one):
    compare(one)
