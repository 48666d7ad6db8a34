"""Every layer under every dtype policy: the dtypes of Keras, and the numbers of float32 as far as the format allows."""

import contextlib

import jax
import keras
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core.symbolic import KerasTensor

from .oracle import QUICK, arrays_for, quick_initializers
from .test_properties import first_of_each_class

# What is compared is float arithmetic.
CASES = [one for one in first_of_each_class() if one.in_config and "dtype" not in one.name]
TOLERANCES = {"mixed_bfloat16": 0.06, "mixed_float16": 0.01}
cases = pytest.mark.parametrize("one", CASES, ids=lambda one: one.name.split("(")[0])


@contextlib.contextmanager
def policy(name):
    """Let layers that are made in the block have a policy, in both libraries."""
    for library in (lamina, keras):
        library.mixed_precision.set_dtype_policy(name)
    try:
        yield
    finally:
        for library in (lamina, keras):
            library.mixed_precision.set_dtype_policy("float32")


def dtypes_of(library, one, inputs, name):
    """Return the dtypes of the outputs and of the weights, from a symbolic call."""
    with policy(name), quick_initializers():
        layer = one.make(library.layers)
        kind = "float64" if name == "float64" else None
        symbolic = jax.tree.map(
            lambda array: library.Input(
                array.shape[1:], dtype=kind if kind and array.dtype.kind == "f" else array.dtype.name
            ),
            inputs,
        )
        outputs = layer(*symbolic) if one.spread else layer(symbolic)
    is_symbolic = lambda leaf: isinstance(leaf, KerasTensor | keras.KerasTensor)
    told = [str(leaf.dtype) for leaf in jax.tree.leaves(outputs, is_leaf=is_symbolic)]
    return told, [str(weight.dtype) for weight in layer.weights]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
@cases
def test_dtypes_are_those_of_keras(one):
    inputs = arrays_for(one.inputs, positive=one.positive)
    for name in ("mixed_bfloat16", "mixed_float16", "float64"):
        with jax.enable_x64(name == "float64"):
            assert dtypes_of(lamina, one, inputs, name) == dtypes_of(keras, one, inputs, name), name


@cases
def test_half_precision_gives_the_numbers_of_float32(one):
    inputs = arrays_for(one.inputs, positive=one.positive)
    made = {}
    for name in ("float32", *TOLERANCES):
        with policy(name):
            made[name] = one.make(layers)
        jax.eval_shape(lambda x, layer=made[name]: layer(*x) if one.spread else layer(x), inputs)
    for layer in made.values():
        layer.set_weights(made["float32"].get_weights())
    run = lambda x: [jax.tree.leaves(layer(*x) if one.spread else layer(x)) for layer in made.values()]
    exact, *halves = jax.jit(run, compiler_options=QUICK)(inputs)
    for (name, tolerance), outputs in zip(TOLERANCES.items(), halves, strict=True):
        for output, expected in zip(outputs, exact, strict=True):
            scale = max(1.0, float(np.abs(expected).max(initial=0)))
            np.testing.assert_allclose(
                np.asarray(output.astype("float32")), expected, atol=tolerance * scale, err_msg=name
            )


# Where Keras itself passes through float32, so that float64 has no oracle but the difference quotient.
IN_FLOAT64 = (
    "AdditiveAttention", "BatchNormalization", "Bidirectional", "ConvLSTM1D", "GRU", "GlobalAveragePooling2D",
    "GroupNormalization", "GroupQueryAttention", "LSTM", "LayerNormalization", "RMSNormalization", "SimpleRNN",
)  # fmt: skip


@pytest.mark.parametrize(
    "one", [one for one in CASES if one.name.split("(")[0] in IN_FLOAT64], ids=lambda one: one.name
)
def test_float64_keeps_its_digits(one):
    """A step of 1e-7 changes the outputs as the gradient says: in float32 the change would be lost."""
    with jax.enable_x64(True), policy("float64"):
        layer = one.make(layers)
        inputs = jax.tree.map(lambda array: array.astype("float64"), arrays_for(one.inputs))
        jax.eval_shape(lambda x: layer(*x) if one.spread else layer(x), inputs)
        step = jax.tree.map(lambda array: 1e-7 * np.cos(array), inputs)

        def total(x):
            outputs = layer(*x) if one.spread else layer(x)
            return sum(
                (output * np.sin(np.arange(output.size)).reshape(output.shape)).sum()
                for output in jax.tree.leaves(outputs)
            )

        def both(x, step):
            gradient = jax.grad(total)(x)
            moved = [total(jax.tree.map(lambda a, b, sign=sign: a + sign * b, x, step)) for sign in (1, -1)]
            along = sum(jax.tree.leaves(jax.tree.map(lambda a, b: (a * b).sum(), gradient, step)))
            return (moved[0] - moved[1]) / 2, along

        quotient, along = jax.jit(both, compiler_options=QUICK)(inputs, step)
        assert quotient.dtype == "float64"
        np.testing.assert_allclose(quotient, along, rtol=1e-5, atol=1e-13)
