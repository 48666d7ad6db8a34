"""Small files of which a careless reader makes gigabytes, or hours: parts that share bytes, counts without end."""

import contextlib
import io
import os
import struct
import zipfile

import h5py
import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, load_model
from lamina.saving.hdf5 import Source, open_hdf5
from lamina.saving.hdf5.writer import GroupToWrite, HDF5Writer, write_hdf5

from .hostile import archive_of, parts_of, with_config
from .watched import watched


def h5(make, **options):
    data = io.BytesIO()
    with h5py.File(data, "w", **options) as file:
        make(file)
    return data.getvalue()


def opened(data):
    return open_hdf5(Source(io.BytesIO(data), 0, len(data), "evil.h5"))


def refused(data, folder, match):
    """Look at everything in a file, as loading and inspecting do."""
    with watched(folder, memory=True), pytest.raises(LoadError, match=match):
        root = opened(data)
        _ = root.attributes
        for dataset in root.all_datasets().values():
            _ = dataset.attributes, dataset.check()


def test_arrays_that_lie_in_the_same_bytes(tmp_path, monkeypatch):
    def in_one_place(writer):
        place = writer.allocate(2**20)
        writer.pieces.append((place, b"\1" * 2**20))
        for fill_in, _ in writer.arrays:
            fill_in(place)

    monkeypatch.setattr(HDF5Writer, "_place_arrays", in_one_place)
    data = io.BytesIO()
    write_hdf5(GroupToWrite({f"w{i}": np.zeros(2**18, "f4") for i in range(300)}), data.write)
    assert len(data.getvalue()) < 2 * 2**20
    refused(data.getvalue(), tmp_path, "values overlap")


def test_many_arrays_that_unfold_a_little(tmp_path):
    def make(file):
        for index in range(40):
            file.create_dataset(f"w{index}", data=np.zeros(10**6, "f4"), compression="gzip", chunks=(10**6,))

    refused(h5(make), tmp_path, "times as many")


def test_packed_arrays_in_a_packed_archive(tmp_path):
    """Each of the two unfolds less than a hundredfold, together they do ten thousandfold."""

    def make(file):
        values = np.tile(np.random.default_rng(0).integers(0, 255, 2**10, "u1"), 2**15)
        for index in range(8):
            file.create_dataset(f"w{index}", data=values, compression="gzip", chunks=values.shape)

    lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(4)]).save(tmp_path / "good.keras")
    weights = h5(make)
    path = archive_of(
        tmp_path / "evil.keras",
        {**parts_of(tmp_path / "good.keras"), "model.weights.h5": weights},
        zipfile.ZIP_DEFLATED,
    )
    assert path.stat().st_size < 2**17 < len(weights)
    contents = lamina.saving.inspect(path)
    assert any("times as many" in problem for problem in contents.suspicious)


def superblock(address, size):
    """The head of a file whose root has its header at `address`."""
    head = b"\x89HDF\r\n\x1a\n" + struct.pack("<8B2HI", 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0)
    return head + struct.pack("<4Q", 0, 2**64 - 1, size, 2**64 - 1) + struct.pack("<QQII16x", 0, address, 0, 0)


def test_a_header_that_goes_on_in_itself(tmp_path):
    record = struct.pack("<HHB3x", 0, 60_000, 0) + bytes(60_000)
    block = record * 4
    size = 112 + len(block) + 24
    again = struct.pack("<HHB3xQQ", 0x10, 16, 0, 112, len(block) + 24)
    header = struct.pack("<BxHII4x", 1, 60_000, 1, len(block) + 24)
    refused(superblock(96, size) + header + block + again, tmp_path, "records overlap")


def test_a_header_of_the_new_form_that_goes_on_in_itself(tmp_path):
    records = struct.pack("<BHB", 0, 0, 0) * 10_000
    again = struct.pack("<BHBQQ", 0x10, 16, 0, 126, 4 + len(records) + 20 + 4)
    block = again + b"OCHK" + records + again + bytes(4)
    header = b"OHDR" + struct.pack("<BBI", 2, 2, 20)
    refused(superblock(96, 96 + len(header) + len(block)) + header + block, tmp_path, "records overlap")


def with_attribute(record):
    header = struct.pack("<BxHII4x", 1, 2, 1, len(record) + 8 + 24)
    body = struct.pack("<HHB3x", 0x0C, len(record), 0) + record + struct.pack("<HHB3xQQ", 0x11, 16, 0, 0, 0)
    return superblock(96, 96 + len(header) + len(body)) + header + body


def test_texts_of_no_length_without_number(tmp_path):
    texts = struct.pack("<B3BI", 0x13, 0, 0, 0, 0)
    record = (
        struct.pack("<BBHHH", 1, 0, 2, 8, 16) + b"a\0".ljust(8, b"\0") + texts + struct.pack("<BBB5xQ", 1, 1, 0, 2**50)
    )
    refused(with_attribute(record), tmp_path, "larger than its record")


@pytest.mark.parametrize("shape", [(0, 2**63), (2**63, 2**63)])
def test_shapes_that_nothing_has(shape, tmp_path):
    number = struct.pack("<B3BIHH", 0x10, 8, 0, 0, 4, 0, 32)
    space = struct.pack("<BBB5xQQ", 1, 2, 0, *shape)
    record = struct.pack("<BBHHH", 1, 0, 2, len(number), len(space)) + b"a\0".ljust(8, b"\0")
    record += number.ljust(16, b"\0") + space
    refused(with_attribute(record), tmp_path, "nothing has the shape")


