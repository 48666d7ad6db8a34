"""Every callback does what Keras's does: the same hooks, logs, values, files and stops."""

import os

import keras
import numpy as np
import pytest

import lamina

HOOKS = [name for name in vars(lamina.callbacks.Callback) if name.startswith("on_")]


def recorder(api, stop=None):
    """A callback that notes every hook with its arguments, and stops training at one of them."""
    seen = []

    def hook(name):
        def note(self, *args, **kwargs):
            told = [sorted(value) if isinstance(value, dict) else value for value in (*args, *kwargs.values())]
            seen.append((name, *told))
            if name == stop:
                self.model.stop_training = True

        return note

    cls = type("Recorder", (api.callbacks.Callback,), {name: hook(name) for name in HOOKS})
    return cls(), seen


def assert_same(histories):
    theirs, ours = (found.history for found in histories)
    assert list(theirs) == list(ours)
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=2e-5, atol=2e-6, err_msg=name)
    assert histories[0].epoch == histories[1].epoch


@pytest.mark.parametrize(
    "stop",
    [
        None,
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_test_begin",
        "on_test_batch_end",
        "on_test_end",
        "on_epoch_end",
    ],
)
def test_hooks_in_order_and_stopping_at_each(twins, stop):
    recorders = {api: recorder(api, stop) for api in (keras, lamina)}
    assert_same(twins.fit(lambda api: [recorders[api][0]], epochs=2))
    assert recorders[keras][1] == recorders[lamina][1]
    assert recorders[keras][0].params == recorders[lamina][0].params


@pytest.mark.parametrize("method", ["evaluate", "predict"])
def test_hooks_of_evaluation_and_prediction(twins, data, method):
    seen = []
    for api, model in twins.models.items():
        callback, noted = recorder(api)
        getattr(model, method)(data[0], **({"y": data[1]} if method == "evaluate" else {}), batch_size=8, verbose=0)
        getattr(model, method)(
            data[0],
            **({"y": data[1]} if method == "evaluate" else {}),
            batch_size=8,
            verbose=0,
            callbacks=[callback],
        )
        seen.append((noted, callback.params))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "make",
    [
        lambda api: [api.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)],
        lambda api: [api.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch))],
        lambda api: [api.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1.0, min_lr=0.01)],
        lambda api: [api.callbacks.ReduceLROnPlateau(patience=1, min_delta=9.0, cooldown=1)],
        lambda api: [api.callbacks.EarlyStopping("val_mae", patience=1, min_delta=0.3)],
        lambda api: [api.callbacks.EarlyStopping("val_mae", mode="max", patience=1, restore_best_weights=True)],
        lambda api: [api.callbacks.EarlyStopping("val_loss", baseline=0.01, patience=2)],
        lambda api: [api.callbacks.EarlyStopping("val_loss", mode="max", start_from_epoch=2)],
        lambda api: [api.callbacks.TerminateOnNaN()],
    ],
    ids=["scheduler", "schedule-of-epoch", "plateau", "cooldown", "early", "restore", "baseline", "start-from", "nan"],
)
def test_history_and_weights(twins, make):
    assert_same(twins.fit(make, epochs=6))
    theirs, ours = (model.get_weights() for model in twins.models.values())
    for one, other in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-6)


def test_what_is_said(twins, capsys):
    def make(api):
        return [
            api.callbacks.LearningRateScheduler(lambda epoch, rate: 0.05, verbose=1),
            api.callbacks.ReduceLROnPlateau(patience=1, min_delta=9.0, verbose=1),
            api.callbacks.EarlyStopping(mode="max", verbose=1, restore_best_weights=True),
        ]

    said = []
    for api in (keras, lamina):
        model = twins.reset(api)
        x = np.ones((8, 3), "float32")
        model.fit(x, x[:, :1], 8, 3, verbose=0, validation_data=(x, x[:, :1]), callbacks=make(api))
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


@pytest.mark.parametrize("append", [False, True])
def test_csv_files_are_equal(twins, tmp_path, append):
    class Extra:
        """Adds a list and a text to the logs, and leaves a metric out once."""

        def __new__(cls, api):
            def on_epoch_end(self, epoch, logs=None):
                logs["list"], logs["text"] = np.arange(3), "hello"
                if epoch == 1:
                    del logs["mae"]

            return type("Extra", (api.callbacks.Callback,), {"on_epoch_end": on_epoch_end})()

    for _ in range(1 + append):
        for api, model in twins.models.items():
            model.set_weights([np.zeros((3, 1)), np.zeros(1)])  # zeros against zeros: losses print the same
            x = np.zeros((8, 3), "float32")
            logger = api.callbacks.CSVLogger(str(tmp_path / f"{api.__name__}.csv"), ";", append)
            model.fit(x, x[:, :1], 8, 3, verbose=0, callbacks=[Extra(api), logger])
    assert (tmp_path / "keras.csv").read_bytes() == (tmp_path / "lamina.csv").read_bytes()


@pytest.mark.parametrize(
    ("pattern", "options"),
    [
        ("{epoch:02d}-{val_mae:.2f}.keras", {}),
        ("{epoch}-{batch}.weights.h5", {"save_weights_only": True, "save_freq": 2}),
        ("best-{epoch}.weights.h5", {"save_weights_only": True, "save_best_only": True, "mode": "max"}),
        ("{epoch}.weights.h5", {"save_weights_only": True, "save_best_only": True, "initial_value_threshold": 1.0}),
    ],
)
def test_checkpoints_have_the_same_names_and_times(twins, tmp_path, capsys, pattern, options):
    for api in (keras, lamina):
        (tmp_path / api.__name__).mkdir()
    twins.fit(
        lambda api: [api.callbacks.ModelCheckpoint(str(tmp_path / api.__name__ / pattern), verbose=1, **options)],
        epochs=4,
    )
    said = capsys.readouterr().out
    half = len(said) // 2
    assert said.replace("/lamina/", "/keras/").count("/keras/") == 2 * said[:half].count("/keras/")
    assert sorted(os.listdir(tmp_path / "keras")) == sorted(os.listdir(tmp_path / "lamina"))


def test_swapped_averages(data):
    """Validation sees the averages; the rest of training sees the weights; in the end they are the averages."""
    seen = []
    for swap_on_epoch in (False, True):
        for api in (keras, lamina):
            model = api.Sequential([api.Input((3,)), api.layers.Dense(1)])
            model.compile(api.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
            model.set_weights([np.full((3, 1), 0.1), np.zeros(1)])
            biases = []
            note = {
                f"on_{name}": lambda *args, biases=biases, model=model: biases.append(model.get_weights()[1][0])
                for name in ("test_begin", "test_end", "epoch_begin", "epoch_end", "train_end")
            }
            callbacks = [api.callbacks.SwapEMAWeights(swap_on_epoch), api.callbacks.LambdaCallback(**note)]
            model.fit(*data, 8, 2, shuffle=False, verbose=0, validation_data=data, callbacks=callbacks)
            seen.append([*biases, model.get_weights()[1][0]])
    np.testing.assert_allclose(seen[1], seen[0], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(seen[3], seen[2], rtol=1e-5, atol=1e-7)
