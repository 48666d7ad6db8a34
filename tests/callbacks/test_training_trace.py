import numpy as np
import pytest

import lamina
from lamina.callbacks import TrainingTrace
from lamina.inspection.observations import observation
from lamina.layers import Dense

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(64, 5)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


@pytest.fixture(scope="module")
def traced():
    lamina.utils.set_random_seed(0)
    model = lamina.Sequential([lamina.Input((5,)), Dense(8, "relu"), Dense(4, "relu"), Dense(1, "sigmoid")])
    model.layers[1].set_weights([np.zeros((8, 4)), np.full(4, -1.0)])  # nothing gets through
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    trace = TrainingTrace(show=False)
    history = model.fit(X, Y, epochs=3, validation_split=0.25, callbacks=[trace], verbose=0)
    return model, trace, history


def test_epochs_are_noted(traced):
    _, trace, history = traced
    assert [epoch["loss"] for epoch in trace.epochs] == history.history["loss"]
    assert trace.observations[0] == "the start" and len(trace.observations) == 3
    assert history.trace is trace


def test_dead_layers_are_found(traced):
    _, trace, _ = traced
    first, second, last = trace.health[-1]
    assert (second.name, second.kind, second.dead, second.zeros) == ("dense_1", "Dense", 1.0, 1.0)
    assert first.gradient == second.gradient == 0 and first.finding == "gets no gradient: it can't learn"
    assert last.gradient > 0 and last.finding == ""


def test_gradients_are_those_of_the_loss(traced):
    import jax

    model, trace, _ = traced
    params, state, apply = lamina.functional(model)

    def loss(params):
        p = apply(params, state, X[:48])[0]
        return -(Y[:48] * jax.numpy.log(p) + (1 - Y[:48]) * jax.numpy.log(1 - p)).mean()

    gradients = [np.ravel(value) for path, value in jax.grad(loss)(params).items() if "dense_2" in path]
    expected = np.sqrt((np.concatenate(gradients) ** 2).mean())
    assert trace.health[-1][-1].gradient == pytest.approx(expected, rel=1e-4)


def test_it_is_shown_in_words(traced):
    text = str(traced[1])
    assert "observation" in text and "validation loss" in text and "the start" in text
    assert "dense_1 (Dense)" in text and "gets no gradient" in text and "healthy" in text
    html = traced[1]._repr_html_()
    assert "observation" in html and "gets no gradient" in html


def test_fit_adds_and_prints_it(capsys):
    model = lamina.Sequential([lamina.Input((5,)), Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(X, Y, epochs=2, verbose=0, trace=True)
    assert "Training trace" in capsys.readouterr().out
    assert len(history.trace.health) == 2
    own = TrainingTrace(rows=0, show=False)
    history = model.fit(X, Y, verbose=0, trace=True, callbacks=own)
    assert history.trace is own and own.health == [] and len(own.epochs) == 1


@pytest.mark.parametrize(
    "losses, validation, expected",
    [
        ([1.0], [], "the start"),
        ([1.0, 0.8], [], "learning"),
        ([1.0, 1.1], [], "a step back"),
        ([1.0, 2.0], [], "diverging"),
        ([1.0, 0.5, 0.6, 0.8, 1.1], [], "diverging"),
        ([1.0, float("nan")], [], "lost: the loss is not finite"),
        ([1.0, 0.2, 0.1, 0.0995, 0.0994, 0.0993], [], "converged"),
        ([1.0, 0.999, 0.9989, 0.9990, 0.9989], [], "plateau"),
        ([1.0, 0.5, 0.3, 0.2], [1.0, 0.6, 0.8, 1.1], "overfitting since epoch 3"),
        ([1.0, 0.5, 0.3, 0.2], [1.0, 0.6, 0.5, 0.4], "learning"),
    ],
)
def test_observations(losses, validation, expected):
    assert observation(losses, validation, len(losses) - 1) == expected


def test_rows_are_checked():
    with pytest.raises(ValueError, match="rows must be a whole number from 0 on"):
        TrainingTrace(rows=-1)
