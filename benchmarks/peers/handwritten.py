"""The limit: a training run written by hand in JAX (`benchmarks.limit`)."""

from __future__ import annotations

from benchmarks.peers.peer import NotOffered, Peer


class Runner(Peer):
    """The data lies on the device from `build` on; every epoch's loss and accuracy come back, as a History has them."""

    distributions = ("jax", "jaxlib", "numpy")

    def import_library(self):
        import jax
        import jax.numpy

        self.jax = jax

    def build(self, workload, dataset):
        if workload.network is None:
            raise NotOffered(f"no hand-written network of {workload.name}")
        import numpy as np

        from benchmarks.limit import epoch

        network = workload.network(dataset)
        self.workload = workload
        self.dataset = dataset
        self.state = epoch.initial_state(*network.init(np.random.default_rng(0)))
        self.epoch = epoch.training_epoch(workload, network)
        self.evaluation = epoch.evaluation(workload, network)
        self.prediction = epoch.prediction(workload, network)
        self.on_device = {}
        self.epochs_done = 0

    def arrays(self, rows):
        if rows not in self.on_device:
            x, y, _ = self.dataset.first(rows)
            self.on_device[rows] = self.jax.device_put(x), self.jax.device_put(y)
        return self.on_device[rows]

    def fit(self, epochs, rows=None):
        x, y = self.arrays(rows)
        steps = self.workload.steps(len(x))
        for _ in range(epochs):
            self.state, sums = self.epoch(self.state, x, y, self.epochs_done, 0, steps)
            self.epochs_done += 1
            loss, _, count = (float(total) for total in sums)
        return loss / count

    def evaluate(self):
        loss, correct, count = self.evaluation(self.state.params, self.state.buffers, *self.arrays(None))
        return float(loss) / float(count), float(correct) / float(count)

    def predict(self, rows=None):
        import numpy as np

        return np.asarray(self.prediction(self.state.params, self.state.buffers, self.dataset.first(rows).x))
