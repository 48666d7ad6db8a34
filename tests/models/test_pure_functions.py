import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina.layers import BatchNormalization, Dense, Dropout

X = np.random.default_rng(0).random((6, 4), dtype="float32")


def stack():
    return lamina.Sequential([lamina.Input((4,)), Dense(5), BatchNormalization(), Dropout(0.5), Dense(1)])


def test_apply_is_the_model():
    model = stack()
    params, state, apply = lamina.functional(model)
    outputs, after = jax.jit(apply)(params, state, X)
    np.testing.assert_allclose(outputs, model(X), rtol=1e-5, atol=1e-6)
    assert sorted(params) == sorted(variable.path for variable in model.trainable_variables)
    for path in state:
        np.testing.assert_array_equal(after[path], state[path])


def test_training_returns_new_state_and_draws_from_the_step():
    model = stack()
    before = model.get_weights()
    params, state, apply = lamina.functional(model)
    train = jax.jit(lambda step: apply(params, state, X, training=True, step=step))
    first, after = train(1)
    again, _ = train(1)
    second, _ = train(2)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)
    path = "sequential/batch_normalization/moving_mean"
    assert not np.array_equal(after[path], state[path])
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_gradients_and_vectorisation():
    params, state, apply = lamina.functional(stack())

    def loss(params, x):
        return jnp.mean(apply(params, state, x)[0] ** 2)

    gradients = jax.grad(loss)(params, X)
    assert {path: array.shape for path, array in gradients.items()} == {p: a.shape for p, a in params.items()}
    rows = jax.vmap(lambda row: apply(params, state, row[None])[0][0])(X)
    np.testing.assert_allclose(rows, apply(params, state, X)[0], rtol=1e-5, atol=1e-6)


def test_an_unbuilt_model_has_none():
    with pytest.raises(ValueError, match="no weights yet"):
        lamina.functional(lamina.Sequential([Dense(1)]))
