"""What an optimizer's update costs beside optax's, beside copying memory, and what metrics cost in training.

    python -m benchmarks.optimizers               all
    python -m benchmarks.optimizers adam metrics  those whose name contains a word

An update is measured inside a compiled loop that carries weights and slots, as in the compiled epoch; lamina and optax
take turns. The bound of Adam is the memory it must read (weights, gradients, two slots) and write (weights, two slots):
3.5 times what copying the weights takes, by NumPy on all cores. A copy also reads what it is about to overwrite, an
update need not: the stricter bound is 3.5 times a pass over the weights in place.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import lamina
from lamina import optimizers
from lamina.core.functional import pure
from lamina.core.variable import Variable

# Name of the size: shapes of the weights.
SIZES = {
    "10 M": [(1250, 1000)] * 8,
    "MLP": [(784, 512), (512,), (512, 512), (512,), (512, 10), (10,)],
}
PAIRS = {
    "sgd": (lambda: optimizers.SGD(1e-3), lambda: optax.sgd(1e-3)),
    "momentum": (lambda: optimizers.SGD(1e-3, momentum=0.9), lambda: optax.sgd(1e-3, momentum=0.9)),
    "adam": (lambda: optimizers.Adam(1e-3), lambda: optax.adam(1e-3)),
    "amsgrad": (lambda: optimizers.Adam(1e-3, amsgrad=True), lambda: optax.amsgrad(1e-3)),
    "adamw": (lambda: optimizers.AdamW(1e-3), lambda: optax.adamw(1e-3, weight_decay=4e-3)),
    "nadam": (lambda: optimizers.Nadam(1e-3), lambda: optax.nadam(1e-3)),
    "adamax": (lambda: optimizers.Adamax(1e-3), lambda: optax.adamax(1e-3)),
    "adagrad": (lambda: optimizers.Adagrad(1e-3), lambda: optax.adagrad(1e-3)),
    "adadelta": (lambda: optimizers.Adadelta(1e-3), lambda: optax.adadelta(1e-3)),
    "rmsprop": (lambda: optimizers.RMSprop(1e-3), lambda: optax.rmsprop(1e-3)),
    "lion": (lambda: optimizers.Lion(1e-3), lambda: optax.lion(1e-3)),
    "lamb": (lambda: optimizers.Lamb(1e-3), lambda: optax.lamb(1e-3)),
    "adafactor": (lambda: optimizers.Adafactor(1e-3), lambda: optax.adafactor(1e-3)),
    "schedule-free adamw": (
        lambda: optimizers.ScheduleFreeAdamW(1e-3),
        lambda: optax.contrib.schedule_free_adamw(1e-3),
    ),
    "clipped adam": (
        lambda: optimizers.Adam(1e-3, global_clipnorm=1.0),
        lambda: optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)),
    ),
}


def of_lamina(make: Callable[[], Any], weights: list[np.ndarray], steps: int) -> tuple[Callable[..., Any], Any]:
    """Return a program of some updates, and its state."""
    variables = [Variable(weight, name=f"w{index}") for index, weight in enumerate(weights)]
    optimizer = make()
    optimizer.build(variables)
    named = {str(index): variable for index, variable in enumerate([*variables, *optimizer.variables])}
    update = pure(lambda gradients: optimizer.apply(gradients, variables), named)
    state = {key: variable.array for key, variable in named.items()}
    return looped(lambda state, gradients: update(state, gradients)[1].values, steps), state


def of_optax(make: Callable[[], Any], weights: list[np.ndarray], steps: int) -> tuple[Callable[..., Any], Any]:
    """As `of_lamina`, with the transformation itself."""
    rule, values = make(), [jnp.asarray(weight) for weight in weights]

    def step(state: Any, gradients: list[Any]) -> Any:
        values, slots = state
        updates, slots = rule.update(gradients, slots, values)
        return optax.apply_updates(values, updates), slots

    return looped(step, steps), (values, rule.init(values))


def looped(step: Callable[..., Any], steps: int) -> Callable[..., Any]:
    """Return a program of some steps. As in training, nothing of a gradient is known before the step that it is for:
    the barrier keeps XLA from computing the first part of the update, such as the rate times it, once for all steps."""

    def run(state: Any, gradients: list[Any]) -> Any:
        return jax.lax.fori_loop(
            0, steps, lambda _, carried: step(*jax.lax.optimization_barrier((carried, gradients))), state
        )

    return jax.jit(run, donate_argnums=0)


def copying(weights: list[np.ndarray], steps: int) -> tuple[Callable[..., Any], Any]:
    """Return a program that copies the weights, a thread for each core."""
    targets, pool = [weight.copy() for weight in weights], ThreadPoolExecutor()

    def run(state: Any, _: Any) -> Any:
        for _ in range(steps):
            list(pool.map(np.copyto, targets, weights))
        return state

    return run, None


def passing(weights: list[np.ndarray], steps: int) -> tuple[Callable[..., Any], Any]:
    """Return a program that reads and writes the weights in place, and nothing else.

    It adds a number that the compiler does not know: XLA compiles a lone negation to a loop half as fast.
    """
    state = [jnp.asarray(weight) for weight in weights], jnp.float32(0)
    return looped(lambda state, _: ([value + state[1] for value in state[0]], state[1]), steps), state


def best_of(
    programs: list[tuple[Callable[..., Any], Any]], gradients: list[Any], steps: int, rounds: int
) -> list[float]:
    """Return milliseconds for a step of each program; they take turns."""
    states = [jax.tree.map(lambda leaf: jnp.array(leaf, copy=True), state) for _, state in programs]
    best = [float("inf")] * len(programs)
    for turn in range(rounds + 1):
        for index, (program, _) in enumerate(programs):
            started = time.perf_counter()
            states[index] = jax.block_until_ready(program(states[index], gradients))
            if turn:  # the first call compiles
                best[index] = min(best[index], 1e3 * (time.perf_counter() - started) / steps)
    return best


def measure_updates(words: list[str]) -> None:
    generator = np.random.default_rng(0)
    print("| update | weights | lamina ms | optax ms | ratio |\n| --- | --- | ---: | ---: | ---: |")
    for size, shapes in SIZES.items():
        weights = [generator.normal(size=shape).astype("float32") for shape in shapes]
        gradients = [jnp.asarray(generator.normal(size=shape), jnp.float32) for shape in shapes]
        steps = 5 if size == "10 M" else 100
        for name, (ours, theirs) in PAIRS.items():
            if words and not any(word in name for word in words):
                continue
            programs = [of_lamina(ours, weights, steps), of_optax(theirs, weights, steps)]
            if name == "adam" and size == "10 M":
                programs += [copying(weights, steps), passing(weights, steps)]
            mine, other, *bounds = best_of(programs, gradients, steps, 4)
            print(f"| {name} | {size} | {mine:.3g} | {other:.3g} | {mine / other:.2f} |", flush=True)
            for pass_over, what in zip(bounds, ("copies", "passes in place"), strict=False):
                bound = 3.5 * pass_over
                print(f"| adam, beside 3.5 {what} | {size} | {mine:.3g} | {bound:.3g} | {mine / bound:.2f} |")


METRICS = ["accuracy", "sparse_top_k_categorical_accuracy", "sparse_categorical_crossentropy"]


def measure_metrics(epochs: int = 6) -> None:
    """Train the network of `mnist_mlp` with five metrics and with none, in turns."""
    generator = np.random.default_rng(0)
    x = generator.uniform(size=(12800, 784)).astype("float32")
    y = generator.integers(0, 10, 12800).astype("int32")

    def compiled(metrics: list[Any]) -> Any:
        layers = lamina.layers
        model = lamina.Sequential(
            [lamina.Input((784,)), layers.Dense(512, "relu"), layers.Dropout(0.2), layers.Dense(10, "softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=metrics)
        return model

    five = [
        *METRICS,
        lamina.metrics.MeanMetricWrapper(lambda t, p: (t - p.argmax(-1)) ** 2, name="distance"),
        lamina.metrics.SparseTopKCategoricalAccuracy(3, name="top_3"),
    ]
    models = {"none": compiled([]), "five": compiled(five)}
    best = dict.fromkeys(models, float("inf"))
    for turn in range(epochs + 1):
        for name, model in models.items():
            started = time.perf_counter()
            model.fit(x, y, batch_size=128, verbose=0)
            if turn:
                best[name] = min(best[name], time.perf_counter() - started)
    cost = best["five"] / best["none"] - 1
    print(f"\nAn epoch of 100 steps: {1e3 * best['none']:.1f} ms without metrics, {1e3 * best['five']:.1f} with five "
          f"({cost:+.1%}).")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    words = parser.parse_args().words
    updates = [word for word in words if word != "metrics"]
    if not words or updates:
        measure_updates(updates)
    if not words or "metrics" in words:
        measure_metrics()


if __name__ == "__main__":
    main()
