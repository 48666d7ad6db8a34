"""A run that was interrupted and taken up again ends bitwise equal to one that was not."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

import lamina

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(40, 3)).astype("float32")
Y = X[:, :1] * 2

SCRIPT = """
import os, sys
import numpy as np
import lamina

random = np.random.default_rng(0)
x = random.normal(size=(40, 3)).astype("float32")
lamina.utils.set_random_seed(1)
layers = [lamina.Input((3,)), lamina.layers.Dense(4), lamina.layers.Dropout(0.5), lamina.layers.Dense(1)]
model = lamina.Sequential(layers)
model.compile(lamina.optimizers.Adam(0.01), "mse", metrics=["mae"])

class Tells(lamina.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("batch", flush=True)
        sys.stdin.readline()

history = model.fit(x, x[:, :1], 8, 3, verbose=0, callbacks=[
    lamina.callbacks.BackupAndRestore(sys.argv[1], save_freq=1, double_checkpoint=True), Tells()])
np.savez(sys.argv[2], *model.get_weights(), **{name: np.array(values) for name, values in history.history.items()})
"""


@pytest.fixture(scope="module")
def trained():
    """A model that many tests train again from the same start."""
    lamina.utils.set_random_seed(3)
    model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(4), lamina.layers.Dropout(0.5)])
    model.add(lamina.layers.Dense(1))
    model.compile(lamina.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(X, Y, 8, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    return model, variables, [variable.numpy() for variable in variables]


def train(trained, folder, interrupt_at=None, frequency=1, **kwargs):
    """Train from the start that all share; an exception at batch `interrupt_at` stands for whatever ends a process."""
    model, variables, start = trained
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)
    lamina.utils.set_random_seed(5)
    seen = []

    def on_train_batch_end(batch, logs=None):
        seen.append(batch)
        if len(seen) - 1 == interrupt_at:
            raise InterruptedError

    callbacks = [
        lamina.callbacks.BackupAndRestore(folder, save_freq=frequency),
        lamina.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7),
        lamina.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=9.0),
        lamina.callbacks.EarlyStopping("mae", patience=2, min_delta=9.0, restore_best_weights=True),
        lamina.callbacks.LambdaCallback(on_train_batch_end=on_train_batch_end),
    ]
    kwargs = {"x": X, "y": Y, "batch_size": 8, **kwargs}
    try:
        history = model.fit(epochs=5, verbose=0, callbacks=callbacks, **kwargs)
    except InterruptedError:
        return None
    return [variable.numpy() for variable in variables], history.history, history.epoch


def assert_equal(first, second):
    for one, other in zip(first[0], second[0], strict=True):
        np.testing.assert_array_equal(one, other)
    assert first[1:] == second[1:]


@pytest.mark.parametrize(("interrupt_at", "frequency"), [(0, 1), (4, 1), (5, 5), (7, 2), (9, "epoch")])
def test_bitwise_equal_after_an_interruption(trained, tmp_path, interrupt_at, frequency):
    whole = train(trained, tmp_path / "whole")
    assert not (tmp_path / "whole").exists()  # made and deleted
    assert train(trained, tmp_path / "cut", interrupt_at, frequency) is None
    assert_equal(train(trained, tmp_path / "cut", None, frequency), whole)


def test_bitwise_equal_with_epochs_that_are_parts_of_passes(trained, tmp_path):
    whole = train(trained, tmp_path / "whole", steps_per_epoch=5)
    train(trained, tmp_path / "cut", 6, steps_per_epoch=5)
    assert_equal(train(trained, tmp_path / "cut", steps_per_epoch=5), whole)


def test_bitwise_equal_with_a_dataset(trained, tmp_path):
    class Batches(lamina.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return X[8 * index : 8 * index + 8], Y[8 * index : 8 * index + 8]

    dataset = {"x": Batches(), "y": None, "batch_size": None}
    whole = train(trained, tmp_path / "whole", **dataset)
    train(trained, tmp_path / "cut", 6, **dataset)
    assert_equal(train(trained, tmp_path / "cut", **dataset), whole)


def test_taken_up_where_only_the_end_of_an_epoch_was_missing(trained, tmp_path):
    """A stream does not tell which batch is its last, so a backup may lie behind it, but before the epoch's end."""

    class Iterable:
        def __iter__(self):
            return ((X[at : at + 8], Y[at : at + 8]) for at in range(0, 40, 8))

    stream = {"x": Iterable(), "y": None, "batch_size": None}
    whole = train(trained, tmp_path / "whole", **stream)
    train(trained, tmp_path / "cut", 5, **stream)
    assert_equal(train(trained, tmp_path / "cut", **stream), whole)


def test_only_its_own_files_are_deleted(trained, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / ".latest.backup.0123456789ab.tmp").write_text("of a run that was killed while it wrote")
    train(trained, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_damaged_backup_gives_way_to_the_one_before(trained, tmp_path):
    callback = lamina.callbacks.BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False)
    model = trained[0]
    model.fit(X, Y, 8, 2, verbose=0, callbacks=[callback])
    latest = tmp_path / "latest.backup"
    latest.write_bytes(latest.read_bytes()[:-40])
    with pytest.warns(UserWarning, match="no backup that can be read"):
        history = model.fit(X, Y, 8, 3, verbose=0, callbacks=[callback])
    assert history.epoch == [0, 1, 2]
    for path in tmp_path.iterdir():
        path.write_bytes(b"nothing")
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="Delete the folder"):
        model.fit(X, Y, 8, 3, verbose=0, callbacks=[callback])


def test_the_backup_of_another_model_is_refused(trained, tmp_path):
    callback = lamina.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    trained[0].fit(X, Y, 8, 1, verbose=0, callbacks=[callback])
    other = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(1)])
    other.compile("sgd", "mse")
    with pytest.raises(ValueError, match="another model"):
        other.fit(X, Y, 8, 2, verbose=0, callbacks=[callback])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system that can kill")
def test_killed_at_random_moments(tmp_path):
    def run(name, kills):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / name), str(tmp_path / f"{name}.npz")]
        environment = {**os.environ, "LAMINA_COMPILATION_CACHE": str(tmp_path / "cache")}
        for batches in (*kills, None):
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            with process:
                for _ in range(batches or 0):
                    assert process.stdout.readline() == "batch\n"
                    process.stdin.write("\n")
                    process.stdin.flush()
                if batches is not None:
                    process.send_signal(signal.SIGKILL)  # while the backup of the last batch is being written
                    continue
                process.communicate("\n" * 99)
                assert process.returncode == 0
        with np.load(tmp_path / f"{name}.npz") as file:
            return dict(file)

    whole, killed = run("whole", []), run("killed", np.random.default_rng().integers(1, 6, 2).tolist())
    assert list(whole) == list(killed)
    for name in whole:
        np.testing.assert_array_equal(whole[name], killed[name], err_msg=name)


@pytest.mark.parametrize("frequency", [-1, "batch", 1.5, True])
def test_frequencies_that_are_none(frequency):
    with pytest.raises(ValueError, match="save_freq"):
        lamina.callbacks.BackupAndRestore("x", save_freq=frequency)
