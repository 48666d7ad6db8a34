import io
import warnings

import numpy as np
import optax
import pytest
import rich.console

import lamina
from lamina import layers, optimizers
from lamina.tuning import lr_find

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 4)).astype("float32")
Y = (X @ [1.0, -2.0, 0.5, 3.0])[:, None].astype("float32")


def compiled(optimizer="sgd", rate=0.01):
    model = lamina.Sequential([lamina.Input((4,)), layers.Dense(8, "relu"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile(optimizers.SGD(rate, momentum=0.9) if optimizer == "sgd" else optimizer, "mse", metrics=["mae"])
    return model


def everything(model):
    variables = [*model.variables, *model.optimizer.variables, *(v for m in model.metrics for v in m.variables)]
    return [variable.numpy() for variable in variables]


@pytest.fixture(scope="module")
def found():
    lamina.utils.set_random_seed(0)
    model = compiled()
    model.fit(X, Y, epochs=1, verbose=0)
    before = everything(model)
    result = lr_find(model, X, Y, batch_size=16, steps=60)
    return model, before, result


def test_nothing_is_changed(found):
    model, before, _ = found
    for value, now in zip(before, everything(model), strict=True):
        np.testing.assert_array_equal(value, now)
    assert float(model.optimizer.learning_rate) == np.float32(0.01)


def test_training_goes_on_as_if_nothing_had_happened(found):
    lamina.utils.set_random_seed(0)
    other = compiled()
    other.fit(X, Y, epochs=1, verbose=0)
    expected = other.fit(X, Y, epochs=1, verbose=0).history
    lamina.utils.set_random_seed(0)
    model = compiled()
    model.fit(X, Y, epochs=1, verbose=0)
    lr_find(model, X, Y, batch_size=16, steps=10)
    assert model.fit(X, Y, epochs=1, verbose=0).history == expected


def test_the_curve(found):
    *_, result = found
    assert len(result.rates) == len(result.losses) == len(result.smoothed) < 60  # it ended when the loss grew
    np.testing.assert_allclose(np.diff(np.log(result.rates)), np.log(1e8) / 59, rtol=1e-3)
    mean, expected = 0.0, []
    for step, loss in enumerate(result.losses, start=1):
        mean = 0.9 * mean + 0.1 * loss
        expected.append(mean / (1 - 0.9**step))
    np.testing.assert_allclose(result.smoothed, expected, rtol=1e-4)
    assert 1e-4 < result.suggestion < 1
    assert result.rates[result.steepest] == np.float32(result.suggestion) < result.rates[result.lowest]


def test_it_is_shown_and_saved(found, tmp_path):
    *_, result = found
    console = rich.console.Console(record=True, width=70, file=io.StringIO())
    console.print(result)
    text = console.export_text()
    assert "learning rate 1.0e-07 to" in text and f"Suggested learning rate: {result.suggestion:.2g}" in text
    result.save(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_schedule_stays_one():
    schedule = optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = compiled(optimizers.Adam(schedule))
    assert len(lr_find(model, X[:40], Y[:40], steps=12, end_rate=1e-3).rates) == 12
    assert model.optimizer.get_config()["learning_rate"]["config"]["initial_learning_rate"] == 0.1
    assert float(model.optimizer.learning_rate) == np.float32(0.1)


def test_optax_with_an_exposed_rate():
    model = compiled(optimizers.OptaxOptimizer(optax.inject_hyperparams(optax.sgd)(learning_rate=0.1)))
    lr_find(model, X, Y, steps=10)
    assert float(model.optimizer.learning_rate) == np.float32(0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_rate": 0}, "0 < start_rate < end_rate, got 0 and 10.0"),
        ({"steps": 3}, "steps must be a whole number from 10 on, got 3"),
        ({"smoothing": 1}, r"smoothing must be in \[0, 1\), got 1"),
        ({"x": iter([])}, "takes arrays, got a stream"),
        ({"x": X * np.nan}, "not finite at the first step"),
        ({"model": lamina.Sequential([layers.Dense(1)])}, "needs a compiled model"),
        ({"model": compiled(optax.sgd(0.1))}, "no single learning rate"),
    ],
)
def test_wrong_arguments(arguments, message):
    given = {"model": compiled(), "x": X, "y": Y, **arguments}
    with warnings.catch_warnings(), pytest.raises(ValueError, match=message):
        warnings.simplefilter("ignore", UserWarning)
        lr_find(given.pop("model"), given.pop("x"), given.pop("y"), **given)


def test_labels_are_checked_as_in_fit():
    model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="y_true holds 2"):
        lr_find(model, np.zeros((8, 3)), np.full(8, 2))


def test_a_loss_that_never_falls_gives_no_suggestion():
    model = lamina.Sequential([lamina.Input((4,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    result = lr_find(model, X, 0 * Y, steps=10)
    assert result.suggestion is None and "never fell" in str(result)
