"""Callbacks at every batch: steps may be run ahead of the hooks, and nobody can tell."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import lamina as keras
from lamina.training.packing import Packing
from lamina.training.watched import WatchedProgram

generator = np.random.default_rng(0)
X = generator.normal(size=(50, 3)).astype("float32")
Y = generator.normal(size=(50, 1)).astype("float32")
EPOCHS, STEPS = 4, 13  # the last step of an epoch has two rows


class Follower(keras.callbacks.Callback):
    """Keeps all logs; looks at the weights at some batches, by count."""

    def __init__(self, looks_at=()):
        super().__init__()
        self.looks_at, self.logs, self.weights, self.begun = set(looks_at), [], {}, []

    def on_train_batch_begin(self, batch, logs=None):
        self.begun.append(batch)

    def on_train_batch_end(self, batch, logs=None):
        self.logs.append((batch, dict(logs)))
        if len(self.logs) in self.looks_at:
            self.weights[len(self.logs)] = self.model.get_weights()
            assert int(self.model.optimizer.iterations) == len(self.logs)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.fixture
def train(model):
    model.optimizer.build(model.trainable_variables)
    variables = [*model.weights, *model.optimizer.variables]
    start = [variable.numpy() for variable in variables]

    def train(*callbacks, epochs=EPOCHS, x=X, **arguments):
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        keras.utils.set_random_seed(1)
        return model.fit(x, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=list(callbacks), **arguments)

    yield train
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)


def same(first, second):
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.fixture
def every_batch(train):
    """A run whose callback looks at everything at every batch, so that nothing is run ahead."""
    watch = Follower(range(1, EPOCHS * STEPS + 1))
    train(watch)
    return watch


def test_hooks_come_for_every_batch_with_their_own_logs(train, model, every_batch):
    follower = Follower()
    train(follower)
    assert follower.begun == [batch for batch, _ in follower.logs] == EPOCHS * list(range(STEPS))
    assert follower.logs == every_batch.logs
    assert all(type(value) is float for _, logs in follower.logs for value in logs.values())
    assert same(model.get_weights(), every_batch.weights[EPOCHS * STEPS])


def test_a_run_that_is_followed_ends_as_one_that_is_not(train, model, every_batch):
    history = train().history
    assert same(model.get_weights(), every_batch.weights[EPOCHS * STEPS])
    assert history["loss"] == [every_batch.logs[STEPS * number - 1][1]["loss"] for number in range(1, EPOCHS + 1)]


@pytest.mark.parametrize("looks_at", [(1, 2), (5, 19, 20, 45), (13, 26), (52,)])
def test_whoever_looks_sees_the_state_behind_his_batch(train, model, every_batch, looks_at):
    follower = Follower(looks_at)
    train(follower)
    for count in looks_at:
        assert same(follower.weights[count], every_batch.weights[count]), count
    assert follower.logs == every_batch.logs
    assert same(model.get_weights(), every_batch.weights[EPOCHS * STEPS])


@pytest.mark.parametrize("count", [1, 7, 31])
def test_training_stops_at_the_batch(train, model, every_batch, count):
    class Stopper(Follower):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            self.model.stop_training = len(self.logs) == count

    stopper = Stopper()
    train(stopper)
    assert len(stopper.logs) == count
    assert same(model.get_weights(), every_batch.weights[count])


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("hook", ["on_train_batch_begin", "on_train_batch_end"])
def test_an_error_in_a_hook_leaves_the_state_of_then(train, model, every_batch, error, hook):
    class Failing(keras.callbacks.Callback):
        calls = 0

        def fail(self, batch, logs=None):
            self.calls += 1
            if self.calls == 20:
                raise error

    failing = Failing()
    setattr(failing, hook, failing.fail)
    with pytest.raises(error):
        train(failing)
    assert same(model.get_weights(), every_batch.weights[20 if hook.endswith("end") else 19])


def test_what_a_hook_assigns_holds_from_the_next_step_on(train, model):
    def run(first, *others):
        class Meddler(keras.callbacks.Callback):
            def on_train_batch_begin(self, batch, logs=None):
                if batch == 5:
                    self.model.layers[0].kernel.assign(np.full((3, 4), 0.5))

            def on_train_batch_end(self, batch, logs=None):
                if batch == first:
                    self.model.optimizer.learning_rate = 0.1

        train(Meddler(), *others)
        return model.get_weights()

    assert same(run(7), run(7, Follower(range(100))))
    assert not same(run(7), run(8))


def test_a_copy_and_a_swap_see_the_state(train, every_batch):
    copies = []

    class Copier(keras.callbacks.Callback):
        seen = 0

        def on_train_batch_end(self, batch, logs=None):
            self.seen += 1
            if self.seen == 22:
                copies.append(copy.deepcopy(self.model.layers[0].kernel))

    train(Copier())
    assert np.array_equal(copies[0], every_batch.weights[22][0])


def test_a_loss_that_is_not_finite_is_reported_where_it_was(train):
    x = X.copy()
    x[21] = np.nan
    follower, reports = Follower(), []

    class Reported(keras.callbacks.Callback):
        def on_invalid_loss(self, batch, report):
            reports.append((batch, report))

    with pytest.warns(UserWarning, match="x holds NaN"):
        train(follower, Reported(), x=x, epochs=2, shuffle=False)
    [(batch, report)] = reports
    assert batch == 5
    assert "epoch 1, step 6" in report and "row 21" in report
    assert len(follower.logs) == len(follower.begun) == 2 * STEPS
    assert [np.isfinite(logs["loss"]) for _, logs in follower.logs[:STEPS]] == 5 * [True] + 8 * [False]


def test_hooks_of_evaluation(train, model):
    seen = []

    class Watcher(keras.callbacks.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            seen.append(batch)

        def on_test_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"], float(self.model.metrics[0].result()) if batch % 5 == 2 else None))

    train(epochs=1)
    results = model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=[Watcher()])
    assert results == model.evaluate(X, Y, batch_size=4, verbose=0)
    assert seen[::2] == list(range(STEPS))
    assert seen[-1][1] == results[0]
    for batch, loss, read in seen[1::2]:
        assert read is None or read == loss
        assert loss == pytest.approx(
            model.evaluate(X[: 4 * batch + 4], Y[: 4 * batch + 4], batch_size=4, verbose=0)[0], rel=1e-6
        )


def test_results_of_a_custom_step(train):
    class Own(keras.Sequential):
        def train_step(self, state, data):
            logs, state = super().train_step(state, data)
            return {**logs, "mean": data.x.mean()}, state

    model = Own([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    follower = Follower()
    model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[follower])
    means = [X[4 * step : 4 * step + 4].mean() for step in range(STEPS)]
    np.testing.assert_allclose([logs["mean"] for _, logs in follower.logs], 2 * means, rtol=1e-4, atol=1e-6)


def test_a_log_whose_shape_follows_the_rows_is_refused():
    class Own(keras.Sequential):
        def train_step(self, state, data):
            logs, state = super().train_step(state, data)
            return {**logs, "first": data.x[:, 0]}, state

    model = Own([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="does not depend on the number of rows"):
        model.fit(X, Y, batch_size=4, verbose=0)


@pytest.mark.parametrize("batch", range(5))
def test_a_batch_whose_beginning_was_told_is_made(train, batch):
    """As Keras does, which looks at `stop_training` behind a batch; however many steps ran ahead."""

    class Stop(Follower):
        def on_train_batch_begin(self, number, logs=None):
            super().on_train_batch_begin(number)
            self.model.stop_training = number == batch

    stop = Stop()
    train(stop)
    assert stop.begun == [number for number, _ in stop.logs] == list(range(batch + 1))


class Every(keras.callbacks.Callback):
    """Calls a function behind every batch."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def on_train_batch_end(self, batch, logs=None):
        self.act(self.model)


