"""lamina, and Keras on any of its backends: one model definition, one runner."""

from __future__ import annotations

import importlib

from benchmarks.peers.peer import Peer

BACKEND_DISTRIBUTIONS = {None: ("jax", "jaxlib"), "jax": ("jax", "jaxlib"), "tensorflow": ("tensorflow",)}


class Runner(Peer):
    """The backend itself is chosen by KERAS_BACKEND, which the parent sets before the process starts."""

    def __init__(self, library: str, backend: str | None = None, steps_per_execution: int | None = None):
        self.library_name = library
        self.steps_per_execution = steps_per_execution
        self.distributions = (library, *BACKEND_DISTRIBUTIONS[backend], "numpy")

    def import_library(self):
        self.library = importlib.import_module(self.library_name)

    def build(self, workload, dataset):
        self.batch = workload.batch
        self.dataset = dataset
        if workload.mixed:
            self.library.mixed_precision.set_global_policy("mixed_bfloat16")
        self.model = workload.keras(self.library, dataset)
        # Only where a peer is about it: the others run as they come.
        steps = {} if self.steps_per_execution is None else {"steps_per_execution": self.steps_per_execution}
        metrics = ["accuracy"] if workload.classifies else None
        self.model.compile(optimizer="adam", loss=workload.loss, metrics=metrics, **steps)

    def fit(self, epochs, rows=None):
        x, y, _ = self.dataset.first(rows)
        history = self.model.fit(x, y, batch_size=self.batch, epochs=epochs, verbose=0)
        return float(history.history["loss"][-1])

    def fit_watched(self, epochs):
        class Watcher(self.library.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                pass

        x, y = self.dataset.x, self.dataset.y
        self.model.fit(x, y, batch_size=self.batch, epochs=epochs, verbose=0, callbacks=[Watcher()])
        return True

    def evaluate(self):
        return self.model.evaluate(self.dataset.x, self.dataset.y, batch_size=self.batch, verbose=0)

    def predict(self, rows=None):
        return self.model.predict(self.dataset.first(rows).x, batch_size=self.batch, verbose=0)
