"""The rectifier, against jax.nn's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lamina import kernels

EDGES = np.array([-np.inf, -1.5, -0.0, 0.0, 1e-40, 2.0, 5.999, 6.0, 7.0, np.inf, np.nan], np.float32)
REFERENCES = {None: jax.nn.relu, 6.0: jax.nn.relu6}


@pytest.mark.parametrize("limit", REFERENCES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_values_and_gradients_at_the_edges(limit, dtype):
    x = jnp.asarray(EDGES, dtype)
    outputs, pullback = jax.vjp(lambda x: kernels.relu(x, limit), x)
    expected, expected_pullback = jax.vjp(REFERENCES[limit], x)
    assert outputs.dtype == x.dtype
    np.testing.assert_array_equal(np.asarray(outputs, "float32"), np.asarray(expected, "float32"))
    ones = jnp.ones_like(x)
    np.testing.assert_array_equal(pullback(ones)[0], expected_pullback(ones)[0])


@settings(max_examples=15, deadline=None)
@given(
    hnp.arrays(np.float32, hnp.array_shapes(max_side=4), elements=st.floats(-8, 8, width=32)),
    st.sampled_from([*REFERENCES]),
)
def test_any_shape(x, limit):
    np.testing.assert_array_equal(kernels.relu(jnp.asarray(x), limit), REFERENCES[limit](jnp.asarray(x)))


def test_derivatives_of_any_order_and_mode():
    x = jnp.asarray([-1.0, 2.0, 9.0])
    np.testing.assert_array_equal(jax.jvp(lambda x: kernels.relu(x, 6.0), (x,), (jnp.ones(3),))[1], [0, 1, 0])
    np.testing.assert_array_equal(jax.hessian(lambda x: (kernels.relu(x) ** 3).sum())(x), np.diag([0, 12, 54]))


def test_whole_numbers_stay_whole_numbers():
    outputs = kernels.relu(jnp.asarray([-3, 0, 4]))
    assert outputs.dtype == jnp.int32 and outputs.tolist() == [0, 0, 4]


def test_the_reference_is_the_same():
    with kernels.reference_kernels():
        outputs = kernels.relu(jnp.asarray(EDGES), 6.0)
    np.testing.assert_array_equal(outputs, jax.nn.relu6(EDGES))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_behind_a_convolution_it_is_the_same_function(dtype):
    x = jnp.asarray(EDGES, dtype)
    expected = np.asarray(kernels.relu(x), "float32")
    outputs, pullback = jax.vjp(kernels.relu_of_convolution, x)
    for found in (kernels.relu_of_convolution(x), outputs):
        np.testing.assert_array_equal(np.asarray(found, "float32"), expected)
    np.testing.assert_array_equal(pullback(jnp.ones_like(x))[0], jax.vjp(kernels.relu, x)[1](jnp.ones_like(x))[0])
    curved = jax.hessian(lambda x: (kernels.relu_of_convolution(x) ** 3).sum())
    np.testing.assert_array_equal(curved(jnp.asarray([-1.0, 2.0])), np.diag([0, 12]))
