"""What an optimizer keeps and how it is written down: names, order, configurations, files."""

import copy
import re

import keras
import numpy as np
import pytest

from lamina import optimizers
from lamina.core.variable import Variable

CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"learning_rate": lambda schedules: schedules.ExponentialDecay(0.1, 10, 0.5)}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {"amsgrad": True, "clipnorm": 1.0}),
    ("Adam", {"use_ema": True, "ema_overwrite_frequency": 3, "gradient_accumulation_steps": 2}),
    ("AdamW", {}),
    ("Adadelta", {}),
    ("Adagrad", {"global_clipnorm": 1.0}),
    ("Adamax", {"loss_scale_factor": 2.0}),
    ("Nadam", {"use_ema": True}),
    ("Ftrl", {"clipvalue": 1.0}),
    ("Lion", {}),
    ("Lamb", {}),
    ("Adafactor", {"use_ema": True}),
    ("Muon", {}),
    ("Muon", {"exclude_layers": ["dense"], "exclude_embeddings": False}),
    ("ScheduleFreeAdamW", {"warmup_steps": 3}),
]
SHAPES = {"dense/kernel": (3, 2), "dense/bias": (2,), "embedding/embeddings": (4, 2), "conv/kernel": (2, 1, 3)}


def variables_of(kind):
    variables = []
    for path, shape in SHAPES.items():
        variable = kind(np.ones(shape, "float32"), name=path.split("/")[1])
        setattr(variable, "_path" if kind is keras.Variable else "path", path)
        variables.append(variable)
    return variables


@pytest.mark.parametrize("name, arguments", CASES, ids=lambda part: re.sub(" at 0x[0-9a-f]+", "", str(part)))
def test_variables_and_configuration_are_those_of_keras(both, name, arguments):
    ours, theirs = both.same_in_both(name, arguments)
    ours.build(variables_of(Variable))
    theirs.build(variables_of(keras.Variable))
    assert [v.shape for v in ours.variables] == [v.shape for v in theirs.variables]
    assert [v.dtype for v in ours.variables] == [v.dtype for v in theirs.variables]
    # Keras numbers the one that it gives no name; its learning rate etc. are "iteration", "learning_rate", ...
    assert [v.name for v in ours.variables] == [v.name.rstrip("_0123456789") for v in theirs.variables]
    assert len({v.path for v in ours.variables}) == len(ours.variables)
    assert ours.get_config() == theirs.get_config()
    assert optimizers.serialize(ours) == keras.optimizers.serialize(theirs)
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()


@pytest.mark.parametrize("name", ["SGD", "Adam", "Nadam", "Adafactor"])
def test_keras_resumes_where_lamina_stopped(both, name):
    gradients = both.given_gradients(3)
    ours, theirs = both.same_in_both(name, {"learning_rate": 0.1})
    our_variables, their_variables = both.lamina_variables(), both.keras_variables()
    for row in gradients[:2]:
        ours.apply(row, our_variables)
    store = {}
    ours.save_own_variables(store)
    theirs.build(their_variables)
    theirs.load_own_variables(store)
    resumed = type(ours)(0.5)
    resumed.build(our_variables)
    resumed.load_own_variables(store)
    assert float(resumed.learning_rate.value) == pytest.approx(0.1)
    for our, their in zip(our_variables, their_variables):
        their.assign(our.value)
    resumed.apply(gradients[2], our_variables)
    theirs.apply(gradients[2], their_variables)
    for our, their in zip(our_variables, their_variables):
        np.testing.assert_allclose(our.numpy(), their.numpy(), rtol=1e-5, atol=1e-6)


def test_a_state_of_another_size_is_refused_with_a_warning(variable):
    optimizer = optimizers.Adam()
    optimizer.build([variable])
    with pytest.warns(UserWarning, match="it has 4 variables, the file 2"):
        optimizer.load_own_variables({"0": 3, "1": 0.5})
    assert int(optimizer.iterations) == 0


