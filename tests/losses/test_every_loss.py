"""Every loss against Keras: values, gradients, weights, half precision, configurations."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import losses
from lamina.core.functional import pure

SAMPLES, CLASSES = 6, 3
RNG = np.random.default_rng(5)


def f32(values):
    return np.asarray(values, "float32")


def normal(*shape, scale=1.0):
    return f32(RNG.normal(size=shape) * scale)


def softmax(scores):
    return f32(np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True))


def rows(*values):
    return f32([values] * SAMPLES)


SHAPE = (SAMPLES, CLASSES)
LABELS = RNG.integers(0, CLASSES, SAMPLES)
ONE_HOT = f32(np.eye(CLASSES)[LABELS])
UNIT = normal(SAMPLES, 4) / np.sqrt(4)
UNIT = UNIT / np.linalg.norm(UNIT, axis=1, keepdims=True)
ZEROS, ONES = np.zeros(SHAPE, "float32"), np.ones(SHAPE, "float32")

# Of each kind: ordinary data first, then zeros, ones, extremes and what lies outside the range asked for.
INPUTS = {
    "numbers": [
        (normal(*SHAPE), normal(*SHAPE)),
        (ZEROS, ZEROS + 1e-3),
        (normal(*SHAPE, scale=1e4), normal(*SHAPE, scale=1e-4)),
        (ONES, -ONES),
    ],
    "positive": [(f32(RNG.random(SHAPE) * 5), f32(RNG.random(SHAPE) * 5)), (ZEROS, ZEROS), (ONES, ONES * 1e6)],
    "binary": [
        (f32(RNG.integers(0, 2, SHAPE)), f32(RNG.random(SHAPE))),
        (rows(0, 1, 0), rows(0, 0, 1)),
        (rows(0, 1, 0.5), rows(0, 1, 2)),
        (rows(0, 1, 0.5), rows(1e-7, 1 - 1e-7, -3)),
    ],
    "logits": [
        (f32(RNG.integers(0, 2, SHAPE)), normal(*SHAPE, scale=3)),
        (rows(0, 1, 0.5), rows(-200, -200, 300)),
        (rows(0, 1, 0.5), rows(88, -88, 0)),
    ],
    "one_hot": [
        (ONE_HOT, softmax(normal(*SHAPE))),
        (ONE_HOT, rows(1, 0, 0)),
        (ONE_HOT, rows(2, 3, 1)),
        (ZEROS, softmax(normal(*SHAPE))),
        (softmax(normal(*SHAPE)), softmax(normal(*SHAPE))),
    ],
    "one_hot_logits": [
        (ONE_HOT, normal(*SHAPE, scale=3)),
        (ONE_HOT, rows(100, -100, 0)),
        (ONE_HOT, rows(1e4, -1e4, 0)),
    ],
    "labels": [
        (LABELS, softmax(normal(*SHAPE))),
        (LABELS, rows(1, 0, 0)),
        (np.array([-1, 3, 0, 1, 2, 7]), softmax(normal(*SHAPE))),
    ],
    "label_logits": [(LABELS, normal(*SHAPE, scale=3)), (LABELS, rows(1e4, -1e4, 0))],
    "signed": [
        (f32(RNG.integers(0, 2, SHAPE)) * 2 - 1, normal(*SHAPE)),
        (f32(RNG.integers(0, 2, SHAPE)), normal(*SHAPE)),
        (rows(0.5, 1, 0), normal(*SHAPE)),
        (ZEROS, ZEROS),
    ],
    "embeddings": [(LABELS, UNIT), (LABELS, UNIT * 3), (LABELS * 0, UNIT), (np.arange(SAMPLES), UNIT)],
    "sequences": [
        (np.array([[1, 2, 0], [3, 3, 0], [1, 0, 0]]), normal(3, 5, 4)),
        (np.zeros((3, 3), int), normal(3, 5, 4)),
        (np.array([[1, 1, 1], [1, 2, 1], [3, 2, 1]]), normal(3, 5, 4)),
    ],
}

CASES = [
    ("MeanSquaredError", "numbers", {}),
    ("MeanAbsoluteError", "numbers", {}),
    ("MeanAbsolutePercentageError", "numbers", {}),
    ("MeanSquaredLogarithmicError", "numbers", {}),
    ("Huber", "numbers", {}),
    ("Huber", "numbers", {"delta": 0.3}),
    ("LogCosh", "numbers", {}),
    ("CosineSimilarity", "numbers", {}),
    ("CosineSimilarity", "numbers", {"axis": 0}),
    ("Poisson", "positive", {}),
    ("KLDivergence", "binary", {}),
    ("KLDivergence", "one_hot", {}),
    ("BinaryCrossentropy", "binary", {}),
    ("BinaryCrossentropy", "binary", {"label_smoothing": 0.2}),
    ("BinaryCrossentropy", "logits", {"from_logits": True}),
    ("BinaryCrossentropy", "logits", {"from_logits": True, "axis": 0}),
    ("BinaryFocalCrossentropy", "binary", {}),
    ("BinaryFocalCrossentropy", "binary", {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5}),
    ("BinaryFocalCrossentropy", "logits", {"from_logits": True, "label_smoothing": 0.1, "gamma": 1.0}),
    ("CategoricalCrossentropy", "one_hot", {}),
    ("CategoricalCrossentropy", "one_hot", {"label_smoothing": 0.2}),
    ("CategoricalCrossentropy", "one_hot", {"axis": 0}),
    ("CategoricalCrossentropy", "one_hot_logits", {"from_logits": True}),
    ("CategoricalFocalCrossentropy", "one_hot", {}),
    ("CategoricalFocalCrossentropy", "one_hot", {"alpha": [0.1, 0.2, 0.7], "gamma": 3.0, "label_smoothing": 0.1}),
    ("CategoricalFocalCrossentropy", "one_hot_logits", {"from_logits": True}),
    ("SparseCategoricalCrossentropy", "labels", {}),
    ("SparseCategoricalCrossentropy", "labels", {"ignore_class": 1}),
    ("SparseCategoricalCrossentropy", "label_logits", {"from_logits": True}),
    ("CategoricalGeneralizedCrossEntropy", "labels", {}),
    ("CategoricalGeneralizedCrossEntropy", "labels", {"q": 0.9}),
    ("CategoricalHinge", "one_hot", {}),
    ("CategoricalHinge", "one_hot_logits", {}),
    ("Hinge", "signed", {}),
    ("SquaredHinge", "signed", {}),
    ("Dice", "binary", {}),
    ("Dice", "binary", {"axis": (1,)}),
    ("Tversky", "binary", {}),
    ("Tversky", "binary", {"alpha": 0.2, "beta": 0.9, "axis": 1}),
    ("Circle", "embeddings", {}),
    ("Circle", "embeddings", {"gamma": 2.0, "margin": 0.1, "remove_diagonal": False}),
    ("CTC", "sequences", {}),
]
IDS = [f"{name}-{kind}-{'-'.join(map(str, arguments)) or 'default'}" for name, kind, arguments in CASES]
every_loss = pytest.mark.parametrize(("name", "kind", "arguments"), CASES, ids=IDS)

# What is slower is tried once for each loss and kind of data.
FIRST = {(name, kind): (name, kind, arguments) for name, kind, arguments in reversed(CASES)}
first_of_each = pytest.mark.parametrize(("name", "kind", "arguments"), FIRST.values(), ids=map("-".join, FIRST))


def pair(name, arguments, /, **more):
    return getattr(losses, name)(**arguments, **more), getattr(keras.losses, name)(**arguments, **more)


def in_one_program(ours, oracle):
    """Return a function that gives the results of both: compiling takes nearly all of the time here."""
    return jax.jit(lambda *given: (ours(*given), oracle(*given)))


def test_the_list_holds_every_loss():
    classes = {name for name in losses.__all__ if name[0].isupper()} - {"Loss"}
    assert {name for name, _, _ in CASES} == classes


@every_loss
def test_values_equal_those_of_keras(name, kind, arguments):
    both = in_one_program(*pair(name, arguments, reduction=None))
    for y_true, y_pred in INPUTS[kind]:
        value, expected = both(y_true, y_pred)
        assert value.shape == expected.shape
        assert value.dtype == "float32"
        np.testing.assert_allclose(value, expected, rtol=2e-6, atol=2e-7)


@first_of_each
def test_gradients_equal_those_of_keras(name, kind, arguments):
    ours, oracle = pair(name, arguments)
    y_true, y_pred = INPUTS[kind][0]
    y_true = np.asarray(y_true, "float32")
    gradient, expected = in_one_program(*(jax.grad(loss.__call__, argnums=1) for loss in (ours, oracle)))(
        y_true, y_pred
    )
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@first_of_each
def test_gradients_are_finite_at_the_extremes(name, kind, arguments):
    gradient = jax.jit(jax.grad(getattr(losses, name)(**arguments).__call__, argnums=1))
    for y_true, y_pred in INPUTS[kind][1:]:
        assert np.isfinite(gradient(np.asarray(y_true, "float32"), y_pred)).all()


@first_of_each
def test_the_class_computes_with_the_public_function_of_keras_name(name, kind, arguments):
    function = getattr(losses, name)(**arguments).fn
    assert getattr(losses, function.__name__) is function
    assert getattr(keras.losses, name)(**arguments).fn.__name__ == function.__name__


@every_loss
def test_weighted_and_compiled_values_equal_those_of_keras(name, kind, arguments):
    ours, oracle = pair(name, arguments)
    y_true, y_pred = INPUTS[kind][0]
    shape = jax.eval_shape(getattr(losses, name)(**arguments, reduction=None), y_true, y_pred).shape
    weights = f32(RNG.random(shape))
    (value, effects), expected = in_one_program(lambda *given: pure(ours, {})({}, *given), oracle)(
        y_true, y_pred, weights
    )
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    assert not effects.values


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # Keras's normalize in float16
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@first_of_each
def test_half_precision_is_finite_and_close_to_keras(name, kind, arguments, dtype):
    ours, oracle = pair(name, arguments, reduction=None, dtype=dtype)
    y_true, y_pred = INPUTS[kind][0]
    y_pred = jnp.asarray(y_pred, dtype)
    value, expected = in_one_program(ours, oracle)(y_true, y_pred)
    assert value.dtype == dtype
    value, expected = (np.asarray(array).astype("float32") for array in (value, expected))
    assert np.isfinite(value).all()
    known = np.isfinite(expected)
    np.testing.assert_allclose(value[known], expected[known], rtol=0.03, atol=0.03)


@first_of_each
def test_no_samples_give_zero(name, kind, arguments):
    y_true, y_pred = INPUTS[kind][0]
    value = jax.jit(getattr(losses, name)(**arguments))(y_true[:0], y_pred[:0])
    assert float(value) in (0.0, 1.0)  # 1: Dice of nothing


@every_loss
def test_configurations_travel_both_ways(name, kind, arguments):
    ours, oracle = pair(name, arguments, reduction="sum", name="mine")
    config, expected = ours.get_config(), oracle.get_config()
    assert {key: config[key] for key in expected} == expected
    assert set(config) - set(expected) <= set(arguments)  # Keras forgets some that aren't at their default
    described = losses.serialize(getattr(losses, name)())
    assert described == keras.losses.serialize(getattr(keras.losses, name)())
    assert losses.serialize(losses.deserialize(losses.serialize(ours))) == losses.serialize(ours)
    assert losses.deserialize(losses.serialize(ours))._fn_kwargs == ours._fn_kwargs
    assert type(oracle).from_config(config)._fn_kwargs == ours._fn_kwargs
