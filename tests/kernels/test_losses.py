import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina.kernels import sigmoid_cross_entropy, softmax_cross_entropy, sparse_softmax_cross_entropy


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_keras_agrees(assert_close, random_arrays, dtype):
    logits, other = random_arrays(0, (4, 3, 6), (4, 3, 6), dtype=dtype)
    targets, labels = jax.nn.softmax(other), jnp.argmax(other, -1)
    tolerance = 1e-6 if dtype == jnp.float32 else 2e-2
    for actual, expected in (
        (softmax_cross_entropy, lambda x, y: keras.ops.categorical_crossentropy(y, x, from_logits=True)),
        (sigmoid_cross_entropy, lambda x, y: keras.ops.binary_crossentropy(y, x, from_logits=True)),
    ):
        assert_close(actual(logits, targets), expected(logits, targets), tolerance)
        slopes = [jax.grad(lambda x, f=f: jnp.sum(f(x, targets)))(logits) for f in (actual, expected)]
        assert_close(*slopes, tolerance)
    expected = keras.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    # Keras goes through a float32 one-hot here; the loss itself has the type of the logits.
    assert_close(sparse_softmax_cross_entropy(logits, labels), expected.astype(dtype), tolerance)


def test_sparse_gradient_is_softmax_minus_one_hot(random_arrays):
    (logits,) = random_arrays(0, (5, 4))
    labels = jnp.array([0, 3, 1, 2, 2])
    slope = jax.grad(lambda x: jnp.sum(sparse_softmax_cross_entropy(x, labels)))(logits)
    np.testing.assert_allclose(slope, jax.nn.softmax(logits) - jax.nn.one_hot(labels, 4), atol=1e-6)


@pytest.mark.parametrize("label", [-1, 4])
def test_labels_outside_count_for_nothing(label):
    logits, labels = jnp.arange(4.0)[None], jnp.array([label])
    assert sparse_softmax_cross_entropy(logits, labels)[0] == 0
    assert jnp.all(jax.grad(lambda x: jnp.sum(sparse_softmax_cross_entropy(x, labels)))(logits) == 0)


def test_huge_logits_stay_finite():
    logits = jnp.array([[1e30, -1e30, 0.0]])
    assert sparse_softmax_cross_entropy(logits, jnp.array([0]))[0] == 0
    for loss in (
        lambda x: sparse_softmax_cross_entropy(x, jnp.array([0])),
        lambda x: softmax_cross_entropy(x, jnp.array([[1.0, 0.0, 0.0]])),
        lambda x: sigmoid_cross_entropy(x, jnp.array([[1.0, 0.0, 0.5]])),
    ):
        assert np.all(np.isfinite(loss(logits)))
        assert np.all(np.isfinite(jax.grad(lambda x, loss=loss: jnp.sum(loss(x)))(logits)))


def test_bad_shapes():
    with pytest.raises(ValueError, match="labels must have"):
        sparse_softmax_cross_entropy(jnp.ones((2, 3)), jnp.ones((3,), int))
    for loss in (softmax_cross_entropy, sigmoid_cross_entropy):
        with pytest.raises(ValueError, match="targets must have"):
            loss(jnp.ones((2, 3)), jnp.ones((2, 1)))
