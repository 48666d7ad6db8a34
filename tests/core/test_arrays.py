import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamina.core.arrays import empty_array, frozen, to_jax


@pytest.fixture
def compiled():
    """Names of what JAX compiles."""
    names = []
    listen = lambda name, seconds, **details: names.append(name) if name.endswith("backend_compile_duration") else None
    jax.monitoring.register_event_duration_secs_listener(listen)
    yield names
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "complex64", jnp.bfloat16])
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 5)])
def test_the_array_is_what_jax_makes_of_it(shape, dtype):
    given = np.random.default_rng(0).uniform(0, 9, shape).astype(dtype)
    made, expected = to_jax(given), jnp.asarray(given)
    assert (made.dtype, made.weak_type, made.committed) == (expected.dtype, expected.weak_type, expected.committed)
    np.testing.assert_array_equal(made, expected)


def test_nothing_is_compiled(compiled):
    for size in range(50, 53):
        to_jax(np.ones((size, 3), "float32"))
    assert not compiled


def aligned(size):
    """Zeros that lie as XLA's own arrays do, so that they could be used in place."""
    array = empty_array((size,), np.dtype("float32"))
    array[:] = 0
    return array


@pytest.mark.parametrize("make", [lambda: np.zeros(1000, "float32"), lambda: aligned(1000), lambda: aligned(2000)[::2]])
@pytest.mark.parametrize("read_only", [False, True])
def test_later_changes_do_not_show(make, read_only):
    given = make()
    seen = given.view()
    seen.flags.writeable = not read_only
    made = to_jax(seen)
    given[:] = 1
    assert not made.any()


def test_a_frozen_array_is_taken_over():
    given = frozen(aligned(1000))
    assert to_jax(given).unsafe_buffer_pointer() == given.ctypes.data
    with pytest.raises(ValueError, match="read-only"):
        given[0] = 1
    assert to_jax(aligned(1000)).unsafe_buffer_pointer() % 64 == 0


def test_other_values_and_tracers_are_those_of_jax():
    assert to_jax(2.0).weak_type
    array = jnp.ones(2)
    assert to_jax(array) is array
    assert str(jax.make_jaxpr(lambda x: x + to_jax(np.ones(2)))(1.0)).count("device_put") == 0
    with pytest.raises(ValueError, match="masked arrays are not supported"):
        to_jax(np.ma.masked_array([1.0, 2.0], [True, False]))
