"""Helpers on NumPy arrays give what Keras's give."""

import keras
import numpy as np
import pytest

import lamina


@pytest.mark.parametrize("x, classes", [([0, 2], None), ([[1], [0]], 3), ([[0, 1], [2, 2]], 4), ([], 2)])
def test_to_categorical(x, classes):
    expected = keras.utils.to_categorical(x, classes)
    received = lamina.utils.to_categorical(x, classes)
    np.testing.assert_array_equal(received, expected)
    assert received.dtype == expected.dtype


def test_to_categorical_says_which_classes_it_got():
    with pytest.raises(ValueError, match=r"0, ..., 2, got 1 to 3"):
        lamina.utils.to_categorical([1, 3], 3)


@pytest.mark.parametrize("axis, order", [(-1, 2), (1, 3)])
def test_normalize(axis, order):
    x = np.array([[3.0, -4.0], [0.0, 0.0]])
    np.testing.assert_allclose(lamina.utils.normalize(x, axis, order), keras.utils.normalize(x, axis, order))


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 2, 5])
def test_pad_sequences(padding, truncating, maxlen):
    for sequences in ([[1], [2, 3], [4, 5, 6], []], [[[1, 2]], [[3, 4], [5, 6], [7, 8]]]):
        options = dict(maxlen=maxlen, padding=padding, truncating=truncating, value=9)
        expected = keras.utils.pad_sequences(sequences, **options)
        received = lamina.utils.pad_sequences(sequences, **options)
        np.testing.assert_array_equal(received, expected)
        assert received.dtype == expected.dtype


def test_pad_sequences_names_what_is_no_sequence():
    with pytest.raises(ValueError, match="entry 1 is 3"):
        lamina.utils.pad_sequences([[1], 3])


@pytest.mark.parametrize("batch", [(1,), (1, 2), (1, 2, 3)])
def test_batches_are_packed_and_unpacked(batch):
    assert lamina.utils.unpack_x_y_sample_weight(batch) == keras.utils.unpack_x_y_sample_weight(batch)
    assert lamina.utils.pack_x_y_sample_weight(*batch) == keras.utils.pack_x_y_sample_weight(*batch)


@pytest.mark.parametrize(
    "dtypes", [("int8", "float16"), ("float16", float), (int, "int8"), (int, float), ("bool", int)]
)
def test_result_type(dtypes):
    assert lamina.backend.result_type(*dtypes) == keras.backend.result_type(*dtypes)


def test_files_are_copied_checked_and_kept(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("hello")
    options = dict(origin=source.as_uri(), cache_dir=str(tmp_path / "cache"))
    path = lamina.utils.get_file(file_hash="5d41402abc4b2a76b9719d911017c592", **options)
    source.unlink()
    assert lamina.utils.get_file(**options) == path
    with open(path) as file:
        assert file.read() == "hello"
    with pytest.raises(OSError, match="put the file at"):
        lamina.utils.get_file(force_download=True, **options)
    with pytest.raises(OSError, match="The file at .* has another checksum than 0000.* put the file at"):
        lamina.utils.get_file(file_hash="0" * 32, **options)


def test_a_wrong_checksum_leaves_no_file(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("hello")
    with pytest.raises(ValueError, match="has the checksum 5d41"):
        lamina.utils.get_file(origin=source.as_uri(), cache_dir=str(tmp_path / "cache"), file_hash="0" * 32)
    assert not list((tmp_path / "cache").rglob("*.txt*"))
