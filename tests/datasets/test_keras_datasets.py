"""`keras.datasets`: small files in the formats of the real ones, read as Keras reads them."""

import gzip
import io
import json
import pickle
import zipfile
from contextlib import suppress

import numpy as np
import pytest

import lamina
from lamina.datasets import cifar, reading

RNG = np.random.default_rng(0)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(reading, "CHECKSUMS", {})
    monkeypatch.setattr("lamina.data.download._fetch", _no_network)
    folder = tmp_path / "datasets"
    folder.mkdir()
    return folder


def _no_network(origin, path, *_):
    raise OSError(f"{origin} could not be fetched. Without a network, put the file at {path} by hand.")


def _texts(count):
    rows = np.empty(count, object)
    rows[:] = [RNG.integers(1, 30, RNG.integers(1, 12)).tolist() for _ in range(count)]
    return rows


def test_mnist_and_tables(cache):
    x, y = RNG.integers(0, 255, (5, 28, 28), "uint8"), np.arange(5, dtype="uint8")
    np.savez(cache / "mnist.npz", x_train=x[:3], y_train=y[:3], x_test=x[3:], y_test=y[3:])
    (x_train, y_train), (x_test, y_test) = lamina.datasets.mnist.load_data()
    np.testing.assert_array_equal(np.concatenate([x_train, x_test]), x)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), y)


def _keras(monkeypatch, module, path):
    """Return Keras's module of that name, reading the file given."""
    import importlib

    theirs = importlib.import_module(f"keras.src.datasets.{module}")
    monkeypatch.setattr(theirs, "get_file", lambda *args, **kwargs: str(path))
    return theirs


def _assert_same(ours, theirs):
    for our_part, their_part in zip(ours, theirs, strict=True):
        for a, b in zip(our_part, their_part, strict=True):
            assert len(a) == len(b)
            assert a.dtype == b.dtype
            for one, other in zip(a, b, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("options", [{}, {"test_split": 0.4, "seed": 3}])
@pytest.mark.parametrize("name", ["boston_housing", "california_housing"])
def test_housing(cache, monkeypatch, name, options):
    path = cache / f"{name}.npz"
    np.savez(path, x=RNG.normal(size=(20, 3)), y=RNG.normal(size=20))
    ours = getattr(lamina.datasets, name).load_data(**options)
    _assert_same(ours, _keras(monkeypatch, name, path).load_data(**options))


TEXT_OPTIONS = [
    {},
    {"num_words": 12},
    {"num_words": 15, "skip_top": 6, "oov_char": None, "start_char": None},
    {"maxlen": 8, "index_from": 0, "seed": 2},
    {"index_from": None, "start_char": None},
]


@pytest.mark.parametrize("options", TEXT_OPTIONS, ids=str)
def test_imdb_and_reuters(cache, monkeypatch, options):
    path = cache / "imdb.npz"
    np.savez(path, x_train=_texts(9), y_train=np.arange(9), x_test=_texts(6), y_test=np.arange(6))
    _assert_same(lamina.datasets.imdb.load_data(**options), _keras(monkeypatch, "imdb", path).load_data(**options))
    path = cache / "reuters.npz"
    np.savez(path, x=_texts(15), y=np.arange(15))
    ours = lamina.datasets.reuters.load_data(**options)
    _assert_same(ours, _keras(monkeypatch, "reuters", path).load_data(**options))


def test_word_indices_and_errors(cache):
    (cache / "imdb_word_index.json").write_text(json.dumps({"the": 1}))
    assert lamina.datasets.imdb.get_word_index() == {"the": 1}
    assert lamina.datasets.reuters.get_label_names()[3] == "earn"
    assert len(lamina.datasets.reuters.get_label_names()) == 46
    np.savez(cache / "reuters.npz", x=_texts(5), y=np.arange(5))
    with pytest.raises(ValueError, match="No text is shorter than maxlen=1"):
        lamina.datasets.reuters.load_data(maxlen=1)
    with pytest.raises(OSError, match=r"Without a network, put the file at .*datasets.mnist\.npz by hand"):
        lamina.datasets.mnist.load_data()
    with pytest.raises(TypeError, match="'num_word'"):
        lamina.datasets.imdb.load_data(num_word=3)
    with pytest.raises(ValueError, match="'large' or 'small'"):
        lamina.datasets.california_housing.load_data("tiny")


def test_fashion_mnist(cache):
    folder = cache / "fashion-mnist"
    folder.mkdir()
    images, labels = RNG.integers(0, 255, (3, 28, 28), "uint8"), np.array([7, 0, 9], "uint8")
    for part in ("train", "t10k"):
        _write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        _write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    (x_train, y_train), (x_test, _) = lamina.datasets.fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, images)
    np.testing.assert_array_equal(y_train, labels)
    x_test[0] = 0  # a copy that may be changed
    _write_idx(folder / "t10k-images-idx3-ubyte.gz", images, cut=5)
    with pytest.raises(ValueError, match="t10k-images-idx3-ubyte.gz is cut off: 2,347 bytes of 2,352"):
        lamina.datasets.fashion_mnist.load_data()
    with gzip.open(folder / "t10k-images-idx3-ubyte.gz", "wb") as file:
        file.write(b"something else")
    with pytest.raises(ValueError, match="no IDX file of bytes with 3 axes"):
        lamina.datasets.fashion_mnist.load_data()


