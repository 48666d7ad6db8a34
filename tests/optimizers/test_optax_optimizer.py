import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import lamina
from lamina import optimizers
from lamina.core import serialization
from lamina.core.variable import Variable
from lamina.optimizers import OptaxOptimizer

TRANSFORMATIONS = {
    "sgd": lambda: optax.sgd(0.1, momentum=0.9),
    "adamw": lambda: optax.adamw(0.01, mask=lambda tree: {path: "kernel" in path for path in tree}),
    "schedule": lambda: optax.adam(optax.cosine_decay_schedule(0.1, 10)),
    "chain": lambda: optax.chain(optax.clip_by_global_norm(0.5), optax.lion(0.01)),
    "partition": lambda: optax.partition(
        {"a": optax.sgd(0.1), "b": optax.adam(0.1)}, lambda tree: {path: "ab"["bias" in path] for path in tree}
    ),
    "noise": lambda: optax.chain(optax.add_noise(0.1, 0.5, jax.random.key(3)), optax.sgd(0.1)),
    "lookback": lambda: optax.MultiSteps(optax.sgd(0.1), 2).gradient_transformation(),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_the_numbers_of_optax(both, name):
    optimizer = optimizers.get(TRANSFORMATIONS[name]())
    assert type(optimizer) is OptaxOptimizer
    gradients = both.given_gradients(6)
    ((history, _),) = both.run_lamina(optimizer, lambda step, weights: gradients[step], steps=6)
    transformation = TRANSFORMATIONS[name]()
    parameters = dict(zip(both.paths, map(jnp.asarray, both.initial_values())))
    state = transformation.init(parameters)
    for row in gradients:
        updates, state = transformation.update(dict(zip(both.paths, row)), state, parameters)
        parameters = optax.apply_updates(parameters, updates)
    for path, weight in zip(both.paths, history[-1]):
        np.testing.assert_allclose(weight, parameters[path], rtol=1e-5, atol=1e-6)


def test_the_state_is_resumed_from_variables(both):
    gradients = both.given_gradients(4)
    straight, variables = optimizers.get(optax.adam(0.1)), both.lamina_variables()
    for row in gradients[:2]:
        straight.apply(row, variables)
    store = {}
    straight.save_own_variables(store)
    resumed, copies = optimizers.get(optax.adam(0.1)), [Variable(v.numpy(), name=v.name) for v in variables]
    for variable, twin in zip(variables, copies):
        twin.path = variable.path
    resumed.build(copies)
    resumed.load_own_variables(store)
    for row in gradients[2:]:
        straight.apply(row, variables)
        resumed.apply(row, copies)
    assert int(resumed.iterations) == 4
    for variable, twin in zip(variables, copies):
        np.testing.assert_array_equal(variable.numpy(), twin.numpy())


def test_arguments_of_every_optimizer(both):
    arguments = {"gradient_accumulation_steps": 2, "use_ema": True, "global_clipnorm": 0.5, "loss_scale_factor": 2.0}
    gradients = both.given_gradients(6)

    def given(step, weights):
        return gradients[step]

    ((ours, _),) = both.run_lamina(OptaxOptimizer(optax.sgd(0.1), **arguments), given, steps=6)
    ((expected, _),) = both.run_lamina(optimizers.SGD(0.1, **arguments), given, steps=6)
    for our, reference in zip(ours[-1], expected[-1]):
        np.testing.assert_allclose(our, reference, rtol=1e-6, atol=1e-7)


def test_missing_gradients_leave_a_variable_alone(both):
    optimizer, variables = optimizers.get(optax.adamw(0.1, weight_decay=0.5)), both.lamina_variables()
    optimizer.build(variables)
    before = variables[0].numpy()
    optimizer.apply([np.ones(2)], [variables[1]])
    np.testing.assert_array_equal(variables[0].numpy(), before)


def test_variables_of_one_name_are_told_apart():
    twins = [Variable([1.0], name="weight") for _ in range(2)]
    optimizers.get(optax.adam(0.5)).apply([np.ones(1), -np.ones(1)], twins)
    assert [round(float(twin[0]), 3) for twin in twins] == [0.5, 1.5]


def test_the_learning_rate(variable):
    fixed = optimizers.get(optax.sgd(0.5))
    fixed.build([variable])
    with pytest.raises(AttributeError, match="fixed inside of optax.*inject_hyperparams"):
        _ = fixed.learning_rate
    optimizer = optimizers.get(optax.inject_hyperparams(optax.sgd)(learning_rate=0.5))
    optimizer.build([variable])
    assert float(optimizer.learning_rate.value) == 0.5
    optimizer.learning_rate = 0.25
    optimizer.apply([[1.0, 1.0]], [variable])
    np.testing.assert_array_equal(variable.numpy(), [0.75, 1.75])


def make_transformation():
    return optax.sgd(0.5)


def test_a_function_can_be_described(variable):
    optimizer = OptaxOptimizer(make_transformation, clipvalue=0.5)
    described = optimizers.serialize(optimizer)
    assert described["module"] == "lamina.optimizers"
    with serialization.custom_object_scope({"make_transformation": make_transformation}):
        again = optimizers.deserialize(described)
    again.apply([[4.0, 0.0]], [variable])
    np.testing.assert_array_equal(variable.numpy(), [0.75, 2])
    assert again.clipvalue == 0.5


@pytest.mark.parametrize("transformation", [optax.adam(0.1), lambda: optax.adam(0.1)])
def test_training_is_resumed_from_a_file_with_the_transformation_passed_again(tmp_path, transformation):
    def trained(model):
        return model.fit(np.ones((4, 2)), np.zeros((4, 1)), verbose=0).history["loss"]

    model = lamina.Sequential([lamina.Input((2,)), lamina.layers.Dense(1)])
    model.compile(OptaxOptimizer(transformation), "mse")
    trained(model)
    path = tmp_path / "model.keras"
    model.save(path)
    with pytest.raises(ValueError, match=r"custom_objects=\{'optax_optimizer': optax.*compile=False"):
        lamina.saving.load_model(path)
    passed = lamina.saving.load_model(path, custom_objects={"optax_optimizer": transformation})
    again = lamina.saving.load_model(path, compile=False)
    again.compile(optax.adam(0.1), "mse")
    again.load_weights(path)
    other = lamina.saving.load_model(path, compile=False)
    other.compile(optax.sgd(0.1), "mse")
    with pytest.warns(UserWarning, match="the state of another optimizer"):
        other.load_weights(path)
    expected = [trained(model), trained(model)]
    for resumed in (passed, again):
        assert [trained(resumed), trained(resumed)] == expected


def test_what_is_no_transformation(variable):
    with pytest.raises(TypeError, match="must be an optax.GradientTransformation"):
        OptaxOptimizer(3)
    with pytest.raises(TypeError) as caught:
        optimizers.get(optax.contrib.reduce_on_plateau()).apply([[1.0, 1.0]], [variable])
    assert "no further arguments" in caught.value.__notes__[0]


def test_building_computes_nothing(variable):
    optimizer = optimizers.get(optax.adam(0.5))
    optimizer.build([variable])
    assert all(slot._array is None for slot in optimizer.variables[1:])
    arrays = [slot.array for slot in optimizer.variables] + [variable.array]
    assert len({array.unsafe_buffer_pointer() for array in arrays}) == len(arrays)
