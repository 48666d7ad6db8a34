import keras
import numpy as np
import pytest

from lamina import optimizers


def both_kinds(loss_scale_factor=None):
    made = []
    for library in (optimizers, keras.optimizers):
        chosen = library.OptimizerMap(library.SGD(0.5, momentum=0.9, use_ema=True, name="sgd"))
        chosen["dense/.*"] = library.Adam(0.1, name="adam")
        chosen["nothing"] = library.Adagrad(0.1, name="adagrad")
        made.append(library.MultiOptimizer(chosen, loss_scale_factor=loss_scale_factor, name="multi_optimizer"))
    return made


@pytest.mark.parametrize("factor", [None, 8.0])
def test_the_numbers_of_keras(both, factor):
    ours, theirs = both_kinds(factor)
    our_variables, their_variables = both.lamina_variables(), both.keras_variables()
    ours.build(our_variables)
    theirs.build(their_variables)
    assert [v.path for v in ours.variables] == [v.path for v in theirs.variables]
    assert ours.get_config() == theirs.get_config()
    assert optimizers.deserialize(optimizers.serialize(ours)).get_config() == ours.get_config()
    step, values = both.lamina_step(ours, our_variables)
    state, weights = [v.value for v in theirs.variables], [v.value for v in their_variables]
    for row in both.given_gradients(4):
        values = step(values, row)
        weights, state = theirs.stateless_apply(state, row, weights)
    for path, weight in zip(both.paths, weights):
        np.testing.assert_allclose(values[path], weight, rtol=1e-5, atol=1e-6)
    for variable, value in zip(ours.variables, state, strict=True):
        np.testing.assert_allclose(values[variable.path], value, rtol=1e-5, atol=1e-6)
    assert ours.scale_loss(2.0) == theirs.scale_loss(2.0) == 2 * (factor or 1)


def test_a_function_may_choose(both):
    made = {"dense": optimizers.SGD(0.5), "conv": optimizers.SGD(0.25)}
    optimizer = optimizers.MultiOptimizer(lambda variable: made[variable.path.split("/")[0]])
    assert optimizer.optimizers == []
    variables = both.lamina_variables()
    before = [variable.numpy() for variable in variables]
    optimizer.apply([np.ones(variable.shape) for variable in variables], variables)
    moved = [float((old - variable.numpy()).max()) for old, variable in zip(before, variables)]
    assert moved == pytest.approx([0.5, 0.5, 0.25])
    assert optimizer.optimizers == list(made.values())
    assert int(optimizer.iterations) == int(made["conv"].iterations) == 1
    # Two optimizers called "sgd" do not share a path.
    assert [v.path for v in optimizer.variables][2:] == [
        "sgd/iteration",
        "sgd/learning_rate",
        "sgd_1/iteration",
        "sgd_1/learning_rate",
    ]
    with pytest.warns(UserWarning, match="does not depend on dense/bias"):
        optimizer.apply([np.ones((3, 2)), None, None], variables)
    assert int(made["dense"].iterations) == 2 and int(made["conv"].iterations) == 1


def test_averages_at_the_end(both):
    optimizer, _ = both_kinds()
    variables = both.lamina_variables()
    for row in both.given_gradients(2):
        optimizer.apply(row, variables)
    sgd = optimizer.optimizers[-1]
    expected = sgd.averages[0].numpy()
    optimizer.finalize_variable_values(variables)
    np.testing.assert_array_equal(variables[2].numpy(), expected)


def test_weight_decay_is_excluded_everywhere(variable):
    optimizer = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(1.0, weight_decay=0.5)))
    optimizer.exclude_from_weight_decay(var_names=["weight"])
    optimizer.apply([np.zeros(2)], [variable])
    np.testing.assert_array_equal(variable.numpy(), [1, 2])
    with pytest.raises(ValueError, match="has not chosen any optimizer yet"):
        optimizers.MultiOptimizer(lambda v: None).exclude_from_weight_decay(var_names=["weight"])


def test_a_loss_scale_goes_around(variable):
    inner = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(1.0)))
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=2.0)
    optimizer.apply([[2.0, 2.0]], [variable])
    np.testing.assert_array_equal(variable.numpy(), [0, 1])
    wrong = optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.LossScaleOptimizer(optimizers.SGD())))
    with pytest.raises(TypeError, match="goes around the MultiOptimizer"):
        wrong.build([variable])


def test_it_has_no_learning_rate(variable):
    optimizer, _ = both_kinds()
    with pytest.raises(AttributeError, match="has no learning rate; see those of its optimizers"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="set those of its optimizers"):
        optimizer.learning_rate = 0.1
    with pytest.raises(TypeError, match="must be an OptimizerMap or a function"):
        optimizers.MultiOptimizer([optimizers.SGD()])
    with pytest.raises(TypeError, match="'weight' must be given a plain optimizer, got None"):
        optimizers.MultiOptimizer(lambda variable: None).build([variable])
    with pytest.raises(ValueError, match="no gradient for any variable"):
        optimizer.apply([None], [variable])


def test_optimizer_map(variable):
    sgd, adam = optimizers.SGD(), optimizers.Adam()
    chosen = optimizers.OptimizerMap(sgd, {"a.*": adam, "abc": sgd})
    assert chosen["abc"] is sgd and chosen["ab"] is adam and chosen["xab"] is sgd and chosen(variable) is sgd
    assert len(chosen) == 2 and list(chosen) == ["a.*", "abc"] and chosen.default_optimizer is sgd
    chosen[".*b"] = sgd
    with pytest.raises(ValueError, match="several patterns match 'ab'"):
        chosen["ab"]
    with pytest.raises(ValueError, match="'abc' has an optimizer already"):
        chosen["abc"] = adam
    with pytest.raises(ValueError, match="must be a string, got 3"):
        chosen[3] = adam
    with pytest.raises(ValueError, match="must be given an Optimizer, got 'adam'"):
        chosen["new"] = "adam"
    with pytest.raises(TypeError, match="default_optimizer must be an Optimizer"):
        optimizers.OptimizerMap("sgd")