def _write_idx(path, array, cut=0):
    with gzip.open(path, "wb") as file:
        file.write(np.array([0x0800 + array.ndim, *array.shape], ">u4").tobytes())
        file.write(array.tobytes()[: array.size - cut])


@pytest.mark.parametrize("layout", ["cifar-10-batches-py", "cifar-10-batches-py_extracted/cifar-10-batches-py"])
def test_cifar10(cache, layout):
    folder = cache / layout
    folder.mkdir(parents=True)
    images = RNG.integers(0, 255, (6, 3, 32, 32), "uint8")
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    for name, image in zip(names, images):
        _write_batch(folder / name, {b"data": image.reshape(1, -1), b"labels": [4]})
    (x_train, y_train), (x_test, y_test) = lamina.datasets.cifar10.load_data()
    assert (x_train.shape, y_train.shape, x_train.dtype) == ((5, 32, 32, 3), (5, 1), np.uint8)
    np.testing.assert_array_equal(x_train, images[:5].transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(x_test[0], images[5].transpose(1, 2, 0))
    assert y_test.tolist() == [[4]]


def test_cifar100(cache):
    folder = cache / "cifar-100-python"
    folder.mkdir()
    content = {b"data": np.zeros((2, 3072), "uint8"), b"fine_labels": [9, 8], b"coarse_labels": [1, 0]}
    for name in ("train", "test"):
        _write_batch(folder / name, content, protocol=2)
    assert lamina.datasets.cifar100.load_data()[0][1].tolist() == [[9], [8]]
    assert lamina.datasets.cifar100.load_data("coarse")[1][1].tolist() == [[1], [0]]
    with pytest.raises(ValueError, match="'fine' or 'coarse'"):
        lamina.datasets.cifar100.load_data("rough")


def _write_batch(path, content, protocol=4):
    text = pickle.dumps(content, protocol)
    if protocol == 2:  # Python 2 wrote text where Python 3 calls a codec for bytes
        content = {key.decode(): value for key, value in content.items()}
        text = pickle.dumps(content, protocol)
    path.write_bytes(text)


class _Evil:
    def __reduce__(self):
        return print, ("it ran",)


def test_pickles_that_name_anything_else_are_refused_and_not_run(cache, capsys):
    folder = cache / "cifar-100-python"
    folder.mkdir()
    (folder / "train").write_bytes(pickle.dumps({b"data": _Evil()}))
    with pytest.raises(ValueError, match=r"train is no CIFAR batch .*builtins\.print, which no plain data need"):
        lamina.datasets.cifar100.load_data()
    rows = np.empty(1, object)
    rows[0] = _Evil()
    np.savez(cache / "reuters.npz", x=rows, y=np.zeros(1))
    with pytest.raises(ValueError, match=r"reuters\.npz can't be read .*builtins\.print"):
        lamina.datasets.reuters.load_data()
    assert capsys.readouterr().out == ""


def test_damaged_files(cache):
    whole = io.BytesIO()
    np.savez(whole, x=_texts(4), y=np.arange(4))
    for cut in range(0, len(whole.getvalue()), 97):
        (cache / "reuters.npz").write_bytes(whole.getvalue()[:cut])
        with pytest.raises(ValueError, match="can't be read as a data set with the arrays x, y"):
            lamina.datasets.reuters.load_data()
    with zipfile.ZipFile(cache / "reuters.npz", "w") as archive:
        archive.writestr("x.npy", b"nothing")
    with pytest.raises(ValueError, match="can't be read"):
        lamina.datasets.reuters.load_data()
    content = pickle.dumps({b"data": np.zeros((1, 3072), "uint8"), b"fine_labels": [1]})
    path = cache / "batch"
    for place in range(0, len(content) - 3072, 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x15]) + content[place + 1 :])
        with suppress(ValueError):  # a changed byte is an error that says so, or other data
            cifar.read_batch(path, "fine_labels")


def test_checksums_are_those_of_keras():
    from pathlib import Path

    import keras

    folder = Path(keras.__file__).parent / "src" / "datasets"
    written = "".join(path.read_text() for path in folder.glob("*.py"))
    assert [name for name, checksum in reading.CHECKSUMS.items() if checksum not in written] == []
