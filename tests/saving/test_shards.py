"""Weights in several files."""

import json
import os

import keras
import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, SaveError, shards

X = np.random.default_rng(0).random((8, 4), dtype="float32")
GIGABYTE = 10**9


def stack(api):
    layers = [api.layers.Dense(6), api.layers.BatchNormalization(), api.layers.Dense(3)]
    model = api.Sequential([api.Input((4,)), *layers])
    model.compile(api.optimizers.Adam(0.01), "mean_squared_error")
    model.fit(X, X[:, :3], batch_size=4, verbose=0)
    return model


@pytest.fixture(scope="module")
def model():
    return stack(lamina)


def losses(model):
    return model.fit(X, X[:, :3], batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]


def test_both_read_what_either_wrote(model, tmp_path):
    theirs = stack(keras)
    theirs.save_weights(tmp_path / "theirs.weights.json", max_shard_size=150 / GIGABYTE)
    ours = stack(lamina)
    ours.load_weights(tmp_path / "theirs.weights.json")
    expected = theirs.predict(X, verbose=0)
    np.testing.assert_allclose(ours.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-6)
    ours.save_weights(tmp_path / "ours.weights.json", max_shard_size=150 / GIGABYTE)
    assert len(list(tmp_path.glob("ours_*.weights.h5"))) > 2
    fresh = stack(keras)
    fresh.load_weights(tmp_path / "ours.weights.json")
    np.testing.assert_allclose(fresh.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(losses(ours), losses(theirs), rtol=1e-4)


def test_files_are_no_larger_than_asked(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=200 / GIGABYTE)
    for name in shards.read_index(tmp_path / "m.weights.json"):
        with shards.opened_hdf5(tmp_path / name) as root:
            arrays = root.all_datasets().values()
            assert len(arrays) == 1 or sum(array.nbytes for array in arrays) <= 200
    model.save_weights(tmp_path / "one.weights.json")
    assert shards.read_index(tmp_path / "one.weights.json") == ["one_00000.weights.h5"]


def test_a_save_never_mixes_old_and_new_files(model, tmp_path, monkeypatch):
    path = tmp_path / "m.weights.json"
    model.save_weights(path, max_shard_size=200 / GIGABYTE)
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    calls = []
    real = shards.written_file

    def fails_at_the_list(target):
        calls.append(target)
        if target == path:
            raise SaveError(28, "no space left", str(target))
        return real(target)

    monkeypatch.setattr(shards, "written_file", fails_at_the_list)
    with pytest.raises(SaveError):
        model.save_weights(path, max_shard_size=200 / GIGABYTE)
    assert len(calls) > 2
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert set(os.listdir(tmp_path)) == set(before)
    monkeypatch.undo()
    model.save_weights(path, max_shard_size=200 / GIGABYTE)
    assert set(os.listdir(tmp_path)) == {"m.weights.json", *shards.read_index(path)}  # the old ones are gone
    stack(lamina).load_weights(path)


def test_a_file_that_is_missing(model, tmp_path):
    path = tmp_path / "m.weights.json"
    model.save_weights(path, max_shard_size=200 / GIGABYTE)
    (tmp_path / "m_00001.weights.h5").unlink()
    with pytest.raises(LoadError, match=r"m_00001\.weights\.h5: there is no such file"):
        model.load_weights(path)


def test_an_array_that_stands_twice(model, tmp_path):
    model.save_weights(tmp_path / "m.weights.json")
    (tmp_path / "m_2.weights.h5").write_bytes((tmp_path / "m_00000.weights.h5").read_bytes())
    index = {"weight_map": {"/a": ["m_00000.weights.h5", "m_2.weights.h5"]}}
    (tmp_path / "m.weights.json").write_text(json.dumps(index))
    with pytest.raises(LoadError, match="stands in another of the files as well"):
        model.load_weights(tmp_path / "m.weights.json")


@pytest.mark.parametrize("limit", [0, -1, True, "1GB", float("nan")])
def test_limits_that_are_none(model, limit, tmp_path):
    with pytest.raises(ValueError, match="max_shard_size must be a positive number of gigabytes"):
        model.save_weights(tmp_path / "m.weights.json", max_shard_size=limit)
    with pytest.raises(ValueError, match=r"end in '\.weights\.json'"):
        model.save_weights(tmp_path / "m.weights.h5", max_shard_size=1)
