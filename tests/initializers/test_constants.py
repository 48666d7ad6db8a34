import json

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import config, initializers


@pytest.mark.parametrize("dtype", [None, "float32", "bfloat16", "float16", "int32", "uint8", "bool", np.float32])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,)])
@pytest.mark.parametrize("name", ["Zeros", "Ones", "Constant"])
def test_values_are_those_of_keras(name, shape, dtype):
    ours, theirs = (getattr(library, name)()(shape, dtype=dtype) for library in (initializers, keras.initializers))
    assert ours.dtype == theirs.dtype and ours.shape == shape
    np.testing.assert_array_equal(np.asarray(ours, "float32"), np.asarray(theirs, "float32"))


def test_the_default_dtype_is_floatx():
    config.set_floatx("bfloat16")
    try:
        for initializer in (initializers.Ones(), initializers.Constant(2), initializers.RandomNormal()):
            assert initializer((2,)).dtype == "bfloat16"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize("value", [3, 0.5, True, np.float64(2), [1, 2, 3], np.arange(3.0), jnp.arange(3.0), [[1], [2]]])
def test_a_constant_is_broadcast(value):
    expected = np.broadcast_to(np.asarray(value, "float32"), (2, 3))
    np.testing.assert_array_equal(initializers.Constant(value)((2, 3)), expected)


@pytest.mark.parametrize("value", [3, 0.5, [1.5, 2.5], np.arange(3.0), jnp.arange(3.0)])
def test_a_constant_is_described_with_its_value(value):
    described = json.loads(json.dumps(initializers.serialize(initializers.Constant(value))))
    again = initializers.deserialize(described)
    shape = (2, *np.shape(value))
    np.testing.assert_array_equal(again(shape), initializers.Constant(value)(shape))
    np.testing.assert_array_equal(keras.initializers.deserialize(described)(shape), again(shape))


def test_constants_do_not_share_memory():
    memory = np.zeros(4 * 64 + 64, "uint8")
    start = -memory.ctypes.data % 64  # JAX on the CPU uses aligned memory in place where it may
    value = memory[start : start + 4 * 64].view("float32")
    given = initializers.Constant(value)((64,))
    value[:] = 1
    assert not given.any()


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"a value of shape \(3,\) does not broadcast to the shape \(2, 2\) asked for"):
        initializers.Constant([1, 2, 3])((2, 2))
    for value in ("zero", None, [1, "a"]):
        with pytest.raises(TypeError, match="Constant: value must be a number or an array of numbers, got"):
            initializers.Constant(value)
    with pytest.raises(ValueError, match="Zeros: every size of shape must be a whole number"):
        initializers.Zeros()((2, None))
