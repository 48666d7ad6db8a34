"""Weights in `.safetensors` files, against the safetensors package."""

import io
import json
import random
import struct

import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, safetensors
from lamina.saving.hdf5 import Source

from .test_fuzz import damaged, outcome
from .watched import watched

package = pytest.importorskip("safetensors.numpy")


def stack(units=3, name="stack"):
    layers = [lamina.layers.Dense(units), lamina.layers.BatchNormalization(), lamina.layers.Dense(2, dtype="bfloat16")]
    return lamina.Sequential([lamina.Input((4,)), *layers], name=name)


def written(path, header, data=b"", size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if size is None else size) + text + data)
    return path


def read_everything(source):
    for tensor in safetensors.read_header(source)[0].values():
        tensor.read()


def test_there_and_back(tmp_path):
    model = stack()
    model.save_weights(tmp_path / "m.safetensors")
    other = stack(name="other")
    other.load_weights(tmp_path / "m.safetensors")
    for mine, own in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, own)


def test_the_package_reads_and_writes_the_same(tmp_path):
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3), lamina.layers.BatchNormalization()])
    model.save_weights(tmp_path / "ours.safetensors")
    arrays = package.load_file(tmp_path / "ours.safetensors")
    assert sorted(arrays) == [
        "batch_normalization/beta",
        "batch_normalization/gamma",
        "batch_normalization/moving_mean",
        "batch_normalization/moving_variance",
        "dense/bias",
        "dense/kernel",
    ]
    np.testing.assert_array_equal(arrays["dense/kernel"], model.layers[0].kernel.numpy())
    changed = {name: array + 1 for name, array in arrays.items()}
    package.save_file(changed, tmp_path / "theirs.safetensors", metadata={"format": "pt"})
    model.load_weights(tmp_path / "theirs.safetensors")
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), changed["dense/kernel"])


def test_all_that_does_not_fit_is_named_and_nothing_changes(tmp_path):
    stack(5).save_weights(tmp_path / "m.safetensors")
    model = lamina.Sequential([*stack().layers, lamina.layers.Dense(1, name="more")])
    model.build((None, 4))
    before = model.get_weights()
    with pytest.raises(LoadError) as caught:
        model.load_weights(tmp_path / "m.safetensors")
    assert "dense/kernel: shape (4, 5) in the file, (4, 3) in the model" in str(caught.value)
    assert "more/kernel: missing in the file" in str(caught.value)
    with pytest.warns(UserWarning, match="skip_mismatch=True"):
        model.load_weights(tmp_path / "m.safetensors", skip_mismatch=True)
    for kept, weight in zip(before[:1], model.get_weights()[:1], strict=True):
        np.testing.assert_array_equal(kept, weight)


GOOD = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (b"", b"", "too short"),
        (b"[1, 2]", b"", "does not begin with '{'"),
        (b'{"a": 1', b"", "no JSON"),
        (b'{"a": {"dtype": "F32", "dtype": "F64"}}', b"", "stands twice"),
        ({"a": GOOD, "b": GOOD}, bytes(8), "overlap"),
        ({"a": GOOD, "b": {**GOOD, "data_offsets": [12, 20]}}, bytes(20), "hole"),
        ({"a": {**GOOD, "data_offsets": [4, 12]}}, bytes(12), "hole"),
        ({"a": GOOD}, bytes(4), "cut off"),
        ({"a": GOOD}, bytes(12), "cut off"),
        ({"a": {**GOOD, "shape": [2**40, 2**40], "data_offsets": [0, 8]}}, bytes(8), "needs"),
        ({"a": {**GOOD, "shape": [2**62, 4], "data_offsets": [0, 0]}}, b"", "needs"),
        ({"a": {**GOOD, "shape": [-2]}}, bytes(8), "no list of whole numbers"),
        ({"a": {**GOOD, "shape": [2.0]}}, bytes(8), "no list of whole numbers"),
        ({"a": {**GOOD, "shape": [True, 2]}}, bytes(8), "no list of whole numbers"),
        ({"a": {**GOOD, "data_offsets": [8, 0]}}, bytes(8), "needs"),
        ({"a": {**GOOD, "data_offsets": [-8, 0]}}, bytes(8), "no list of whole numbers"),
        ({"a": {**GOOD, "dtype": "OBJECT"}}, bytes(8), "'OBJECT'"),
        ({"a": {**GOOD, "code": "x"}}, bytes(8), "not described by"),
        ({"a": [1]}, bytes(8), "not described by"),
        ({"__metadata__": {"a": 1}}, b"", "notes"),
        ({f"a{index}": {**GOOD, "shape": [0], "data_offsets": [0, 0]} for index in range(100_001)}, b"", "100,001"),
    ],
)
def test_headers_that_lie(header, data, message, tmp_path):
    path = written(tmp_path / "evil.safetensors", header, data)
    with watched(tmp_path, memory=len(data) < 100 and message != "100,001"), pytest.raises(LoadError, match=message):
        lamina.Sequential([lamina.Input((1,)), lamina.layers.Dense(1)]).load_weights(path)


@pytest.mark.parametrize("size", [2**63, 10**9, 101 * 10**6, 500])
def test_headers_longer_than_the_file(size, tmp_path):
    path = written(tmp_path / "evil.safetensors", b"{}", size=size)
    with watched(tmp_path, memory=True), pytest.raises(LoadError, match="header would have|cut off"):
        lamina.Sequential([lamina.Input((1,)), lamina.layers.Dense(1)]).load_weights(path)


def test_damaged_files_are_read_or_refused(tmp_path):
    model = stack()
    model.save_weights(tmp_path / "m.safetensors")
    whole = (tmp_path / "m.safetensors").read_bytes()
    outcomes = set()
    for seed in range(300):
        data = damaged(whole, random.Random(seed))
        outcomes.add(outcome(read_everything, Source(io.BytesIO(data), 0, len(data), "damaged.safetensors")))
    assert outcomes == {"loaded", "refused"}
