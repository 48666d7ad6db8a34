"""The base class: errors, accumulation, averages, weight decay, constraints, and optimizers of one's own."""

import keras
import numpy as np
import pytest

from lamina import optimizers
from lamina.core.variable import Variable
from lamina.optimizers import Adam, Optimizer


def weights(*values):
    return [Variable(np.asarray(value, "float32"), name=f"weight_{index}") for index, value in enumerate(values)]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Adam(beta_1=1.0), r"Adam: beta_1 must be a number in \[0, 1\), got 1.0"),
        (lambda: Adam(beta_2=-0.1), "beta_2"),
        (lambda: Adam(epsilon=-1.0), "epsilon must be a number that is not negative"),
        (lambda: optimizers.AdamW(beta_1=2), "AdamW: beta_1"),
        (lambda: optimizers.AdamW(weight_decay=None), "use Adam"),
        (lambda: optimizers.SGD(momentum=1.5), r"momentum must be a number in \[0, 1\]"),
        (lambda: optimizers.RMSprop(rho=1.0), "rho"),
        (lambda: optimizers.Adadelta(rho=-1), "rho"),
        (lambda: optimizers.Adagrad(initial_accumulator_value=-1.0), "initial_accumulator_value"),
        (lambda: optimizers.Adafactor(beta_2_decay=0.8), "beta_2_decay must be negative"),
        (lambda: optimizers.Adafactor(clip_threshold=0), "clip_threshold must be a positive number"),
        (lambda: optimizers.Ftrl(learning_rate_power=0.5), "learning_rate_power must not be positive"),
        (lambda: optimizers.Ftrl(l1_regularization_strength=-1), "l1_regularization_strength"),
        (lambda: optimizers.Lion(beta_2=1), "beta_2"),
        (lambda: optimizers.Muon(exclude_layers="dense"), "must be a list of patterns"),
        (lambda: optimizers.Muon(ns_steps=2.5), "ns_steps must be a whole number of at least 0"),
        (lambda: optimizers.ScheduleFreeAdamW(beta_1=0.0), "beta_1 must be a positive number"),
        (lambda: Adam(clipnorm=1.0, clipvalue=0.5), "only one of .* got clipnorm=1.0 and clipvalue=0.5"),
        (lambda: Adam(clipnorm=0), "clipnorm must be a positive number, got 0"),
        (lambda: Adam(global_clipnorm="1"), "global_clipnorm"),
        (lambda: Adam(weight_decay=-0.1), "weight_decay"),
        (lambda: Adam(loss_scale_factor=0.0), "loss_scale_factor"),
        (lambda: Adam(use_ema=True, ema_momentum=1.1), "ema_momentum"),
        (lambda: Adam(ema_overwrite_frequency=3), "needs use_ema=True"),
        (lambda: Adam(use_ema=True, ema_overwrite_frequency=0), "ema_overwrite_frequency must be a whole number"),
        (
            lambda: Adam(gradient_accumulation_steps=1),
            "gradient_accumulation_steps must be a whole number of at least 2",
        ),
        (lambda: Adam(beta1=0.9), r"does not know the arguments \['beta1'\]. .*Did you mean 'beta_1'"),
        (lambda: Adam(momentum=0.9), "momentum"),
        (lambda: Adam(name="a/b"), "without '/'"),
    ],
)
def test_arguments_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_gradients_that_do_not_fit_the_variables():
    a, b = weights([1.0, 2.0], [3.0])
    optimizer = optimizers.SGD(0.5)
    with pytest.raises(ValueError, match="is not built: call build"):
        optimizer.apply([np.ones(2)])
    optimizer.build([a, b])
    with pytest.raises(ValueError, match="got 1 gradients for 2 variables"):
        optimizer.apply([np.ones(2)])
    with pytest.raises(ValueError, match=r"gradient of variable 'weight_1' must have its shape \(1,\), got \(2,\)"):
        optimizer.apply([np.ones(2), np.ones(2)])
    with pytest.raises(ValueError, match="built for other variables than 'weight_0'"):
        optimizer.apply([np.ones(2)], weights([1.0, 2.0]))
    with pytest.raises(ValueError, match="no gradient for any variable .weight_0, weight_1."):
        optimizer.apply([None, None])
    with pytest.raises(TypeError, match="expects a list of lamina.Variable, got int"):
        optimizers.SGD().build([3])
    with pytest.raises(NotImplementedError, match="must have update_step"):
        Optimizer(0.1).apply([np.ones(2)], [a])
    assert int(optimizer.iterations) == 0
    np.testing.assert_array_equal(a.numpy(), [1, 2])


