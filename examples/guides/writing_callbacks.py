"""Callbacks of your own: code that runs between epochs and batches and may change what happens next.

Run it as it is (trains on handwritten digits), or with `--smoke`: the same on a few rows, to see that it works.
"""

import argparse
import time
from typing import Any

import numpy as np

import lamina as keras
from lamina import layers
from lamina.datasets import digits


class Diary(keras.callbacks.Callback):
    """Writes down when each hook is called. Batch hooks cost a call for each batch; without them epochs run whole."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def on_train_begin(self, logs: Any = None) -> None:
        """At the start of `fit`."""
        self.lines.append(f"training begins: {self.params['epochs']} epochs of {self.params['steps']} steps")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before an epoch."""
        self.lines.append(f"epoch {epoch} begins")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch, with the metrics so far."""
        self.lines.append(f"  batch {batch}: loss {logs['loss']:.3f}")

    def on_test_end(self, logs: Any = None) -> None:
        """After a validation."""
        self.lines.append(f"  validated: {logs['loss']:.3f}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After an epoch, with the results of the validation as well."""
        self.lines.append(f"epoch {epoch} ends: {', '.join(sorted(logs))}")


class StopAtMinimum(keras.callbacks.Callback):
    """Ends training once the loss stops falling, and goes back to the best weights."""

    def __init__(self, patience: int = 0) -> None:
        super().__init__()
        self.patience = patience

    def on_train_begin(self, logs: Any = None) -> None:
        """Forget an earlier run."""
        self.best, self.waited, self.best_weights, self.stopped_epoch = np.inf, 0, None, None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compare the loss with the best so far."""
        if logs["loss"] < self.best:
            self.best, self.waited, self.best_weights = logs["loss"], 0, self.model.get_weights()
            return
        self.waited += 1
        if self.waited > self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            self.model.set_weights(self.best_weights)


class StepwiseRate(keras.callbacks.Callback):
    """Sets the learning rate from a table of (first epoch, rate); an assignment is all it takes."""

    def __init__(self, table: list[tuple[int, float]]) -> None:
        super().__init__()
        self.table = table

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Look the epoch up."""
        self.model.optimizer.learning_rate = [rate for first, rate in self.table if first <= epoch][-1]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Report the rate: what is put into logs comes into the history."""
        logs["rate"] = round(float(self.model.optimizer.learning_rate), 6)


class BatchTimes(keras.callbacks.Callback):
    """Measures how long each prediction of a batch takes."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop it; the outputs are in the logs."""
        self.seconds.append(time.perf_counter() - self.started)
        self.rows = len(logs["outputs"])


def make() -> keras.Sequential:
    """Return a compiled model."""
    model = keras.Sequential(
        [keras.Input((8, 8)), layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model


def main(smoke: bool) -> None:
    """Use each of the callbacks."""
    keras.utils.set_random_seed(1)
    (x, y), (x_test, y_test) = digits.load_data()
    x, x_test = x / 16, x_test / 16
    if smoke:
        x, y, x_test, y_test = x[:64], y[:64], x_test[:64], y_test[:64]
    epochs = 3 if smoke else 30

    model, diary = make(), Diary()
    model.fit(x, y, epochs=2, batch_size=len(x) // 2, validation_data=(x_test, y_test), verbose=0, callbacks=[diary])
    print("\n".join(diary.lines))

    stop, rates = StopAtMinimum(patience=2), StepwiseRate([(0, 0.01), (2, 0.003), (10, 0.001)])
    history = make().fit(x, y, epochs=epochs, verbose=0, callbacks=[stop, rates]).history
    print(f"best loss {stop.best:.4f}, stopped after epoch {stop.stopped_epoch}, rates {history['rate'][:4]}")

    # A callback may be a function, too.
    say = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(f"epoch {epoch}: {logs['loss']:.3f}"))
    make().fit(x, y, epochs=2, verbose=0, callbacks=[say])

    times = BatchTimes()
    model.predict(x_test, batch_size=16, verbose=0, callbacks=[times])
    print(f"{len(times.seconds)} batches of up to {times.rows} rows, {1e3 * np.median(times.seconds):.2f} ms each")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few rows, to see that it runs")
    main(parser.parse_args().smoke)
