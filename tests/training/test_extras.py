"""What Keras lacks: dry runs, time limits, other splits, warnings, where a NaN came from."""

import signal
import threading
import warnings

import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina.training.compilation_cache import private_folder
from lamina.training.interrupt import interrupts_held_back, interrupts_let_through, interrupts_watched
from lamina.training.pace import Pace

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)).astype("float32")
Y = X[:, :1] * 2
LABELS = np.arange(40) % 2


def build(*layers, loss="mse", optimizer="sgd", **kwargs):
    model = lamina.Sequential([lamina.Input((3,)), *(layers or [lamina.layers.Dense(1)])])
    model.compile(optimizer, loss, **kwargs)
    return model


@pytest.fixture(scope="module")
def model():
    return build()


def test_dry_run_keeps_nothing(model):
    model.fit(X, Y, verbose=0)
    before = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]
    kept, hooks = model.history, []
    note = lamina.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: hooks.append(batch))
    history = model.fit(X, Y, 8, 50, verbose=0, validation_split=0.5, callbacks=[note], dry_run=True)
    assert hooks == [0] and list(history.history) == ["loss", "val_loss"] and model.history is kept
    for variable, value in zip((*model.variables, *model.optimizer.variables), before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_max_time_ends_training(model):
    history = model.fit(X, Y, 8, 10**6, verbose=0, max_time=0.05)
    assert 0 < len(history.epoch) < 10**6
    with pytest.raises(ValueError, match="max_time"):
        model.fit(X, Y, max_time=-1)


def test_splits_by_objects(model):
    class Odd:
        def split(self, x, y=None):
            yield np.arange(0, len(x), 2), np.arange(1, len(x), 2)

    model.optimizer.learning_rate = 0.0
    found = model.fit(X, Y, verbose=0, validation_split=Odd()).history
    np.testing.assert_allclose(found["val_loss"][0], model.evaluate(X[1::2], Y[1::2], verbose=0), rtol=1e-6)
    model.optimizer.learning_rate = 0.01
    with pytest.raises(ValueError, match="between 0 and 1"):
        model.fit(X, Y, verbose=0, validation_split="half")


def test_warnings_about_what_is_seldom_meant():
    model = build(lamina.layers.Dense(1), loss=lamina.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    with pytest.warns(UserWarning, match="0.5"):
        model.fit(X, LABELS, verbose=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model.fit(X, np.sort(LABELS), verbose=0, validation_split=0.5, sample_weight=np.ones(40))
    told = " ".join(str(one.message) for one in told)
    assert "leaves no row of the classes 1 for training" in told and "do not see them" in told


@pytest.mark.parametrize("metric", [lamina.metrics.AUC(), lamina.metrics.Precision(), "binary_crossentropy"])
def test_metrics_of_probabilities_are_warned_of_logits(metric):
    model = build(lamina.layers.Dense(1), loss=lamina.losses.BinaryCrossentropy(from_logits=True), metrics=[metric])
    with pytest.warns(UserWarning, match="expects probabilities, but the loss says that the model gives logits"):
        model.fit(X, LABELS, verbose=0, dry_run=True)


@pytest.mark.parametrize("metric", [lamina.metrics.AUC(from_logits=True), lamina.metrics.Recall(thresholds=0)])
def test_metrics_of_logits_are_not_warned_of_logits(metric):
    model = build(lamina.layers.Dense(1), loss=lamina.losses.BinaryCrossentropy(from_logits=True), metrics=[metric])
    model.fit(X, LABELS, verbose=0, dry_run=True)


def nan_message(model, x, y=Y, **kwargs):
    with pytest.warns(UserWarning) as told:
        model.fit(x, y, 8, 1, shuffle=False, verbose=0, **kwargs)
    return next(str(one.message) for one in told if "not finite at" in str(one.message))


def test_where_a_nan_came_from():
    bad = X.copy()
    bad[21, 1] = np.nan
    told = nan_message(build(), bad)
    assert "epoch 1, step 3, whose batch holds the rows 16, 17, 18, 19, 20, 21, 22, 23" in told
    assert "The inputs hold NaN or infinity already, in row 21." in told
    root = lamina.layers.Activation(lambda x: jnp.log(-jnp.abs(x)), name="root")
    assert "'sequential/root' (Activation)" in nan_message(build(lamina.layers.Dense(1), root), X)
    steep = lamina.layers.Activation(lambda x: jnp.sqrt(jnp.abs(x)))
    model = build(lamina.layers.Dense(2, kernel_initializer="zeros", name="flat"), steep, lamina.layers.Dense(1))
    assert "those of layer 'sequential/flat'" in nan_message(model, X)


def test_a_bad_step_is_looked_into_with_the_weights_of_before_it_however_large_they_are(monkeypatch):
    bad, found = X.copy(), []
    bad[29, 1] = np.inf  # step 4: steps 1 to 3 have moved the weights
    for limit in (10**9, -1):
        monkeypatch.setattr("lamina.training.programs._REPLAYED_BYTES", limit)
        model = build(lamina.layers.Dense(1, kernel_initializer="ones"), optimizer="adam")
        seen = []
        monkeypatch.setattr(
            "lamina.training.epoch.nan_report",
            lambda *args, model=model, seen=seen: seen.append(model.get_weights()) or "the loss is not finite at 4",
        )
        nan_message(model, bad)
        found.append(seen[0])
    three_steps = build(lamina.layers.Dense(1, kernel_initializer="ones"), optimizer="adam")
    three_steps.fit(X[:24], Y[:24], 8, shuffle=False, verbose=0)
    for weights in found:
        for weight, expected in zip(weights, three_steps.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, expected)


def test_terminate_on_nan_stops_or_raises(capsys):
    seen = []
    model = build(optimizer=lamina.optimizers.SGD(1e30))
    note = lamina.callbacks.LambdaCallback(on_train_end=lambda logs: seen.append(logs["loss"]))
    model.fit(X, Y, 8, 5, verbose=0, callbacks=[lamina.callbacks.TerminateOnNaN(), note])
    assert len(seen) == 1 and not np.isfinite(seen[0])
    assert "Invalid loss, terminating training" in capsys.readouterr().out
    model.set_weights([np.ones((3, 1)), np.zeros(1)])
    with pytest.raises(RuntimeError, match="not finite at epoch 1"):
        model.fit(X, Y, 8, verbose=0, callbacks=[lamina.callbacks.TerminateOnNaN(raise_error=True), note])
    assert len(seen) == 1


def test_same_seed_same_bits_whatever_watches():
    """Neither callbacks, nor displays, nor how many steps run at once change a result."""
    model = build(lamina.layers.Dense(4), lamina.layers.Dropout(0.5), lamina.layers.Dense(1), optimizer="adam")
    model.fit(X, Y, 8, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    start = [variable.numpy() for variable in variables]
    results = []
    every_batch = lamina.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    for options in ({"verbose": 0}, {"verbose": 2}, {"verbose": 0, "callbacks": [every_batch]}):
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)
        lamina.utils.set_random_seed(4)
        history = model.fit(X, Y, 8, 4, **options).history
        results.append((history, [weight.tolist() for weight in model.get_weights()]))
    assert results[0] == results[1] == results[2]


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_leaves_the_last_finished_step(model):
    def interrupt(batch, logs=None):
        if model.history is not None and len(model.history.epoch) == 2 and batch == 1:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        callback = lamina.callbacks.LambdaCallback(on_train_batch_end=interrupt)
        model.fit(X, Y, 8, 100, verbose=0, callbacks=[callback])
    assert model.history.epoch == [0, 1]
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.usefixtures("interruptible")
def test_interrupts_wait_for_the_end_of_a_block():
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts_held_back():
        signal.raise_signal(signal.SIGINT)
        reached.append("end")
    assert reached == ["end"]
    thread = threading.Thread(target=lambda: interrupts_held_back().__enter__())
    thread.start()  # signals belong to the main thread: nothing to hold back elsewhere
    thread.join()


def test_pace_finds_chunks_of_the_length_wanted():
    pace = Pace(seconds=0.1)
    sizes = []
    for _ in range(6):
        sizes.append(pace.next(10**6))
        pace.measured(sizes[-1], sizes[-1] * 1e-4)
    assert sizes[0] == 1 and sizes[-1] in (999, 1000) and all(b <= 8 * a for a, b in zip(sizes, sizes[1:]))
    assert pace.next(3) == 3


@pytest.mark.parametrize(("step", "together"), [(0.03, 8), (0.06, 8), (0.15, 6), (0.4, 2), (2.0, 1)])
def test_long_steps_share_a_call_as_well(step, together):
    pace = Pace()
    pace.measured(1, step)
    assert pace.next(100) == together


def test_the_compilation_cache_is_private(tmp_path, monkeypatch):
    folder = private_folder(tmp_path / "deep" / "cache")
    assert folder is not None and folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "open").mkdir(mode=0o755)
    assert private_folder(tmp_path / "open").stat().st_mode & 0o077 == 0
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o770)
    assert private_folder(tmp_path / "shared") is None  # others may have written programs into it
    (tmp_path / "file").write_text("")
    assert private_folder(tmp_path / "file") is None
    (tmp_path / "link").symlink_to(tmp_path / "open")
    assert private_folder(tmp_path / "link") is None  # somebody may have put it there
    monkeypatch.setattr("os.getuid", lambda: 10**6)
    assert private_folder(tmp_path / "open") is None  # a foreign folder


@pytest.mark.usefixtures("interruptible")
def test_watched_interrupts_come_at_once_outside_of_blocks_and_handlers_set_inside_stay():
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts_watched():
        with pytest.raises(KeyboardInterrupt), interrupts_held_back():
            signal.raise_signal(signal.SIGINT)
            reached.append("end")
        signal.raise_signal(signal.SIGINT)
    assert reached == ["end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with interrupts_watched():
        signal.signal(signal.SIGINT, own := lambda number, frame: reached.append("own"))
    assert signal.getsignal(signal.SIGINT) is own


def test_shuffle_knows_three_values(model):
    with pytest.raises(ValueError, match="shuffle must be True, False or 'batch', got 'rows'"):
        model.fit(X, Y, shuffle="rows", verbose=0)


@pytest.mark.usefixtures("interruptible")
def test_an_eager_step_answers_at_once_and_changes_nothing():
    """Operation by operation, a step may take seconds; it donates nothing, so it can be left in the middle."""
    with pytest.raises(KeyboardInterrupt), interrupts_held_back(), interrupts_let_through():
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the interrupt was held back")
    impatient = False

    def loss(y_true, y_pred):
        if impatient:
            signal.raise_signal(signal.SIGINT)
            pytest.fail("the interrupt was held back")
        return (y_true - y_pred) ** 2

    model = lamina.Sequential([lamina.Input((2,)), lamina.layers.Dense(1)])
    model.compile("sgd", loss, run_eagerly=True)
    batch = np.ones((4, 2)), np.ones((4, 1))
    model.train_on_batch(*batch)
    before, impatient = model.get_weights(), True
    with pytest.raises(KeyboardInterrupt):
        model.train_on_batch(*batch)
    for mine, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, old)
    assert int(model.optimizer.iterations) == 1