def test_set_weights(variable):
    optimizer = optimizers.SGD(momentum=0.9)
    with pytest.raises(ValueError, match="is not built"):
        optimizer.set_weights([1])
    optimizer.build([variable])
    optimizer.set_weights([5, 0.5, [1.0, 2.0]])
    assert int(optimizer.iterations) == 5
    np.testing.assert_array_equal(optimizer.variables[2].numpy(), [1, 2])
    with pytest.raises(ValueError, match="has 3 variables, got 1 arrays"):
        optimizer.set_weights([1])


def test_building_computes_nothing_and_slots_share_no_array(variable):
    optimizer = optimizers.Adam(use_ema=True, amsgrad=True)
    optimizer.build([variable])
    assert all(slot._array is None for slot in optimizer.variables[2:])
    arrays = [slot.array for slot in optimizer.variables] + [variable.array]
    assert len({array.unsafe_buffer_pointer() for array in arrays}) == len(arrays)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Nadam", "Lamb", "Adafactor", "Muon"])
def test_half_precision_weights_have_slots_of_their_dtype_and_learn(both, name, dtype):
    optimizer, variables = getattr(optimizers, name)(0.01), both.lamina_variables(dtype)
    before = [v.numpy().astype("float32") for v in variables]
    optimizer.build(variables)
    assert {slot.dtype for slot in optimizer.variables[2:]} <= {dtype, "int32"}
    step, values = both.lamina_step(optimizer, variables)
    for row in both.given_gradients(3):
        values = step(values, row)
    for path, old in zip(both.paths, before):
        assert values[path].dtype == dtype
        assert np.isfinite(values[path].astype("float32")).all()
        assert (np.asarray(values[path], "float32") != old).any()


def test_a_copy_has_a_state_of_its_own(variable):
    optimizer = optimizers.SGD(0.5, momentum=0.9)
    optimizer.exclude_from_weight_decay([variable])
    optimizer.build([variable])
    twin, its_variable = copy.deepcopy((optimizer, variable))
    twin.apply([[1.0, 1.0]], [its_variable])
    assert int(twin.iterations) == 1 and int(optimizer.iterations) == 0
    np.testing.assert_array_equal(variable.numpy(), [1, 2])
    np.testing.assert_array_equal(its_variable.numpy(), [0.5, 1.5])
    assert twin._is_undecayed(its_variable) and optimizer._is_undecayed(variable)


def test_stateless_apply_changes_nothing(variable):
    optimizer = optimizers.SGD(0.5, momentum=0.5)
    with pytest.raises(ValueError, match="is not built"):
        optimizer.stateless_apply([], [], [])
    optimizer.build([variable])
    state = [slot.value for slot in optimizer.variables]
    weights, state = optimizer.stateless_apply(state, [np.ones(2)], [variable.value])
    np.testing.assert_array_equal(weights[0], [0.5, 1.5])
    assert int(state[0]) == 1
    assert int(optimizer.iterations) == 0
    np.testing.assert_array_equal(variable.numpy(), [1, 2])
    with pytest.raises(ValueError, match="1 trainable variables and 3 of its own, got 2 and 3 values"):
        optimizer.stateless_apply(state, [np.ones(2)], [variable.value, variable.value])


KERAS_2 = {
    "name": "Adam",
    "learning_rate": 0.5,
    "decay": 0.0,
    "beta_1": 0.8,
    "beta_2": 0.99,
    "epsilon": 1e-3,
    "amsgrad": False,
    "jit_compile": True,
    "is_legacy_optimizer": False,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": 100,
}


@pytest.mark.parametrize("class_name", ["Adam", "adam", "Custom>Adam"])
def test_configurations_that_keras_2_wrote(class_name):
    optimizer = optimizers.deserialize({"class_name": class_name, "config": KERAS_2})
    assert type(optimizer) is optimizers.Adam
    assert (optimizer.beta_1, optimizer.epsilon) == (0.8, 1e-3)
    decaying = optimizers.SGD.from_config({"lr": 0.5, "decay": 0.1, "momentum": 0.9})
    decaying.build([Variable(1.0)])
    decaying.set_weights([10, 0.0])
    assert float(decaying.learning_rate) == pytest.approx(0.25)
    scheduled = {
        "class_name": "ExponentialDecay",
        "config": {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 1},
    }
    assert float(optimizers.SGD.from_config({"learning_rate": scheduled}).learning_rate) == pytest.approx(0.1)
