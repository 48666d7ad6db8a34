"""Loading into a model that has weights: one array at a time, and nothing changes where the file is not right."""

import copy
import io
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

import lamina
from lamina.saving import LoadError
from lamina.saving.hdf5 import Source

WIDTH, LAYERS = 256, 8
ARRAY = WIDTH * WIDTH * 4
FORMS = ("w.weights.h5", "w.weights.json", "w.safetensors", "m.keras", "m.h5")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model of several layers that are equally large, in every form; returns it and the folder."""
    folder = tmp_path_factory.mktemp("files")
    layers = [lamina.layers.Dense(WIDTH, use_bias=False) for _ in range(LAYERS)]
    model = lamina.Sequential([lamina.Input((WIDTH,)), *layers])
    for name in FORMS:
        (model.save_weights if name.startswith("w") else model.save)(folder / name)
    return model, folder


@pytest.mark.parametrize("name", FORMS)
def test_no_second_copy_is_held(files, name):
    model, folder = files
    model.load_weights(folder / name)  # the first values are not NumPy's memory, which is what is watched
    tracemalloc.start()
    try:
        model.load_weights(folder / name)
        model.load_weights(folder / name)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held >= LAYERS * ARRAY  # the new weights are watched
    assert peak - held < 2.5 * ARRAY


def compressed(path, target, damage):
    """The same weights, compressed; those of the last layer are damaged."""
    data = io.BytesIO(Path(path).read_bytes())
    with h5py.File(data, "r+") as file:
        paths = []
        file.visititems(lambda path, item: paths.append(path) if isinstance(item, h5py.Dataset) else None)
        for path in paths:
            values = file[path][:]
            del file[path]
            file.create_dataset(path, data=values, chunks=(64, 64), compression="gzip")
        info = file[paths[-1]].id.get_chunk_info(5)
    changed = bytearray(data.getvalue())
    if damage:
        middle = info.byte_offset + info.size // 2
        changed[middle : middle + 8] = b"\xff" * 8
    target.write_bytes(changed)


def test_a_damaged_chunk_is_found_before_anything_changes(files, tmp_path):
    model, folder = files
    path = tmp_path / "c.weights.h5"
    compressed(folder / "w.weights.h5", path, damage=False)
    other = copy.deepcopy(model)
    other.set_weights([np.ones_like(weight) for weight in other.get_weights()])
    other.load_weights(path)
    np.testing.assert_array_equal(other.get_weights()[-1], model.get_weights()[-1])
    other.set_weights([np.ones_like(weight) for weight in other.get_weights()])
    compressed(folder / "w.weights.h5", path, damage=True)
    with pytest.raises(LoadError, match=r"c\.weights\.h5.*a chunk can't be unpacked"):
        other.load_weights(path)
    assert all((weight == 1).all() for weight in other.get_weights())


def test_one_changed_bit_in_an_archive_is_found(files, tmp_path):
    model, folder = files
    data = bytearray((folder / "m.keras").read_bytes())
    data[len(data) // 2] ^= 1
    path = tmp_path / "m.keras"
    path.write_bytes(data)
    other = copy.deepcopy(model)
    other.set_weights([np.ones_like(weight) for weight in other.get_weights()])
    for load in (other.load_weights, lamina.saving.load_model):
        with pytest.raises(LoadError, match=r"m\.keras/model\.weights\.h5.*checksum"):
            load(path)
    assert all((weight == 1).all() for weight in other.get_weights())


def test_a_disk_that_fails_half_way_is_told(files, monkeypatch):
    model, folder = files
    other = copy.deepcopy(model)
    real = Source.read_into
    failing = [3]

    def read_into(self, offset, buffer):
        if len(buffer) == ARRAY:
            failing[0] -= 1
            if failing[0] < 0:
                raise OSError(5, "Input/output error")
        real(self, offset, buffer)

    monkeypatch.setattr(Source, "read_into", read_into)
    with pytest.raises(LoadError, match=r"stopped half way.*3 of 8 weights are the file's by now.*Load them again"):
        other.load_weights(folder / "w.weights.h5")
    failing[0] = 0
    with pytest.raises(LoadError, match=r"^w\.weights\.h5: .*error"):
        other.load_weights(folder / "w.weights.h5")
