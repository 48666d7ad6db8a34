"""Every activation that works element by element, against Keras: values, gradients, kinks, extremes, half precision."""

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import activations

ORDINARY = np.random.default_rng(0).normal(scale=3, size=50)
KINKS = [0, -0.0, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 6, -6]
EXTREMES = [1e-30, -1e-30, 1e-6, -1e-6, 20, -20, 88, -88, 100, -100, 1e4, -1e4, 1e30, -1e30, np.inf, -np.inf]
POINTS = np.array([*ORDINARY, *KINKS, *EXTREMES], "float32")
TOLERANCE = {"float32": 2e-6, "bfloat16": 1e-2, "float16": 2e-3}

CASES = [
    ("celu", {}),
    ("celu", {"alpha": 0.5}),
    ("elu", {}),
    ("elu", {"alpha": 0.5}),
    ("exponential", {}),
    ("gelu", {}),
    ("gelu", {"approximate": True}),
    ("hard_shrink", {}),
    ("hard_shrink", {"threshold": 1.0}),
    ("hard_sigmoid", {}),
    ("hard_silu", {}),
    ("hard_tanh", {}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.5}),
    ("linear", {}),
    ("log_sigmoid", {}),
    ("mish", {}),
    ("relu", {}),
    ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 2.0}),
    ("relu", {"max_value": 6.0}),
    ("relu", {"max_value": 0.0}),
    ("relu", {"threshold": 1.0}),
    ("relu", {"threshold": -1.0}),
    ("relu", {"negative_slope": 0.1, "max_value": 3.0}),
    ("relu", {"negative_slope": 0.1, "max_value": 3.0, "threshold": 1.0}),
    ("relu6", {}),
    ("selu", {}),
    ("sigmoid", {}),
    ("silu", {}),
    ("soft_shrink", {}),
    ("soft_shrink", {"threshold": 1.0}),
    ("softplus", {}),
    ("softsign", {}),
    ("sparse_plus", {}),
    ("sparse_sigmoid", {}),
    ("squareplus", {}),
    ("squareplus", {"b": 0}),
    ("squareplus", {"b": 1.5}),
    ("tanh", {}),
    ("tanh_shrink", {}),
    ("threshold", {"threshold": 0.5, "default_value": -1.0}),
]


def label(case):
    return f"{case[0]}-{case[1]}" if case[1] else case[0]


@functools.cache
def everything(library, dtype):
    """Values and slopes of every case at every point, from one compiled program: compiling each alone takes long."""

    def compute(x):
        results = {}
        for name, arguments in CASES:
            function = functools.partial(getattr(library, name), **arguments)
            results[label((name, arguments))] = function(x), jax.vmap(jax.grad(function))(x)
        return results

    with np.errstate(over="ignore"):
        return jax.jit(compute)(POINTS.astype(jnp.dtype(dtype)))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("case", CASES, ids=label)
def test_values_and_gradients_are_those_of_keras(case, dtype):
    pairs = zip(
        everything(activations, dtype)[label(case)], everything(keras.activations, dtype)[label(case)], strict=True
    )
    for ours, theirs in pairs:
        assert ours.dtype == theirs.dtype == dtype
        ours, theirs = np.asarray(ours, "float32"), np.asarray(theirs, "float32")
        cancels = case == ("gelu", {"approximate": True})  # 1 + tanh(-5), in whatever order a program adds it up
        np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE[dtype], atol=2e-6 if cancels else 1e-7)


def test_every_activation_is_tested():
    along_an_axis = {"glu", "softmax", "log_softmax", "sparsemax"}
    known_under_another_name = {"swish", "hard_swish"}
    tested = {name for name, _ in CASES} | along_an_axis | known_under_another_name
    assert tested == set(activations.__all__) - {"get", "serialize", "deserialize"}


@pytest.mark.parametrize("case", [case for case in CASES if case[0] not in ("linear", "relu", "hard_tanh")], ids=label)
@pytest.mark.parametrize("x", [[-1, 0, 1], np.array([True, False]), 3, np.array([0.5, 2.0])], ids=str)
def test_lists_whole_numbers_and_numpy_arrays_become_floats(case, x):
    name, arguments = case
    given = jax.eval_shape(lambda: getattr(activations, name)(x, **arguments))
    assert given.dtype == "float32" and given.shape == np.shape(x)


def test_numbers_and_lists_have_the_values_of_arrays():
    for x in ([-1, 0, 1], np.array([-1.0, 0.0, 1.0]), np.array([-1, 0, 1], "int8")):
        np.testing.assert_allclose(activations.sigmoid(x), [0.26894143, 0.5, 0.7310586], rtol=1e-6)
    assert activations.sigmoid(False) == 0.5


def test_what_only_selects_keeps_whole_numbers():
    x = np.array([-3, 0, 3], "int32")
    for name in ("relu", "hard_tanh", "linear"):
        assert getattr(activations, name)(x).dtype == "int32"
    assert activations.relu(x, max_value=2.5).tolist() == [0, 0, 2.5]


def test_relu_does_not_hide_nan():
    # Keras gives 0 here, so that a diverged layer looks healthy.
    for arguments in ({}, {"threshold": 1.0}, {"max_value": 3.0}, {"negative_slope": 0.1}):
        assert np.isnan(activations.relu(np.float32(np.nan), **arguments))


def test_parameters_may_be_traced():
    def loss(slope):
        return activations.leaky_relu(-3.0, slope) + activations.relu(-2.0, negative_slope=slope)

    assert jax.jit(jax.grad(loss))(0.1) == -5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: activations.relu(1.0, max_value=-1.0), "relu: max_value must be at least 0, got -1.0"),
        (lambda: activations.celu(1.0, alpha=0), "celu: alpha must be greater than 0, got 0"),
        (lambda: activations.squareplus(1.0, b=-4), "squareplus: b must be at least 0, got -4"),
        (lambda: activations.hard_shrink(1.0, threshold=-0.5), "hard_shrink: threshold must be at least 0"),
        (lambda: activations.soft_shrink(1.0, threshold=float("nan")), "soft_shrink: threshold must be at least 0"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
