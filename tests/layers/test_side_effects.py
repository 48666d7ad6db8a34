"""What Python does in a traced `call`: `docs/errors.md` shows what is said, here is where nothing is."""

import re
import warnings

import numpy as np
import pytest

import lamina
from lamina.layers import Lambda, Layer

X = np.ones((4, 3), "float32")
total_calls = 0


def traced(layer):
    return lamina.Sequential([lamina.Input((3,)), layer])


class Sizes(Layer):
    """Notes down sizes, flags, and what it computed: harmless."""

    def __init__(self, units=[3]):  # noqa: B006 - only read
        super().__init__()
        self.rows, self.columns, self.units = 0, 0, units
        self.scale = 1.0

    def call(self, x):
        self.rows, self.columns = x.shape
        self.seen = True
        self.scale = lamina.ops.mean(x)
        return x * self.scale


def test_harmless_ones_are_not_warned_of():
    model = traced(Sizes())
    np.testing.assert_allclose(model.predict(X, verbose=0), X)


def test_nothing_is_said_where_call_runs_as_plain_python():
    class Counting(Layer):
        calls = 0

        def call(self, x):
            self.calls += 1
            return x

    layer = Counting()
    layer(X)
    assert layer(X).shape == X.shape and layer.calls == 2


def test_globals_and_functions_are_watched_as_well():
    class Counting(Layer):
        def call(self, x):
            global total_calls
            total_calls += 1
            return x

    with pytest.warns(UserWarning, match=re.escape("'counting' (Counting): `call` changes total_calls")):
        traced(Counting())
    with pytest.warns(UserWarning, match="random numbers"):
        traced(Lambda(lambda x: x * np.random.rand()))  # noqa: NPY002 - the mistake


def test_it_is_said_once_where_the_code_stands():
    class Noting(Layer):
        def call(self, x, seen=[]):  # noqa: B006 - the mistake
            seen.append(x)
            return x

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        traced(Noting())
    assert [one.filename for one in said] == [__file__]
    assert "the default of seen" in str(said[0].message)


def test_a_value_of_an_earlier_trace():
    class Total(Layer):
        total = 0.0

        def call(self, x):
            self.total = self.total + lamina.ops.sum(x)
            return x

    with pytest.raises(TypeError, match=r"The value in self.total that `call` computed .* is used after it"):
        traced(Total())
