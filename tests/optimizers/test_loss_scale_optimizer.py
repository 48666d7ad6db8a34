import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import optimizers
from lamina.core.variable import Variable

GRADIENTS = [[4, 4], [4, 4], [np.inf, 1], [4, 4], [np.nan, 1], [4, 4], [4, 4], [8, 4], [1, 0]]


@pytest.mark.parametrize("arguments", [{}, {"gradient_accumulation_steps": 2, "use_ema": True, "clipnorm": 1.0}])
def test_the_numbers_of_keras(both, variable, arguments):
    ours = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, momentum=0.5, **arguments), 4.0, dynamic_growth_steps=3)
    inner = keras.optimizers.SGD(0.5, momentum=0.5, **arguments, name="sgd")
    theirs = keras.optimizers.LossScaleOptimizer(inner, 4.0, dynamic_growth_steps=3, name="loss_scale_optimizer")
    their_variable = keras.Variable(variable.value, name="weight")
    ours.build([variable])
    theirs.build([their_variable])
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    assert [(v.shape, v.dtype) for v in ours.variables] == [(v.shape, v.dtype) for v in theirs.variables]
    assert ours.get_config() == theirs.get_config()
    assert optimizers.deserialize(optimizers.serialize(ours)).get_config() == ours.get_config()
    step, values = both.lamina_step(ours, [variable])
    state, weights = [v.value for v in theirs.variables], [their_variable.value]
    for gradient in np.array(GRADIENTS, "float32"):
        values = step(values, [gradient])
        weights, state = theirs.stateless_apply(state, [gradient], weights)
        np.testing.assert_allclose(values[variable.path], weights[0], rtol=1e-6)
    for slot, their in zip(ours.variables, state, strict=True):
        np.testing.assert_allclose(values[slot.path], their, rtol=1e-6, err_msg=slot.path)


def test_scale_rate_and_step_count(variable):
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5), initial_scale=8.0, dynamic_growth_steps=1)
    assert float(optimizer.scale_loss(jnp.asarray(2.0))) == 16
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate.value) == float(optimizer.lr.value) == 0.25
    optimizer.apply([[8.0, 0.0]], [variable])
    np.testing.assert_array_equal(variable.numpy(), [0.75, 2])
    assert float(optimizer.dynamic_scale.value) == 16
    optimizer.apply([[np.inf, 0.0]], [variable])
    assert float(optimizer.dynamic_scale.value) == 8
    assert int(optimizer.iterations) == 1
    np.testing.assert_array_equal(variable.numpy(), [0.75, 2])


def test_float16_gradients_survive():
    weight = Variable(np.ones(2, "float16"), name="weight")
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(1.0))
    optimizer.apply([jnp.full(2, 1e-6 * 32768, "float16")], [weight])
    assert weight.dtype == "float16" and optimizer.check_finite([weight.value])


def test_the_inner_optimizer_does_the_rest(variable):
    inner = optimizers.SGD(1.0, weight_decay=0.5, use_ema=True, ema_momentum=0.5)
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=1.0)
    optimizer.exclude_from_weight_decay([variable])
    for _ in range(2):
        optimizer.apply([[1.0, 1.0]], [variable])
    np.testing.assert_array_equal(variable.numpy(), [-1, 0])
    optimizer.finalize_variable_values([variable])
    np.testing.assert_array_equal(variable.numpy(), [-0.5, 0.5])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda inner: optimizers.LossScaleOptimizer("sgd"), "must be an Optimizer, got 'sgd'"),
        (lambda inner: optimizers.LossScaleOptimizer(inner, clipnorm=1.0), "pass clipnorm to the inner optimizer"),
        (lambda inner: optimizers.LossScaleOptimizer(inner, initial_scal=1.0), "Did you mean 'initial_scale'"),
        (lambda inner: optimizers.LossScaleOptimizer(inner, dynamic=False), "for a fixed scale pass loss_scale_factor"),
        (lambda inner: optimizers.LossScaleOptimizer(inner, initial_scale=0), "initial_scale must be a positive"),
        (lambda inner: optimizers.LossScaleOptimizer(inner, dynamic_growth_steps=0), "dynamic_growth_steps"),
        (lambda inner: optimizers.LossScaleOptimizer(optimizers.SGD(loss_scale_factor=2.0)), "of its own"),
    ],
)
def test_what_it_refuses(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(optimizers.SGD())


def test_what_keras_2_wrote_is_accepted():
    optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=True, clipnorm=None, use_ema=False)
