import numpy as np
import pytest

import lamina
from lamina.callbacks import Callback, CallbackList, LambdaCallback


class EveryBatch(Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


def test_batches_are_watched_only_where_somebody_does():
    quiet = LambdaCallback(on_epoch_end=print)
    saver = lamina.callbacks.ModelCheckpoint("x.keras", save_freq=7)
    assert CallbackList([quiet]).batches_allowed("train") is None
    assert not CallbackList([quiet]).wants_batches("train")
    assert CallbackList([quiet, saver]).batches_allowed("train") == 7
    assert CallbackList([saver, EveryBatch()]).batches_allowed("train") == 1
    assert CallbackList([LambdaCallback(on_train_batch_end=print)]).batches_allowed("train") == 1
    assert CallbackList([EveryBatch()]).batches_allowed("test") is None
    assert CallbackList([lamina.callbacks.TerminateOnNaN()]).batches_allowed("train") is None


def test_what_is_no_callback():
    with pytest.raises(TypeError, match=r"History\(\.\.\.\)"):
        CallbackList([lamina.callbacks.History])
    with pytest.raises(TypeError, match="no callback"):
        CallbackList([3])


def test_lambda_callback_knows_the_hooks():
    with pytest.raises(TypeError, match="on_epoch_end"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match="function"):
        LambdaCallback(on_epoch_end=3)


def test_a_callback_sees_the_truth_and_what_it_assigns_stays(model, data):
    seen = []

    class Steers(Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(self.model.get_weights()[0].copy())

        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.get_weights()[0].copy())
            self.model.layers[0].bias.assign([5.0])
            self.model.optimizer.learning_rate = 0.0

    model.fit(*data, 8, 1, shuffle=False, verbose=0, callbacks=[Steers()])
    assert not np.array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[1], seen[2])
    np.testing.assert_array_equal(seen[2], seen[-1])  # the rate was set to 0
    assert model.get_weights()[1] == 5.0


def test_one_callback_list_for_several_fits(model, data):
    history = lamina.callbacks.History()
    callbacks = CallbackList([history], model=model, epochs=1)
    for _ in range(2):
        assert model.fit(*data, 8, verbose=0, callbacks=callbacks) is history
    assert len(history.history["loss"]) == 2


def test_checkpoint_every_n_batches_over_epochs(model, data, tmp_path):
    saver = lamina.callbacks.ModelCheckpoint(
        tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=4
    )
    model.fit(*data, 8, 3, verbose=0, callbacks=[saver])  # 9 batches in 3 epochs
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2-1.weights.h5", "3-2.weights.h5"]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"filepath": "model"}, "keras"),
        ({"filepath": "model.h5", "save_weights_only": True}, "weights.h5"),
        ({"filepath": "model.keras", "save_freq": 0}, "save_freq"),
        ({"filepath": "model.keras", "save_freq": "batch"}, "save_freq"),
        ({"filepath": "model.keras", "mode": "most"}, "mode"),
    ],
)
def test_checkpoint_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        lamina.callbacks.ModelCheckpoint(**arguments)


def test_checkpoint_of_a_name_that_is_not_there(model, data, tmp_path):
    saver = lamina.callbacks.ModelCheckpoint(tmp_path / "{val_loss:.2f}.keras")
    with pytest.raises(KeyError, match="val_loss"):
        model.fit(*data, verbose=0, callbacks=[saver])


@pytest.mark.parametrize("make", [lamina.callbacks.EarlyStopping, lamina.callbacks.ReduceLROnPlateau])
def test_watching_what_is_not_there(model, data, make):
    with pytest.warns(UserWarning, match=r"val_loss.*loss, mae"):
        model.fit(*data, verbose=0, callbacks=[make()])


def test_a_learning_rate_that_follows_a_schedule_cannot_be_set(data):
    model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(1)])
    schedule = lamina.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(lamina.optimizers.SGD(schedule), "mse")
    with pytest.raises(ValueError, match="schedule of its own"):
        model.fit(*data, verbose=0, callbacks=[lamina.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1)])
    with pytest.raises(ValueError, match="use_ema"):
        model.fit(*data, verbose=0, callbacks=[lamina.callbacks.SwapEMAWeights()])
    assert lamina.callbacks.ReduceLROnPlateau(min_delta=0.5).min_delta == 0.5
    with pytest.raises(ValueError, match="below 1"):
        lamina.callbacks.ReduceLROnPlateau(factor=1.0)