@pytest.mark.parametrize(
    "act",
    [
        lambda model: float(model.optimizer.learning_rate),
        lambda model: setattr(model.optimizer, "learning_rate", 0.001),
        lambda model: model.optimizer.learning_rate.assign(np.float32(0.001)),
        lambda model: model.layers[0].kernel.assign(model.layers[0].get_weights()[0]),
        lambda model: model.layers[0].bias.assign(model.layers[0].bias.value),
        lambda model: model.set_weights(model.get_weights()),
        lambda model: model.evaluate(X[:8], Y[:8], verbose=0) and None,
        lambda model: model.evaluate(X[:8], Y[:8], verbose=0, callbacks=[keras.callbacks.LambdaCallback(
            on_test_batch_end=lambda batch, logs: float(model.metrics[0].result()))]) and None,
    ],
    ids=["read", "rate", "assign", "kernel", "bias", "all", "evaluate", "evaluate watched"],
)  # fmt: skip
def test_what_changes_nothing_changes_nothing(train, model, every_batch, act):
    train(Every(act), epochs=2)
    assert same(model.get_weights(), every_batch.weights[2 * STEPS])
    assert all(variable.source is None for variable in [*model.variables, *model.optimizer.variables])


def test_only_what_a_hook_touches_is_taken_out_of_the_state(train, monkeypatch, every_batch):
    packed, fetched = [], []
    monkeypatch.setattr(Packing, "pack_on_host", counted(Packing.pack_on_host, packed))
    monkeypatch.setattr(Packing, "view", counted(Packing.view, fetched))
    results = 4  # loss, mae, single numbers, the next step
    train(Every(lambda model: model.optimizer.learning_rate.assign(0.001 * float(model.layers[1].bias.numpy()[0]))))
    assert len(packed) <= EPOCHS + 1  # at its beginning, and to compile
    assert len(fetched) <= EPOCHS * STEPS * (results + 1)


