import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from benchmarks import peers
from benchmarks.limit import epoch
from benchmarks.peers.peer import NotOffered
from benchmarks.workload import LOSSES
from benchmarks.workloads import load

# Three batches, the last of 20 rows.
ROWS = 84


@pytest.fixture
def runner():
    workload = load("seed_mlp")
    peer = peers.load("jax")
    peer.import_library()
    peer.build(workload, workload.data(ROWS))
    return peer


def test_training_lowers_the_loss_and_evaluate_agrees_with_predict(runner):
    before, _ = runner.evaluate()
    losses = [runner.fit(5) for _ in range(3)]
    after, accuracy = runner.evaluate()
    assert before > losses[0] > losses[1] > losses[2] > after
    probabilities = runner.predict()
    labels = runner.dataset.y.argmax(-1)
    assert probabilities.shape == (ROWS, 2)
    assert after == pytest.approx(-np.log(probabilities[np.arange(ROWS), labels]).mean(), rel=1e-4)
    assert accuracy == pytest.approx((probabilities.argmax(-1) == labels).mean(), abs=1e-6)
    np.testing.assert_allclose(runner.predict(rows=1), probabilities[:1], rtol=1e-5)


def test_fit_takes_part_of_the_rows(runner):
    assert np.isfinite(runner.fit(2, rows=32))
    assert int(runner.state.step) == 2


def test_an_epoch_may_be_run_in_pieces(runner):
    x, y = runner.arrays(None)
    start = jax.tree.map(np.asarray, runner.state)
    whole, _ = runner.epoch(jax.tree.map(jnp.array, start), x, y, 0, 0, 3)
    pieces = jax.tree.map(jnp.array, start)
    for step in range(3):
        pieces, _ = runner.epoch(pieces, x, y, 0, step, step + 1)
    for one, other in zip(jax.tree.leaves(whole), jax.tree.leaves(pieces)):
        np.testing.assert_array_equal(one, other)


def test_adam_is_adam():
    params = {"a": np.float32([[1, -2], [3, 4]]), "b": np.float32([0.5])}
    state = epoch.initial_state(params, ())
    optimizer = optax.adam(1e-3, eps=1e-7)
    expected, slots = jax.tree.map(jnp.array, params), optimizer.init(params)
    for step in range(5):
        gradients = jax.tree.map(lambda p, step=step: jnp.cos(p + step), expected)
        updates, slots = optimizer.update(gradients, slots)
        expected = optax.apply_updates(expected, updates)
        state = epoch.adam(state, gradients, ())
    # The two place epsilon differently, which moves a weight by less than 1e-6 here.
    for one, other in zip(jax.tree.leaves(state.params), jax.tree.leaves(expected)):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_those_of_optax(loss):
    generator = np.random.default_rng(0)
    outputs = jnp.asarray(generator.normal(size=(5, 3)), jnp.float32)
    classes = jnp.asarray([0, 1, 2, 1, 0])
    values = jnp.asarray(generator.random((5, 3)).round(), jnp.float32)
    labels, expected = {
        "categorical_crossentropy": (jnp.eye(3)[classes], optax.softmax_cross_entropy(outputs, jnp.eye(3)[classes])),
        "sparse_categorical_crossentropy": (
            classes,
            optax.softmax_cross_entropy_with_integer_labels(outputs, classes),
        ),
        "binary_crossentropy": (values, optax.sigmoid_binary_cross_entropy(outputs, values).mean(-1)),
        "mean_squared_error": (values, ((outputs - values) ** 2).mean(-1)),
    }[loss]
    np.testing.assert_allclose(epoch.row_losses(loss, outputs, labels)[0], expected, rtol=1e-5, atol=1e-6)


def test_a_workload_without_a_network_is_not_offered():
    workload = dataclasses.replace(load("seed_mlp"), network=None)
    peer = peers.load("jax")
    peer.import_library()
    with pytest.raises(NotOffered, match="no hand-written network of seed_mlp"):
        peer.build(workload, workload.data(4))