def test_missing_gradients_and_subsets():
    a, b = weights([1.0, 2.0], [3.0])
    optimizer = optimizers.SGD(0.5)
    optimizer.build([a, b])
    with pytest.warns(UserWarning, match="does not depend on weight_0: no gradient, no step"):
        optimizer.apply([None, np.ones(1)])
    assert int(optimizer.apply_gradients([(np.ones(1), b)])) == 2
    optimizer.apply([])
    np.testing.assert_array_equal(a.numpy(), [1, 2])
    np.testing.assert_array_equal(b.numpy(), [2])
    assert int(optimizer.iterations) == 2


@pytest.mark.parametrize("accumulate", [None, 3])
def test_values_that_overwrite_a_variable(accumulate):
    def run(kind, optimizer):
        scale, weight = (kind(np.ones(1, "float32"), name=name) for name in ("scale", "weight"))
        scale.overwrite_with_gradient = True
        values = []
        for gradient in (5.0, -3.0, 2.0, -1.0, -4.0, -2.0):
            optimizer.apply([np.full(1, gradient, "float32"), np.ones(1, "float32")], [scale, weight])
            values.append([float(np.asarray(scale.value)[0]), float(np.asarray(weight.value)[0])])
        return values, [variable.shape for variable in optimizer.variables]

    arguments = {
        "momentum": 0.5,
        "use_ema": True,
        "loss_scale_factor": 2.0,
        "gradient_accumulation_steps": accumulate,
        "weight_decay": 0.1,
    }
    ours = run(Variable, optimizers.SGD(0.5, **arguments))
    theirs = run(keras.Variable, keras.optimizers.SGD(0.5, **arguments))
    assert ours[1] == theirs[1]
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)


