"""Each workload is one model, however it is written."""

import math

import jax
import numpy as np
import pytest

from benchmarks import datasets, workloads
from benchmarks.workload import Workload


@pytest.fixture(autouse=True)
def no_downloads(tmp_path, monkeypatch):
    monkeypatch.setenv(datasets.CACHE_VARIABLE, str(tmp_path))


@pytest.mark.parametrize("name", workloads.names())
def test_the_network_has_the_weights_and_the_outputs_of_the_keras_model(name):
    import keras

    workload = workloads.load(name)
    dataset = workload.data(2 if workload.large else workload.batch)
    models = []

    def keras_weights():
        models.append(workload.keras(keras, dataset))
        return [weight.value for weight in models[0].trainable_weights]

    # Traced, not run: drawing the weights of all these models would take half a minute.
    expected = jax.eval_shape(keras_weights)
    if workload.network is None:
        return
    network = workload.network(dataset)
    params, buffers = network.init(np.random.default_rng(0))
    assert sum(map(np.size, jax.tree.leaves(params))) == sum(math.prod(weight.shape) for weight in expected)
    outputs, _ = jax.eval_shape(lambda *a: network.apply(*a, None), params, buffers, dataset.x)
    assert outputs.shape[1:] == models[0].output_shape[1:]


@pytest.mark.parametrize("name", [name for name in workloads.names() if workloads.load(name).network is None])
def test_without_a_network_keras_and_torch_have_the_same_outputs_and_weights(name):
    import keras

    torch = pytest.importorskip("torch")

    workload = workloads.load(name)
    dataset = workload.data(2)
    models = []
    shapes = jax.eval_shape(
        lambda: (
            models.append(workload.keras(keras, dataset)) or [weight.value for weight in models[0].trainable_weights]
        )
    )
    expected = sum(math.prod(shape.shape) for shape in shapes)
    with torch.device("meta"):
        module = workload.torch(torch, dataset)
        x = torch.from_numpy(dataset.x).to("meta")
        outputs = module(x.permute(0, 3, 1, 2) if x.ndim == 4 else x)
    # torch's recurrent layers have a bias for the inputs and one for the state.
    extra = sum(each.numel() for key, each in module.named_parameters() if "bias_hh" in key)
    assert sum(each.numel() for each in module.parameters()) - extra == expected
    assert outputs.shape[1:] == models[0].output_shape[1:]


def test_data_do_not_change_from_call_to_call():
    one, other = (workloads.load("seed_mlp").data(10) for _ in range(2))
    np.testing.assert_array_equal(one.x, other.x)
    np.testing.assert_array_equal(one.first(3).y, other.y[:3])


def test_steps_count_a_ragged_last_batch():
    workload = workloads.load("tabular")
    assert (workload.steps(), workload.steps(32), workload.steps(33)) == (32, 1, 2)


def test_errors_name_what_is_known():
    with pytest.raises(ValueError, match=r"no workload 'seed'. Known: .*seed_mlp"):
        workloads.load("seed")
    with pytest.raises(ValueError, match="loss is 'hinge', expected one of categorical_crossentropy"):
        Workload("a", "b", 1, 1, "hinge", datasets.digits, lambda keras, dataset: None)
    with pytest.raises(ValueError, match="1797 rows, 2000 were asked for"):
        datasets.digits(2000)


def test_idx_files_are_read():
    header = bytes([0, 0, 8, 2]) + (2).to_bytes(4, "big") + (3).to_bytes(4, "big")
    np.testing.assert_array_equal(datasets.read_idx(header + bytes(range(6))), [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(ValueError, match="type 13, expected 8"):
        datasets.read_idx(bytes([0, 0, 13, 1]))


def test_without_mnist_the_table_says_so():
    dataset = datasets.mnist(5)
    assert dataset.x.shape == (5, 28, 28)
    assert dataset.source.startswith("random")
