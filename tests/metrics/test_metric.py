"""The base class: custom metrics, metrics inside metrics, stateless calls, state that is made late."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import metrics
from lamina.core.functional import pure
from lamina.metrics.metric import declare_variables


class Bias(metrics.Metric):
    """As a Keras user writes it."""

    def __init__(self, name="bias", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable(shape=(), initializer="zeros", name="total")
        self.count = self.add_weight(name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        difference = jnp.asarray(y_pred) - jnp.asarray(y_true)
        self.total.assign(self.total + difference.sum())
        self.count.assign_add(difference.size)

    def result(self):
        return {"mean": self.total / self.count, "sum": self.total.value}


class Late(metrics.Metric):
    def update_state(self, values):
        if not self.variables:
            self.sums = self.add_variable(values.shape[1:], "ones", name="sums")
        self.sums.assign_add(jnp.asarray(values).sum(axis=0))

    def result(self):
        return self.sums.value


def test_a_custom_metric_works_unchanged():
    bias = Bias()
    assert [variable.path for variable in bias.variables] == ["bias/total", "bias/count"]
    assert not any(variable.trainable for variable in bias.variables)
    assert bias([1.0, 2.0], [2.0, 5.0]) == {"mean": 2.0, "sum": 4.0}
    bias.reset_state()
    assert float(bias.count) == 0.0
    assert bias.get_config() == {"name": "bias", "dtype": "float32"}
    assert Bias.from_config({"name": "other", "dtype": "float16"}).dtype == "float16"
    assert repr(bias) == "<Bias name=bias>"


def test_names_come_from_the_class():
    assert (metrics.AUC().name, metrics.F1Score().name, metrics.BinaryIoU().name) == ("auc", "f1_score", "binary_io_u")
    assert (Late().name, Late(name="mine").name) == ("late", "mine")


def test_metrics_inside_metrics_are_part_of_the_state():
    class Spread(metrics.Metric):
        def __init__(self):
            super().__init__(name="spread")
            self.low, self.parts = metrics.Mean(name="low"), [metrics.Sum(name="high")]
            self.own = self.add_variable((2,), lambda shape, dtype: np.ones(shape, dtype), name="own")
            self.held = lamina.core.variable.Variable(1.0, name="held")

    spread = Spread()
    assert [variable.path for variable in spread.variables] == [
        "spread/own",
        "held",
        "low/total",
        "low/count",
        "high/total",
    ]
    np.testing.assert_array_equal(spread.own.value, [1, 1])


def test_stateless_calls_leave_the_state_alone():
    mean = metrics.Mean()
    values = mean.stateless_update_state([np.float32(1), np.float32(1)], [2.0, 3.0], sample_weight=[1.0, 2.0])
    assert [float(value) for value in values] == [9.0, 4.0]
    assert float(mean.stateless_result(values)) == 2.25
    assert [float(value) for value in mean.stateless_reset_state()] == [0.0, 0.0]
    assert float(mean.count) == 0.0
    with pytest.raises(ValueError, match=r"'mean' has 2 variables \(total, count\), but 1 values"):
        mean.stateless_result([0.0])


def test_state_that_the_first_batch_makes_can_be_declared_before():
    late = Late(name="late")
    declare_variables(late, jax.ShapeDtypeStruct((4, 3), "float32"))
    assert [(variable.path, variable.shape) for variable in late.variables] == [("late/sums", (3,))]
    variables = {variable.path: variable for variable in late.variables}
    values = {path: variable.value for path, variable in variables.items()}
    _, effects = jax.jit(pure(late.update_state, variables))(values, np.full((4, 3), 2.0, "float32"))
    np.testing.assert_array_equal(effects.values["late/sums"], [9, 9, 9])
    np.testing.assert_array_equal(late.result(), [1, 1, 1])


@pytest.mark.parametrize("metric", [metrics.AUC(multi_label=True), metrics.F1Score(), metrics.R2Score()])
def test_without_data_such_metrics_say_so(metric):
    metric.reset_state()
    with pytest.raises(ValueError, match="has seen no data yet"):
        metric.result()


def test_forgetting_the_base_constructor_is_explained():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_variable((), "zeros")

    with pytest.raises(RuntimeError, match=r"must call super\(\).__init__\(\)"):
        Forgetful()
    with pytest.raises(NotImplementedError, match="Metric must define `update_state"):
        metrics.Metric().update_state()
    with pytest.raises(NotImplementedError, match="Metric must define `result"):
        metrics.Metric().result()


def test_counts_stay_exact_beyond_what_half_precision_holds():
    mean = metrics.Mean(dtype="bfloat16")
    for _ in range(3):
        mean.update_state(np.ones(1000))
    assert (float(mean.count), float(mean.result())) == (3000.0, 1.0)


@pytest.mark.parametrize(
    ("values", "weights", "total", "count"),
    [
        ((3, 2), None, 3, 3),
        ((3, 2), (), 1, 1),
        ((3, 2), (3,), 3, 3),
        ((3, 2), (3, 1), 3, 3),
        ((3, 2), (3, 2), 3, 3),
        ((3,), (3, 1), 3, 3),
        ((3, 3), (3,), 3, 3),
        ((), None, 1, 1),
        ((0,), None, 0, 0),
    ],
)
def test_a_sample_counts_once_however_many_values_it_has(values, weights, total, count):
    mean = metrics.Mean()
    mean.update_state(np.ones(values), None if weights is None else np.ones(weights))
    assert (float(mean.total), float(mean.count)) == (total, count)


@pytest.mark.parametrize("shape", [(2,), (3, 4), (3, 2, 2)])
def test_weights_that_fit_nothing_are_refused(shape):
    for metric in (metrics.Mean(), metrics.Sum()):
        with pytest.raises(
            ValueError, match=rf"'{metric.name}' was given sample weights of shape .*values of shape \(3, 2\)"
        ):
            metric.update_state(np.ones((3, 2)), np.ones(shape))
    for metric in (metrics.AUC(), metrics.Precision(), metrics.F1Score(threshold=0.5), metrics.R2Score()):
        with pytest.raises(ValueError, match=rf"'{metric.name}' was given sample weights of shape"):
            metric.update_state(np.ones((3, 2)), np.ones((3, 2)), np.ones(shape))


def test_lists_numpy_and_jax_arrays_are_all_taken():
    for kind in (list, np.asarray, jnp.asarray):
        assert float(metrics.MeanSquaredError()(kind([[0.0], [1.0]]), kind([[1.0], [3.0]]))) == 2.5
        assert float(metrics.AUC()(kind([0, 1]), kind([0.2, 0.7]))) == 1.0