def test_exclusions_from_weight_decay():
    variables = weights(*[[1.0]] * 4)
    for variable, name in zip(variables, ("bias", "kernel", "gamma", "other")):
        variable.name = name
    optimizer = optimizers.SGD(1.0, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bi.s", "amm"], var_list=[variables[1]])
    optimizer.apply([np.zeros(1)] * 4, variables)
    assert [float(variable[0]) for variable in variables] == pytest.approx([1, 1, 1, 0.9])
    assert optimizer.variables[2:] == []
    with pytest.raises(ValueError, match="is built already"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


def test_a_constraint_holds_after_each_step(variable):
    variable.constraint = lambda value: value.clip(0, None)
    optimizer = optimizers.SGD(1.0)
    optimizer.apply([np.array([3.0, 1.0])], [variable])
    np.testing.assert_array_equal(variable.numpy(), [0, 1])


def test_averages_replace_the_variables_at_the_end():
    (weight, unused) = weights([4.0], [7.0])
    optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    optimizer.build([weight, unused])
    for _ in range(3):
        optimizer.apply_gradients([(np.ones(1), weight)])
    assert float(weight[0]) == 1
    optimizer.finalize_variable_values([weight, unused])
    assert float(weight[0]) == 1.75
    assert float(unused[0]) == 7  # in Keras it would be zero: its average never started
    plain = optimizers.SGD(1.0)
    plain.build([weight])
    plain.finalize_variable_values([weight])
    assert float(weight[0]) == 1.75


def test_scale_loss():
    assert optimizers.SGD(loss_scale_factor=3.0).scale_loss(2.0) == 6.0
    assert optimizers.SGD().scale_loss(2.0) == 2.0


class MyMomentum(Optimizer):
    """As the documentation of Keras shows it."""

    def __init__(self, learning_rate=0.01, momentum=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(self.add_variable_from_reference(reference_variable=variable, name="momentum"))
        self.calls = Variable(0, dtype="int32", trainable=False, name="calls")

    def update_step(self, gradient, variable, learning_rate):
        slot = self.momentums[self._get_variable_index(variable)]
        self.assign(slot, slot * self.momentum - gradient * learning_rate)
        self.assign_add(variable, slot)
        self.assign_add(self.calls, 1)


@pytest.mark.parametrize("arguments", [{}, {"gradient_accumulation_steps": 2, "clipnorm": 1.0, "use_ema": True}])
def test_an_optimizer_of_ones_own(both, arguments):
    gradients = both.given_gradients(6)
    mine = MyMomentum(0.1, **arguments)
    ((expected, _),) = both.run_lamina(
        optimizers.SGD(0.1, momentum=0.9, **arguments), lambda step, weights: gradients[step], steps=6
    )
    (((history, state)),) = both.run_lamina(mine, lambda step, weights: gradients[step], steps=6)
    for our, reference in zip(history[-1], expected[-1]):
        np.testing.assert_allclose(our, reference, rtol=1e-5, atol=1e-6)
    assert mine.variables[-1] is mine.calls
    assert int(state[-1]) == len(both.paths) * (3 if arguments else 6)
    assert mine.get_config()["momentum"] == 0.9
    again = optimizers.deserialize(optimizers.serialize(mine), custom_objects={"MyMomentum": MyMomentum})
    assert again.get_config() == mine.get_config()


def test_the_configuration_of_an_optimizer_of_ones_own():
    class Forgetful(Optimizer):
        def __init__(self, speed, **kwargs):
            super().__init__(learning_rate=speed, **kwargs)

    class Careful(Forgetful):
        def get_config(self):
            return {**super().get_config(), "speed": 3}

    with pytest.raises(NotImplementedError, match="argument 'speed' is kept in no attribute"):
        Forgetful(3).get_config()
    assert Careful(3).get_config()["speed"] == 3


def test_a_variable_made_outside_of_build_may_not_be_assigned_in_an_accumulated_step(both, variable):
    counter = Variable(0.0)

    class Counting(optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            super().update_step(gradient, variable, learning_rate)
            counter.assign(counter.value + 1)

    optimizer = Counting(0.1, gradient_accumulation_steps=2)
    optimizer.build([variable])
    step, values = both.lamina_step(optimizer, [variable])
    with pytest.raises(ValueError, match="neither the model's nor its own"):
        step(values, [np.ones(2)])


def test_slots_by_name_and_initializer(variable):
    optimizer = optimizers.SGD(0.1)
    optimizer.build([variable])
    first, second = optimizer.add_optimizer_variables([variable], ["one", "two"], ["ones", "zeros"])
    np.testing.assert_array_equal(first[0].numpy(), [1, 1])
    np.testing.assert_array_equal(second[0].numpy(), [0, 0])
    assert optimizer.add_variable_from_reference(variable).name == "weight_var"
    assert optimizer.add_variable((2,), dtype="int32").path == "sgd/variable"
    assert optimizer.add_variable((2,), dtype="int32").path == "sgd/variable_1"
    with pytest.raises(ValueError, match="2 names need as many initializers, got 1"):
        optimizer.add_optimizer_variables([variable], ["one", "two"], ["ones"])
    with pytest.raises(ValueError, match="layout must be None"):
        optimizer.add_variable((2,), layout="rows")
    with pytest.raises(ValueError, match="needs an initializer"):
        optimizer.add_variable((2,), initializer=None)


def test_muons_orthogonal_matrices_are_those_of_keras():
    matrix = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    ours, theirs = optimizers.Muon(), keras.optimizers.Muon()
    for x in (matrix[0], matrix[0].T):
        orthogonal = ours.zeropower_via_newtonschulz5(x, 5)
        np.testing.assert_allclose(orthogonal, theirs.zeropower_via_newtonschulz5(x, 5), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(np.linalg.svd(orthogonal)[1], np.ones(3), atol=0.35)
    np.testing.assert_allclose(ours.lr_adjust(matrix[0]), theirs.lr_adjust(matrix[0]), rtol=1e-6)
    assert ours.transpose_last_axis(matrix).shape == (2, 3, 5)