def test_single_numbers_are_read_without_another_call(train, monkeypatch):
    class Reader(keras.callbacks.Callback):
        def __init__(self, looks=False):
            super().__init__()
            self.looks, self.seen = looks, []

        def on_train_begin(self, logs=None):
            self.model.reset_metrics()

        def on_train_batch_begin(self, batch, logs=None):
            if self.looks:
                self.model.get_weights()
            self.note()

        def on_train_batch_end(self, batch, logs=None):
            self.note()

        def note(self):
            optimizer, metric = self.model.optimizer, self.model.metrics[1]
            self.seen.append((int(optimizer.iterations), float(optimizer.learning_rate), float(metric.result())))

    ran, reader, looker, calls = WatchedProgram.__call__, Reader(), Reader(looks=True), []
    train(looker)
    monkeypatch.setattr(WatchedProgram, "__call__", counted(ran, calls))
    train(reader)
    assert [count for count, *_ in reader.seen] == [step + end for step in range(EPOCHS * STEPS) for end in (0, 1)]
    assert reader.seen == looker.seen
    assert len(calls) < EPOCHS * STEPS / 2


def test_a_number_that_was_read_can_be_assigned(train, model):
    class Decay(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            rate = self.model.optimizer.learning_rate
            if batch % 4 == 3:
                rate.assign(float(rate) * 0.5)

    train(Decay(), epochs=2)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001 * 0.5**6)
    assert int(model.optimizer.iterations) == 2 * STEPS


def counted(method, calls):
    def call(*arguments):
        calls.append(None)
        return method(*arguments)

    return call


def test_one_program_serves_whoever_looks_and_whoever_assigns(train, model, every_batch):
    programs = model._trainer.resolved()[1]
    before = programs.compile_seconds
    train(Every(lambda model: model.layers[0].kernel.assign(model.layers[0].kernel * 0.9)))
    train(Every(lambda model: None))
    assert programs.compile_seconds == before


def test_an_exception_of_a_hook_leaves_the_variables_their_arrays(train, model):
    def fail(model):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        train(Every(fail))
    assert all(variable.source is None for variable in [*model.variables, *model.optimizer.variables])
    assert int(model.optimizer.iterations) == 1


def test_a_copy_made_in_a_hook_is_on_its_own(train, every_batch):
    copies = []
    train(Every(lambda model: copies.append(copy.deepcopy(model.layers[0].kernel))), epochs=1)
    assert all(one.source is None for one in copies)
    for count, one in enumerate(copies, 1):
        assert np.array_equal(one, every_batch.weights[count][0])
