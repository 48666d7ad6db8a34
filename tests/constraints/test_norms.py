import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import constraints

random = np.random.default_rng(0)
KERNEL = random.normal(size=(3, 3, 4, 5)).astype("float32")
MATRIX = random.normal(size=(6, 4)).astype("float32") * np.float32([0, 0.01, 1, 100])

CASES = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": -1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 2.0, "rate": 0.3}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 2.0, "rate": 0.0, "axis": 1}),
    ("NonNeg", {}),
]


def both(name, arguments):
    return getattr(constraints, name)(**arguments), getattr(keras.constraints, name)(**arguments)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_weights_are_those_of_keras(name, arguments):
    ours, theirs = both(name, arguments)
    for weights in (MATRIX, KERNEL, np.zeros((2, 3), "float32"), MATRIX * np.float32(1e15), MATRIX * np.float32(1e-15)):
        given = jax.jit(ours)(weights)
        assert given.dtype == "float32"
        np.testing.assert_allclose(given, theirs(weights), rtol=2e-6, atol=1e-30)


@pytest.mark.parametrize("name", ["MaxNorm", "UnitNorm", "MinMaxNorm"])
@pytest.mark.parametrize("axis", [[0, 1, 2], (0, 1), [-1, 0]])
def test_several_axes(name, axis):
    ours, theirs = both(name, {"axis": axis})
    np.testing.assert_allclose(ours(KERNEL), theirs(KERNEL), rtol=2e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_half_precision_stays(name, arguments, dtype):
    ours, theirs = both(name, arguments)
    weights = jnp.asarray(KERNEL, dtype)
    given = ours(weights)
    assert given.dtype == dtype
    np.testing.assert_allclose(
        np.asarray(given, "float32"), np.asarray(theirs(weights), "float32"), rtol=2e-2, atol=1e-3
    )


def test_what_they_promise():
    lengths = np.linalg.norm(constraints.MaxNorm(2.0)(MATRIX), axis=0)
    np.testing.assert_allclose(lengths, np.minimum(np.linalg.norm(MATRIX, axis=0), 2), rtol=1e-4)
    lengths = np.linalg.norm(constraints.UnitNorm(axis=[0, 1, 2])(KERNEL).reshape(-1, 5), axis=0)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)
    assert constraints.NonNeg()([-1.0, -0.0, 2.0]).tolist() == [0, 0, 2]


def test_whole_numbers_become_floats_where_lengths_are_changed():
    weights = np.array([[3], [4]])
    np.testing.assert_allclose(constraints.UnitNorm()(weights), [[0.6], [0.8]], rtol=1e-6)
    assert constraints.NonNeg()(-weights).dtype == "int32"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constraints.MaxNorm(-1), "MaxNorm: max_value must be a finite number of at least 0, got -1"),
        (lambda: constraints.MaxNorm("2"), "MaxNorm: max_value must be a finite number"),
        (lambda: constraints.MaxNorm(axis="0"), "MaxNorm: axis must be a whole number or a list of them, got '0'"),
        (lambda: constraints.UnitNorm(axis=[]), r"UnitNorm: axis must be a whole number or a list of them, got \[\]"),
        (lambda: constraints.MinMaxNorm(float("nan")), "MinMaxNorm: min_value must be a finite number"),
        (lambda: constraints.MinMaxNorm(2.0, 1.0), "min_value must not exceed max_value, got 2.0 and 1.0"),
        (lambda: constraints.MinMaxNorm(rate=1.5), r"MinMaxNorm: rate must lie in \[0, 1\], got 1.5"),
        (lambda: constraints.MinMaxNorm(rate=-0.5), "MinMaxNorm: rate must be a finite number of at least 0"),
        (lambda: constraints.UnitNorm(2)(MATRIX), r"UnitNorm: axis 2 does not exist in a weight of shape \(6, 4\)"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
