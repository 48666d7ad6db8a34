import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamina.core import arrays
from lamina.core.arrays import to_jax


@pytest.fixture
def compiled():
    """Names of what JAX compiles."""
    names = []
    listen = lambda name, seconds, **details: names.append(name) if name.endswith("backend_compile_duration") else None
    jax.monitoring.register_event_duration_secs_listener(listen)
    yield names
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool", "complex64", jnp.bfloat16])
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 5)])
def test_the_array_is_what_jax_makes_of_it(shape, dtype, large, monkeypatch):
    if large:
        monkeypatch.setattr(arrays, "_LARGE_BYTES", 0)
    given = np.random.default_rng(0).uniform(0, 9, shape).astype(dtype)
    made, expected = to_jax(given), jnp.asarray(given)
    assert (made.dtype, made.weak_type, made.committed) == (expected.dtype, expected.weak_type, expected.committed)
    np.testing.assert_array_equal(made, expected)


def test_nothing_is_compiled(compiled):
    for size in range(50, 53):
        to_jax(np.ones((size, 3), "float32"))
    assert not compiled


@pytest.mark.parametrize("large", [False, True])
def test_later_changes_do_not_show(large, monkeypatch):
    if large:
        monkeypatch.setattr(arrays, "_LARGE_BYTES", 0)
    memory = np.zeros(64 + 16, "float32")
    start = -memory.ctypes.data % 64 // 4
    given = memory[start : start + 64]  # aligned, as XLA's own arrays are, so that it could be used in place
    made = to_jax(given)
    given[:] = 1
    assert not made.any()


def test_other_values_and_tracers_are_those_of_jax():
    assert to_jax(2.0).weak_type
    array = jnp.ones(2)
    assert to_jax(array) is array
    assert str(jax.make_jaxpr(lambda x: x + to_jax(np.ones(2)))(1.0)).count("device_put") == 0
    with pytest.raises(ValueError, match="masked arrays are not supported"):
        to_jax(np.ma.masked_array([1.0, 2.0], [True, False]))
