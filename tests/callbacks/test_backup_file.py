"""The file of `BackupAndRestore`: what was written comes back, and anything else is a BackupError."""

import io
import json
import zipfile

import jax.numpy as jnp
import numpy as np
import pytest

from lamina.callbacks.backup_file import BackupError, read_backup, write_backup

META = {"epoch": 3, "patience": [1, 2.5, None], "best": {"weights": np.arange(3)}}
ARRAYS = {"kernel": jnp.ones((2, 3)), "half": jnp.ones(2, "bfloat16"), "count": np.int64(7)}


@pytest.fixture
def backup(tmp_path):
    write_backup(tmp_path / "a.backup", META, ARRAYS)
    return tmp_path / "a.backup"


def npz(parts, compression=zipfile.ZIP_STORED):
    """Return an archive of parts, each an array or the bytes in the place of one."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, part in parts.items():
            if isinstance(part, np.ndarray):
                array = io.BytesIO()
                np.save(array, part, allow_pickle=True)
                part = array.getvalue()
            archive.writestr(f"{name}.npy", part)
    return file.getvalue()


def meta(content, **dtypes):
    return np.frombuffer(json.dumps({"content": content, "dtypes": dtypes}).encode(), "uint8")


def header(shape):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_what_was_written_comes_back(backup):
    content, arrays = read_backup(backup)
    assert content["best"]["weights"].tolist() == [0, 1, 2]
    assert (content["epoch"], content["patience"]) == (3, [1, 2.5, None])
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name].astype("float32"), np.asarray(array, "float32"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        npz({}),
        npz({"meta": meta({}, kernel="float32")}),  # the array is missing
        npz({"meta": meta({}, kernel="nonsense"), "0": np.ones(3)}),
        npz({"meta": meta({}, kernel="float32"), "0": header("(10**15,)")}),
        npz({"meta": meta({}, kernel="float32"), "0": header("(1000000000000000,)")}),
        npz({"meta": meta({}, kernel="float32"), "0": header("((((((" * 1000)}),
        npz({"meta": meta({}, kernel="object"), "0": np.array([print], object)}),
        npz({"meta": meta({}, kernel="float32"), "0": np.zeros(1 << 24, "uint8")}, zipfile.ZIP_DEFLATED),
        npz({"meta": np.frombuffer(b"[" * 100_000, "uint8")}),
        npz({"meta": np.frombuffer(b"\xff\xfe", "uint8")}),
        npz({"meta": meta({"weights": {"__array__": "elsewhere"}})}),
    ],
)
def test_what_is_no_backup_is_said_to_be_none(tmp_path, content):
    (tmp_path / "a.backup").write_bytes(content)
    with pytest.raises(BackupError, match=r"a\.backup' is no backup that can be read"):
        read_backup(tmp_path / "a.backup")


def test_an_encrypted_part_is_refused(backup):
    whole = bytearray(backup.read_bytes())
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    backup.write_bytes(whole)
    with pytest.raises(BackupError, match="encrypted"):
        read_backup(backup)


def test_parts_that_are_packed_are_refused_before_they_are_unpacked(tmp_path):
    (tmp_path / "a.backup").write_bytes(npz({"meta": meta({}), "0": np.zeros(1 << 24, "uint8")}, zipfile.ZIP_DEFLATED))
    with pytest.raises(BackupError, match=r"claim to hold 16,777,\d+ bytes, but the file has"):
        read_backup(tmp_path / "a.backup")


def test_a_damaged_byte_is_found_or_changes_nothing(backup):
    whole, random = backup.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[random.integers(len(damaged))] ^= 1 << random.integers(8)
        backup.write_bytes(damaged)
        try:
            content, arrays = read_backup(backup)
        except BackupError:
            continue
        assert content["epoch"] == 3
        assert arrays["kernel"].shape == (2, 3)
