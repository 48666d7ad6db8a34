import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.kernels import average_pool, max_pool

quick = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def poolings(draw):
    """A shape and the arguments of a pooling that makes at least one output."""
    rank = draw(st.integers(1, 3))
    window = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    strides = draw(st.sampled_from([None, 1, 2, tuple(draw(st.integers(1, 4)) for _ in range(rank))]))
    padding = draw(st.sampled_from(["valid", "same"]))
    size = tuple(taps + draw(st.integers(0, 6)) for taps in window)
    data_format = draw(st.sampled_from(["channels_last", "channels_last", "channels_first"]))
    shape = (2, *size, 3) if data_format == "channels_last" else (2, 3, *size)
    return shape, {"pool_size": window, "strides": strides, "padding": padding, "data_format": data_format}


@quick
@given(poolings(), st.sampled_from(["float32", "float32", "bfloat16"]), st.booleans())
def test_average_agrees_with_lax(assert_agrees, random_arrays, case, dtype, loop):
    shape, arguments = case
    assert_agrees(lambda x: average_pool(x, **arguments), *random_arrays(0, shape, dtype=dtype), loop=loop)


@quick
@given(poolings(), st.booleans())
def test_maximum_agrees_with_lax_ties_included(assert_agrees, case, loop):
    shape, arguments = case
    ties = jnp.asarray(np.random.default_rng(0).integers(-1, 2, shape), jnp.float32)
    assert_agrees(lambda x: max_pool(x, **arguments), ties, loop=loop)


@pytest.mark.parametrize("window", [2, 3])
def test_maximum_in_low_precision(assert_agrees, random_arrays, window):
    assert_agrees(lambda x: max_pool(x, window, 2, "same"), *random_arrays(0, (2, 7, 7, 3), dtype=jnp.bfloat16))


@quick
@given(poolings())
def test_keras_agrees(assert_close, random_arrays, case):
    shape, arguments = case
    if arguments["strides"] is None:
        arguments["strides"] = arguments["pool_size"]
    (x,) = random_arrays(0, shape)
    assert_close(max_pool(x, **arguments), keras.ops.max_pool(x, **arguments), 1e-6)
    assert_close(average_pool(x, **arguments), keras.ops.average_pool(x, **arguments), 1e-6)


def test_explicit_padding(assert_agrees, random_arrays):
    (x,) = random_arrays(0, (2, 7, 8, 3))
    for pool in (max_pool, average_pool):
        assert_agrees(lambda x, pool=pool: pool(x, 3, 2, [(1, 0), (0, 2)]), x)


def test_gradient_goes_to_the_first_of_equals():
    slope = jax.grad(lambda x: jnp.sum(max_pool(x, 2)))(jnp.zeros((1, 4, 4, 1)))
    np.testing.assert_array_equal(slope[0, :, :, 0], np.kron(np.ones((2, 2)), [[1, 0], [0, 0]]))


def test_second_derivative(assert_close, random_arrays):
    (x,) = random_arrays(0, (2, 6, 6, 2))

    def penalty(x):
        return jnp.sum(jax.grad(lambda x: jnp.sum(max_pool(x, 3, 2) ** 3))(x) ** 2)

    (direction,) = random_arrays(1, x.shape)
    step = 1e-2 * direction
    numeric = (penalty(x + step) - penalty(x - step)) / 2e-2
    assert_close(jnp.vdot(jax.grad(penalty)(x), direction), numeric, 2e-2)


def test_windows_too_large_for_slices(assert_agrees, random_arrays):
    (x,) = random_arrays(0, (1, 150, 2))
    assert_agrees(lambda x: max_pool(x, 70), x)
    assert_agrees(lambda x: average_pool(x, 70, 10), x)


def test_integers_and_empty_arrays():
    x = jnp.arange(8).reshape(1, 8, 1)
    np.testing.assert_array_equal(max_pool(x, 2)[0, :, 0], [1, 3, 5, 7])
    np.testing.assert_array_equal(average_pool(x, 4)[0, :, 0], [1.5, 5.5])
    assert max_pool(jnp.ones((0, 8, 1)), 2).shape == (0, 4, 1)
    assert average_pool(jnp.ones((1, 2, 1)), 3).shape == (1, 0, 1)


def test_vmap_and_float64(assert_close, random_arrays):
    with jax.enable_x64(True):
        (x,) = random_arrays(0, (3, 2, 5, 5, 2), dtype=jnp.float64)
        stacked = jnp.stack([max_pool(row, 2) for row in x])
        assert_close(jax.vmap(lambda row: max_pool(row, 2))(x), stacked, 1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": 0}, "pool_size must be"),
        ({"pool_size": (2, 2, 2)}, "pool_size must be"),
        ({"pool_size": 2, "strides": 0}, "strides must be"),
        ({"pool_size": 2, "padding": "full"}, "padding must be"),
        ({"pool_size": 2, "data_format": "last"}, "data_format must be"),
    ],
)
def test_bad_arguments(arguments, message):
    for pool in (max_pool, average_pool):
        with pytest.raises(ValueError, match=message):
            pool(jnp.ones((1, 4, 4, 1)), **arguments)
    with pytest.raises(ValueError, match="spatial axes"):
        max_pool(jnp.ones((1, 4)), 2)


@pytest.mark.parametrize("case", [(2, None, "valid"), (2, None, "same"), ((2, 3), None, "same"), (3, 2, "same")])
def test_maximum_is_the_same_whether_or_not_its_gradient_is_taken(random_arrays, case):
    (x,) = random_arrays(0, (2, 7, 8, 3))
    x = x.at[0, 0, 0, 0].set(jnp.nan)
    with_gradient, _ = jax.vjp(lambda x: max_pool(x, *case), x)
    np.testing.assert_array_equal(max_pool(x, *case), with_gradient)
