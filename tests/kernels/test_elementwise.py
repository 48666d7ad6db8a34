import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamina.kernels import reference_kernels, vectorized

EXTREMES = [0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, np.finfo("float32").max]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_nothing_changes(dtype):
    x = jnp.array([1, -2, 3] if dtype == "int32" else EXTREMES, dtype)
    y = jax.jit(vectorized)(x)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(np.asarray(y, "float64"), np.asarray(x, "float64"))
    np.testing.assert_array_equal(np.signbit(np.asarray(y, "float64")), np.signbit(np.asarray(x, "float64")))


def test_the_number_stays_in_the_compiled_program():
    def program(x, y):
        return x + vectorized(y)

    x = jnp.ones((64, 1000))
    assert "clamp" in jax.jit(program).lower(x, x).compile().as_text()
    with reference_kernels():
        assert "clamp" not in jax.jit(lambda x, y: program(x, y)).lower(x, x).compile().as_text()
