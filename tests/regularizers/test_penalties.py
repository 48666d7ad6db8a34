import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import regularizers

WEIGHTS = np.random.default_rng(0).normal(size=(7, 5)).astype("float32")
ARRAYS = {
    "ordinary": WEIGHTS,
    "vector": WEIGHTS[0],
    "scalar": np.float32(-3),
    "empty": np.zeros((0, 3), "float32"),
    "zeros": np.zeros((2, 3), "float32"),
    "large": WEIGHTS * np.float32(1e15),
    "small": WEIGHTS * np.float32(1e-15),
}
CASES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.2, "l2": 0.3}),
]


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_penalties_are_those_of_keras(name, arguments, kind):
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    penalty = ours(ARRAYS[kind])
    assert penalty.shape == () and penalty.dtype == "float32"
    np.testing.assert_allclose(penalty, theirs(ARRAYS[kind]), rtol=1e-6)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_gradients_are_those_of_keras(name, arguments):
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    x = np.concatenate([WEIGHTS.ravel(), np.float32([0, -0.0])])
    np.testing.assert_allclose(jax.jit(jax.grad(ours))(x), jax.grad(theirs)(x), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_half_precision_stays(name, arguments, dtype):
    x = jnp.asarray(WEIGHTS, dtype)
    ours, theirs = getattr(regularizers, name)(**arguments)(x), getattr(keras.regularizers, name)(**arguments)(x)
    assert ours.dtype == theirs.dtype == dtype
    np.testing.assert_allclose(float(ours), float(theirs), rtol=1e-2)


def test_lists_and_whole_numbers_count_as_floats():
    assert float(regularizers.L1(0.5)([1, -3])) == 2
    assert float(regularizers.L2(0.5)(np.array([1, -3]))) == 5


def test_none_is_the_default():
    assert regularizers.L1(None).l1 == regularizers.L2(None).l2 == 0.01
    assert regularizers.L1L2(None, None).get_config() == {"l1": 0.0, "l2": 0.0}


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", True, [0.1]])
@pytest.mark.parametrize(("name", "argument"), [("L1", "l1"), ("L2", "l2"), ("L1L2", "l1"), ("L1L2", "l2")])
def test_wrong_factors(name, argument, value):
    with pytest.raises(ValueError, match=f"{name}: {argument} must be a finite number of at least 0, got"):
        getattr(regularizers, name)(**{argument: value})
