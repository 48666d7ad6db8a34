"""A whole epoch as one compiled program: shuffle, gather, gradient, Adam, metrics; the state donated."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.limit.layers import mix
from benchmarks.limit.network import CONVOLUTIONAL, Network
from benchmarks.workload import Workload


class State(NamedTuple):
    params: Any
    buffers: Any
    first_moment: Any
    second_moment: Any
    step: jax.Array


class Sums(NamedTuple):
    """Of the rows seen so far: their losses, how many were classified right, how many there were."""

    loss: jax.Array
    correct: jax.Array
    count: jax.Array


def initial_state(params, buffers) -> State:
    """Adam's start from NumPy arrays. Every leaf is an array of its own, because the state is donated."""
    first, second = (jax.tree.map(lambda leaf: jnp.array(np.zeros_like(leaf)), params) for _ in range(2))
    params, buffers = (jax.tree.map(jnp.array, tree) for tree in (params, buffers))
    return State(params, buffers, first, second, jnp.array(np.int32(0)))


def adam(state: State, gradients, buffers, rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7) -> State:
    """One update of Adam (Kingma and Ba, 2015), epsilon outside of the bias correction as Keras has it."""
    step = state.step + 1
    time = step.astype(jnp.float32)
    size = rate * jnp.sqrt(1 - beta_2**time) / (1 - beta_1**time)
    first = jax.tree.map(lambda m, g: m + (1 - beta_1) * (g - m), state.first_moment, gradients)
    second = jax.tree.map(lambda v, g: v + (1 - beta_2) * (g * g - v), state.second_moment, gradients)
    params = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) + epsilon), state.params, first, second)
    return State(params, buffers, first, second, step)


def row_losses(loss: str, outputs, labels):
    """(loss, whether right) of each row, from logits where the workload classifies, from values otherwise."""
    if loss == "mean_squared_error":
        differences = (outputs - labels).reshape(len(outputs), -1)
        return (differences * differences).mean(-1), jnp.zeros(len(outputs))
    if loss == "binary_crossentropy":
        outputs, labels = outputs.reshape(len(outputs), -1), labels.reshape(len(labels), -1)
        losses = jnp.maximum(outputs, 0) - outputs * labels + jnp.log1p(jnp.exp(-jnp.abs(outputs)))
        return losses.mean(-1), ((outputs > 0) == (labels > 0.5)).astype(jnp.float32).mean(-1)
    if loss == "categorical_crossentropy":
        labels = labels.argmax(-1)
    spread = jax.nn.logsumexp(outputs, axis=-1)
    chosen = jnp.take_along_axis(outputs, labels[..., None], axis=-1)[..., 0]
    right = (outputs.argmax(-1) == labels).astype(jnp.float32)
    # A row may have several labels.
    return tuple(each.reshape(len(each), -1).mean(-1) for each in (spread - chosen, right))


def batch_at(order, step, batch: int, rows: int):
    """Indices of the rows of a step, and their weights: 0 for the padding of a ragged last batch."""
    indices = lax.dynamic_slice(order, (step * batch,), (batch,))
    return indices, (step * batch + lax.iota(jnp.int32, batch) < rows).astype(jnp.float32)


def padded(order, batch: int):
    return jnp.pad(order, (0, -len(order) % batch))


def compile_with_options(function, network: Network, donate=()):
    """`jax.jit`, with the option for convolutions where the platform is a CPU and its XLA knows the option."""
    if network.convolutional and jax.default_backend() == "cpu":
        try:
            jax.jit(lambda x: x + 1, compiler_options=CONVOLUTIONAL)(0.0)
            return jax.jit(function, donate_argnums=donate, compiler_options=CONVOLUTIONAL)
        except jax.errors.JaxRuntimeError:
            pass
    return jax.jit(function, donate_argnums=donate)


def training_epoch(workload: Workload, network: Network):
    """A compiled `epoch(state, x, y, number, start, stop)` giving (state, sums): steps [start, stop) of epoch `number`.

    How many steps are run is not part of the program, only the shapes of x and y are.
    """
    batch = workload.batch

    def epoch(state, x, y, number, start, stop):
        rows = len(x)
        order = padded(jax.random.permutation(jax.random.fold_in(jax.random.key(0), number), rows), batch)

        def step(position, carry):
            state, sums = carry
            indices, weights = batch_at(order, position, batch, rows)
            noise = mix(state.step.astype(jnp.uint32), (1,))[0]
            count = weights.sum()

            def mean_loss(params):
                outputs, buffers = network.apply(params, state.buffers, x[indices], noise)
                losses, correct = row_losses(workload.loss, outputs, y[indices])
                total = (losses * weights).sum()
                return total / count, (buffers, total, (correct * weights).sum())

            gradients, (buffers, total, correct) = jax.grad(mean_loss, has_aux=True)(state.params)
            sums = Sums(sums.loss + total, sums.correct + correct, sums.count + count)
            return adam(state, gradients, buffers), sums

        nothing = jnp.float32(0)
        return lax.fori_loop(start, stop, step, (state, Sums(nothing, nothing, nothing)))

    return compile_with_options(epoch, network, donate=(0,))


def evaluation(workload: Workload, network: Network):
    """A compiled `evaluate(params, buffers, x, y)` giving sums."""
    batch = workload.batch

    def evaluate(params, buffers, x, y):
        rows = len(x)
        order = padded(jnp.arange(rows), batch)

        def step(position, sums):
            indices, weights = batch_at(order, position, batch, rows)
            outputs, _ = network.apply(params, buffers, x[indices], None)
            losses, correct = row_losses(workload.loss, outputs, y[indices])
            return Sums(
                sums.loss + (losses * weights).sum(),
                sums.correct + (correct * weights).sum(),
                sums.count + weights.sum(),
            )

        nothing = jnp.float32(0)
        return lax.fori_loop(0, len(order) // batch, step, Sums(nothing, nothing, nothing))

    return compile_with_options(evaluate, network)


def probabilities(workload: Workload, outputs):
    if workload.loss == "mean_squared_error":
        return outputs
    return jax.nn.sigmoid(outputs) if workload.loss == "binary_crossentropy" else jax.nn.softmax(outputs)


def prediction(workload: Workload, network: Network):
    """A compiled `predict(params, buffers, x)`: probabilities of all rows, batch by batch if there are several."""
    batch = workload.batch

    def outputs_of(params, buffers, x):
        return probabilities(workload, network.apply(params, buffers, x, None)[0])

    def predict(params, buffers, x):
        rows = len(x)
        if rows <= batch:
            return outputs_of(params, buffers, x)
        x = jnp.pad(x, ((0, -rows % batch), *((0, 0),) * (x.ndim - 1)))
        batches = x.reshape(-1, batch, *x.shape[1:])
        outputs = lax.map(lambda part: outputs_of(params, buffers, part), batches)
        return outputs.reshape(-1, *outputs.shape[2:])[:rows]

    return compile_with_options(predict, network)
