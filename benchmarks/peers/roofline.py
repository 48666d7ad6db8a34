"""The roofline: the matrix products that a model cannot do without, each by the fastest library here, and copies.

Not a trainer, but what no trainer gets below unless it finds less work to do (Winograd's convolution) or keeps in the
caches what is copied here. Of a training step: each product of the forward and the backward pass (those of a depthwise
convolution are copies, being nothing for a matrix product); a copy of each product's result in both (what is between
products, activations and normalizations, has to touch it); and for Adam copies as large as the seven passes over the
parameters. Of inference: the products and a copy of their results.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from benchmarks.peers.peer import Peer

# How long each candidate for a product is tried, in seconds, to find the fastest.
TRIAL = 0.01

# Arrays that Adam reads and writes for each parameter: p, g, m, v in; p, m, v out. A copy passes two.
ADAM_COPIES = 7 / 2


class Runner(Peer):
    """The program that is read is lamina's, with its plain kernels."""

    distributions = ("numpy", "jax", "torch")

    def import_library(self):
        import jax

        self.jax = jax
        self.on_gpu = jax.default_backend() != "cpu"

    def build(self, workload, dataset):
        self.workload, self.dataset = workload, dataset
        self.tasks: dict[tuple[int, bool], list[tuple[Callable[[int], None], int]]] = {}
        self.dtype = "bfloat16" if workload.mixed else "float32"
        self.fastest: dict = {}
        self.model = self.lamina_model()

    def lamina_model(self):
        import lamina

        if self.workload.mixed:
            lamina.mixed_precision.set_global_policy("mixed_bfloat16")
        model = self.workload.keras(lamina, self.dataset)
        model.build(self.dataset.x.shape)
        return model

    def work(self, rows):
        """The work of a batch of `rows`."""
        import numpy as np

        from benchmarks import products
        from lamina.kernels import reference_kernels

        trainable = [variable.value for variable in self.model.trainable_variables]
        others = [variable.value for variable in self.model.non_trainable_variables]
        inputs = np.zeros((rows, *self.dataset.x.shape[1:]), self.dataset.x.dtype)
        with reference_kernels():
            return products.work(
                lambda values, x: self.model.stateless_call(values, others, x, training=False)[0], trainable, inputs
            )

    def prepared(self, rows, training):
        """What a batch takes, as (call of a number of repetitions, repetitions)."""
        if (rows, training) not in self.tasks:
            work = self.work(rows)
            needed = work.forward + work.backward if training else work.forward
            size = 2 if self.workload.mixed else 4
            copies = Counter()
            for product, count in work.forward.items():
                copies[product.outputs * size] += count * (2 if training else 1)
            if training:
                copies[int(work.parameters * 4 * ADAM_COPIES)] += 1
            for product, count in needed.items():
                if product.is_thin:
                    # Its windows overlap, so the largest operand exists in no program: that of a tap is.
                    taps = min(product.rows, product.inner, product.columns, key=lambda length: (length == 1, length))
                    copies[product.largest // taps * size] += count
            self.tasks[rows, training] = [
                (self.best(product), count) for product, count in needed.items() if not product.is_thin
            ] + [(self.copy(size), count) for size, count in copies.items()]
        return self.tasks[rows, training]

    def operations(self):
        work = self.work(min(self.workload.batch, len(self.dataset.x)))
        return {"step_operations": work.step_operations, "predict_operations": work.predict_operations}

    def run(self, rows, batches, training):
        for call, count in self.prepared(rows, training):
            call(count * batches)

    def fit(self, epochs, rows=None):
        rows = rows or len(self.dataset.x)
        self.run(min(self.workload.batch, rows), epochs * self.workload.steps(rows), training=True)
        return float("nan")

    def evaluate(self):
        self.predict()

    def predict(self, rows=None):
        rows = rows or len(self.dataset.x)
        self.run(min(self.workload.batch, rows), self.workload.steps(rows), training=False)

    # --- one product, by each library

    def best(self, product):
        if product not in self.fastest:
            candidates = [make(self, product) for make in (of_jax, of_numpy, of_torch)]
            timed = [(self.trial(call), call) for call in candidates if call is not None]
            self.fastest[product] = min(timed, key=lambda pair: pair[0])[1]
        return self.fastest[product]

    @staticmethod
    def trial(call):
        """Seconds of a call, after warming up: as many as fit into `TRIAL`."""
        repeats = 1
        call(1)
        while True:
            start = time.perf_counter()
            call(repeats)
            seconds = time.perf_counter() - start
            if seconds > TRIAL:
                return seconds / repeats
            repeats *= 2

    def copy(self, size):
        if self.on_gpu:
            return of_jax_copy(self, size)
        import numpy as np

        source, target = np.ones(max(size // 4, 1), np.float32), np.empty(max(size // 4, 1), np.float32)

        def call(repeats):
            for _ in range(repeats):
                np.copyto(target, source)

        return call


def operands(product):
    """Random arrays of the product's two sizes: a GPU is quicker on constant ones."""
    import numpy as np

    generator = np.random.default_rng(0)
    group = (product.group,) if product.group > 1 else ()
    sizes = (*group, product.rows, product.inner), (*group, product.inner, product.columns)
    return tuple(generator.standard_normal(size, np.float32) for size in sizes)


def of_numpy(runner, product):
    if runner.on_gpu or runner.dtype != "float32":
        return None
    import numpy as np

    left, right = operands(product)
    out = left @ right

    def call(repeats):
        for _ in range(repeats):
            np.matmul(left, right, out=out)

    return call


def of_torch(runner, product):
    try:
        import torch
    except ImportError:
        return None
    device = "cuda" if runner.on_gpu else "cpu"
    if runner.on_gpu and not torch.cuda.is_available():
        return None
    torch.set_float32_matmul_precision("high" if runner.on_gpu else "highest")
    left, right = (torch.from_numpy(each).to(device, getattr(torch, runner.dtype)) for each in operands(product))
    out = left @ right

    def call(repeats):
        with torch.inference_mode():
            for _ in range(repeats):
                torch.matmul(left, right, out=out)
            if runner.on_gpu:
                torch.cuda.synchronize()

    return call


def of_jax(runner, product):
    numpy = runner.jax.numpy
    left, right = (numpy.asarray(each, runner.dtype) for each in operands(product))
    return _loop(runner.jax, lambda left, right: left @ right, left, right)


def of_jax_copy(runner, size):
    array = runner.jax.numpy.ones(max(size // 4, 1), "float32")
    return _loop(runner.jax, lambda array, one: array + one, array, runner.jax.numpy.float32(1))


def _loop(jax, function, first, second):
    """A call of a number of repetitions, one after the other in a compiled loop."""

    @jax.jit
    def repeat(repeats, first, second):
        def turn(_, state):
            first, _ = state
            result = function(first, second)
            # A number of each result goes into the next turn's operand: without that XLA would compute it only once.
            change = jax.numpy.clip(result[(0,) * result.ndim], -1, 1).astype(first.dtype)
            return first.at[(0,) * first.ndim].set(change), result

        return jax.lax.fori_loop(0, repeats, turn, (first, function(first, second)))[1]

    # One is computed to start with.
    return lambda repeats: jax.block_until_ready(repeat(repeats - 1, first, second))
