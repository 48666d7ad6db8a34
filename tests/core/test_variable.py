import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina.core.functional import pure


def aligned_zeros(size):
    """Return zeros in memory that JAX on the CPU uses in place where it may."""
    memory = np.zeros(4 * size + 64, "uint8")
    start = -memory.ctypes.data % 64
    return memory[start : start + 4 * size].view("float32")


def test_value_shape_dtype_and_name():
    variable = lamina.Variable([[1.0, 2.0]], name="a")
    assert (variable.name, variable.shape, variable.dtype, variable.ndim, variable.size) == (
        "a",
        (1, 2),
        "float32",
        2,
        2,
    )
    np.testing.assert_array_equal(variable.numpy(), [[1.0, 2.0]])


def test_the_first_value_is_drawn_when_it_is_read():
    drawn = []

    def initializer(shape, dtype=None):
        drawn.append(shape)
        return jnp.ones(shape, dtype)

    variable = lamina.Variable(initializer, shape=(3,))
    assert not drawn
    np.testing.assert_array_equal(variable, np.ones(3))
    assert float(variable[0] + variable[1]) == 2.0
    assert drawn == [(3,)]


def test_a_first_read_inside_a_program_keeps_no_tracer():
    variable = lamina.Variable(lambda shape, dtype: jnp.ones(shape, dtype), shape=(2,))
    jax.jit(lambda x: x + variable.value)(1.0)
    np.testing.assert_array_equal(variable.numpy(), np.ones(2))


def test_assign_keeps_dtype_and_shape():
    variable = lamina.Variable(np.zeros(2, "float32"))
    variable.assign(np.array([1, 2], "int64"))
    assert variable.dtype == variable.value.dtype.name == "float32"
    variable.assign_add([1.0, 1.0])
    variable.assign_sub(lamina.Variable([0.5, 0.5]))
    np.testing.assert_array_equal(variable.numpy(), [1.5, 2.5])
    with pytest.raises(ValueError, match=r"'variable' has shape \(2,\).*\(3,\)"):
        variable.assign(np.zeros(3))


class Foreign:
    """An array of another library, in memory that NumPy sees."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array


@pytest.mark.parametrize("wrapped", [lambda array: array, Foreign])
def test_a_value_is_not_shared_with_numpy(wrapped):
    source = aligned_zeros(64)
    constructed, drawn = lamina.Variable(wrapped(source)), lamina.Variable(lambda shape, dtype: source, shape=(64,))
    assigned = lamina.Variable(np.ones(64, "float32"))
    assigned.assign(wrapped(source))
    assert not drawn.numpy().any()
    source[:] = 1
    for variable in (constructed, drawn, assigned):
        np.testing.assert_array_equal(variable.numpy(), np.zeros(64))


def test_an_array_that_an_initializer_keeps_survives_training():
    kept = jnp.ones((2, 2))
    layers = [lamina.layers.Dense(2, kernel_initializer=lambda shape, dtype: kept) for _ in range(2)]
    model = lamina.Sequential(layers)
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.zeros((4, 2)), verbose=0)
    np.testing.assert_array_equal(kept, np.ones((2, 2)))


def test_an_assignment_that_would_be_lost_is_refused():
    variable = lamina.Variable(0.0, name="total")
    with pytest.raises(ValueError, match=r"(?s)'total'.*transforming.*lamina\.functional"):
        jax.jit(lambda x: variable.assign(x))(1.0)
    assert float(variable) == 0.0


def test_pure_returns_what_was_assigned_and_changes_nothing():
    variable = lamina.Variable(1.0)
    step = jax.jit(pure(lambda x: (variable.assign_add(x), variable * 2)[1], {"v": variable}))
    outputs, effects = step({"v": jnp.float32(10)}, 5.0)
    assert (float(outputs), float(effects.values["v"]), float(variable)) == (30.0, 15.0, 1.0)


def test_operators():
    variable = lamina.Variable([1.0, -2.0])
    np.testing.assert_array_equal(2 - variable, [1, 4])
    np.testing.assert_array_equal(abs(variable) @ jnp.ones(2), 3)
    np.testing.assert_array_equal(variable == variable, [True, True])
    assert int(lamina.Variable(3, dtype="int32")) + 1 == 4
    assert len({variable, variable}) == 1


def test_deepcopy_owns_its_array():
    variable = lamina.Variable([1.0])
    clone = copy.deepcopy(variable)
    clone.assign([2.0])
    assert float(variable[0]) == 1.0


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"initializer": np.ones}, "pass shape"),
        ({"initializer": np.ones, "shape": (None, 2)}, "every size"),
        ({"initializer": [1.0], "shape": (2,)}, r"shape \(1,\)"),
        ({"initializer": 0.0, "aggregation": "most"}, "aggregation must be"),
        ({"initializer": 0.0, "synchronization": "x"}, "synchronization must be"),
    ],
)
def test_wrong_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        lamina.Variable(**kwargs)


def test_an_initializer_of_another_shape():
    variable = lamina.Variable(lambda shape, dtype: np.ones(3), shape=(2,))
    with pytest.raises(ValueError, match=r"gave an array of shape \(3,\), expected \(2,\)"):
        variable.numpy()


@pytest.mark.parametrize("number", [2, 2.0, np.float32(2), np.array(2)])
def test_a_number_is_assigned_on_the_host_and_read_as_an_array_also_inside_a_trace(number):
    variable = lamina.Variable(1.0)
    variable.assign(number)
    assert jax.jit(lambda x: x * variable.array)(3.0) == 6
    assert isinstance(variable.value, jax.Array) and variable.value.dtype == "float32" and float(variable) == 2
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        lamina.Variable(np.ones(3)).assign(number)