def test_texts_that_stand_in_one_place(tmp_path):
    def make(file):
        file.attrs["texts"] = ["x" * 10**6] + ["y"] * 999

    data = bytearray(h5(make))
    first = data.find(struct.pack("<I", 10**6))
    while struct.unpack_from("<IQI", data, first)[1] >= len(data):
        first = data.find(struct.pack("<I", 10**6), first + 1)
    data[first : first + 16_000] = data[first : first + 16] * 1000
    refused(bytes(data), tmp_path, "texts overlap")


def test_names_longer_than_any(tmp_path):
    refused(h5(lambda file: file.create_dataset("x" * 5_000, data=[1.0])), tmp_path, "name is not where")
    deep = "/".join(["n" * 900] * 5)
    refused(h5(lambda file: file.create_dataset(deep, data=[1.0])), tmp_path, "names are too long")


def test_a_filter_that_is_applied_again_and_again(tmp_path):
    def make(file):
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk((4,))
        for _ in range(8):
            settings.set_deflate(1)
        made = h5py.h5d.create(file.id, b"w", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((4,)), settings)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ones(4, "f4"))

    refused(h5(make), tmp_path, "same filter twice")


@pytest.mark.parametrize("values", [np.zeros(8, "f4"), np.arange(100_001, dtype="u1"), np.full(70_000, 65_535, ">u2")])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_checksums_of_chunks(values, compression):
    def make(file):
        file.create_dataset("w", data=values, chunks=values.shape, fletcher32=True, compression=compression)

    data = h5(make)
    np.testing.assert_array_equal(opened(data).get("w").read(), values)
    with h5py.File(io.BytesIO(data)) as file:
        chunk = file["w"].id.get_chunk_info(0)
    changed = bytearray(data)
    changed[chunk.byte_offset + chunk.size - 1] ^= 1  # of the checksum
    with pytest.raises(LoadError, match="checksum of a chunk|can't be unpacked"):
        opened(bytes(changed)).get("w").verify()


LISTS, NUMBERS, LONG = "[" + "[]," * 2**22 + "[]]", "[" + "1," * 2**23 + "1]", '["' + "x" * 2**24 + '"]'


@pytest.mark.parametrize(
    ("text", "compression"),
    [
        *((text, zipfile.ZIP_DEFLATED) for text in (LISTS, NUMBERS, LONG)),
        (LISTS, zipfile.ZIP_STORED),
        (NUMBERS, zipfile.ZIP_STORED),
    ],
)
def test_texts_of_which_memory_is_made(text, compression, tmp_path):
    lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(4)]).save(tmp_path / "good.keras")
    members = {**parts_of(tmp_path / "good.keras"), "config.json": text}
    path = archive_of(tmp_path / "evil.keras", members, compression)
    with watched(tmp_path, memory=True), pytest.raises(LoadError, match="too many for a text|describes more than"):
        load_model(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_pipes_are_not_waited_for(tmp_path):
    for name in ("model.keras", "m.weights.h5"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(LoadError, match="no file"):
            load_model(tmp_path / name)


def image_of(layer):
    return lamina.Sequential([lamina.Input((8, 8, 3)), layer])


def parts_of_a_tensor():
    inputs = lamina.Input((6, 4))
    return lamina.Model(inputs, lamina.ops.unstack(inputs, axis=1)[0])


def blurred():
    inputs = lamina.Input((8, 8, 3))
    return lamina.Model(inputs, lamina.ops.image.gaussian_blur(inputs, (3, 3)))


LAYERS = lamina.layers
COUNTS = {  # what a layer would write out one by one, or make a table of, when only its shapes are asked for
    "steps": (
        lambda: lamina.Sequential([lamina.Input((6, 4)), LAYERS.LSTM(2, unroll=True)]),
        lambda layers: layers[0]["config"].update(batch_shape=[None, 10**9, 4]),
    ),
    "taps": (
        lambda: image_of(LAYERS.Conv2DTranspose(2, 3)),
        lambda layers: layers[1]["config"].update(kernel_size=[3, 10**9]),
    ),
    "windows": (
        lambda: image_of(LAYERS.AdaptiveAveragePooling2D((3, 3))),
        lambda layers: layers[1]["config"].update(output_size=[3, 10**9]),
    ),
    "arrays": (parts_of_a_tensor, lambda layers: layers[0]["config"].update(batch_shape=[None, 10**9, 4])),
    "pixels": (blurred, lambda layers: layers[1]["config"].update(kernel_size=[3, 10**9])),
}


@pytest.mark.parametrize("what", COUNTS)
def test_counts_that_only_the_configuration_tells(what, tmp_path):
    make, change = COUNTS[what]
    make().save(tmp_path / "good.keras")
    path = with_config(
        tmp_path / "evil.keras", tmp_path / "good.keras", lambda config: change(config["config"]["layers"])
    )
    with watched(tmp_path, memory=True), contextlib.suppress(LoadError):
        assert load_model(path).built  # where the weights do not tell, it may load: nothing was computed
