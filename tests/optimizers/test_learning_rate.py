import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lamina import optimizers
from lamina.core.functional import pure
from lamina.core.variable import Variable
from lamina.optimizers import schedules


def compiled_step(optimizer, variable):
    optimizer.build([variable])
    keyed = {"weight": variable, **{slot.path: slot for slot in optimizer.variables}}
    step = pure(lambda: optimizer.apply([jnp.ones(2)], [variable]), keyed)
    traced = []

    @jax.jit
    def run(values):
        traced.append(True)
        return step(values)[1].values

    return run, keyed, traced


def take(run, keyed):
    for key, array in run({key: variable.value for key, variable in keyed.items()}).items():
        keyed[key].assign(array)


def test_a_number_is_a_variable_and_changing_it_does_not_recompile(variable):
    optimizer = optimizers.SGD(1.0)
    run, keyed, traced = compiled_step(optimizer, variable)
    take(run, keyed)
    optimizer.learning_rate = 0.5
    take(run, keyed)
    optimizer.learning_rate.assign(0.25)
    take(run, keyed)
    optimizer.lr = np.float64(0.125)
    take(run, keyed)
    assert len(traced) == 1
    np.testing.assert_allclose(variable.numpy(), np.array([1, 2]) - 1.875)
    assert float(optimizer.lr.numpy()) == 0.125
    assert optimizer.get_config()["learning_rate"] == 0.125


def test_a_schedule_sees_every_step(variable):
    optimizer = optimizers.SGD(schedules.PiecewiseConstantDecay([0, 1], [1.0, 2.0, 4.0]))
    assert [slot.name for slot in optimizer.variables] == ["iteration"]
    run, keyed, traced = compiled_step(optimizer, variable)
    for expected in (0.0, -2.0, -6.0, -10.0):
        take(run, keyed)
        assert float(variable[0]) == expected
    assert len(traced) == 1
    assert float(optimizer.learning_rate) == 4.0


def test_a_function_is_asked_at_every_step_of_a_compiled_loop(variable):
    rate = {"now": 1.0}
    optimizer = optimizers.SGD(lambda: rate["now"])
    assert float(optimizer.learning_rate) == 1.0
    run, keyed, traced = compiled_step(optimizer, variable)
    take(run, keyed)
    rate["now"] = 0.25
    take(run, keyed)
    jax.block_until_ready(variable.value)
    assert len(traced) == 1
    np.testing.assert_allclose(variable.numpy(), np.array([1, 2]) - 1.25)


def test_a_function_asks_once_per_step_in_a_loop(variable):
    counter = iter(range(1, 100))
    optimizer = optimizers.SGD(lambda: float(next(counter)))
    optimizer.build([variable])
    keyed = {"weight": variable, **{slot.path: slot for slot in optimizer.variables}}
    step = pure(lambda: optimizer.apply([jnp.ones(2)], [variable]), keyed)
    values = {key: each.value for key, each in keyed.items()}
    run = jax.jit(lambda values: jax.lax.fori_loop(0, 3, lambda _, values: step(values)[1].values, values))
    asked_while_tracing = 1
    moved = 1 - float(run(values)["weight"][0])
    assert moved >= 2 + 3 + 4 and next(counter) >= asked_while_tracing + 3 + 1


def test_a_function_of_the_optimizers_own_step_is_compiled(variable):
    optimizer = optimizers.SGD(lambda: 1.0 / (1 + optimizer.iterations))
    run, keyed, _ = compiled_step(optimizer, variable)
    take(run, keyed)
    take(run, keyed)
    assert float(variable[0]) == -0.5


def test_one_kind_may_replace_another(variable):
    optimizer = optimizers.SGD(1.0)
    optimizer.learning_rate = schedules.ExponentialDecay(0.5, 1, 0.5)
    assert [slot.name for slot in optimizer.variables] == ["iteration"]
    optimizer.apply([[1.0, 1.0]], [variable])
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate = lambda: 0.125
    assert float(optimizer.learning_rate) == 0.125
    optimizer.learning_rate = 2.0
    assert [slot.name for slot in optimizer.variables] == ["iteration", "learning_rate"]
    assert float(optimizer.learning_rate.value) == 2.0


def test_a_schedule_counts_batches_and_iterations_count_steps_of_the_variables(variable):
    optimizer = optimizers.SGD(schedules.PolynomialDecay(10.0, 10, 0.0), gradient_accumulation_steps=3)
    for _ in range(3):
        optimizer.apply([[1.0, 1.0]], [variable])
    assert float(variable[0]) == 1 - 8
    assert int(optimizer.iterations) == 1 and float(optimizer.learning_rate) == 7
    assert int(optimizer.batch_count) == 3
    assert optimizers.LossScaleOptimizer(optimizer).batch_count is optimizer.batch_count


@pytest.mark.parametrize("value", [-1.0, float("nan"), "fast", True, [1.0], None, np.ones(2)])
def test_what_is_no_learning_rate(value):
    with pytest.raises(ValueError, match="SGD: learning_rate must be"):
        optimizers.SGD(value)
    optimizer = optimizers.SGD(0.5)
    with pytest.raises(ValueError, match="SGD: learning_rate must be"):
        optimizer.learning_rate = value
    assert float(optimizer.learning_rate.value) == 0.5


def test_a_function_with_arguments_is_refused():
    with pytest.raises(ValueError, match="takes no arguments.*write a LearningRateSchedule"):
        optimizers.SGD(lambda step: 0.1)


def test_the_old_spellings(variable):
    assert float(optimizers.SGD(lr=0.5).learning_rate.value) == 0.5
    assert float(optimizers.Adam(lr=0.5, decay=0.0).learning_rate.value) == 0.5
    with pytest.raises(ValueError, match="pass only one of the two"):
        optimizers.SGD(0.1, lr=0.5)
    with pytest.raises(ValueError, match=r"InverseTimeDecay\(0.5, decay_steps=1, decay_rate=0.1\)"):
        optimizers.SGD(0.5, decay=0.1)


def test_a_rate_may_be_another_variable_or_array():
    for value in (Variable(0.5), jnp.asarray(0.5), np.float16(0.5)):
        assert float(optimizers.SGD(value).learning_rate.value) == 0.5
