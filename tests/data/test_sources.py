"""Arrays, splits, class weights and the background thread that batches are made in."""

import itertools
import threading

import numpy as np
import pytest

import lamina
from lamina.data import arrays
from lamina.data.class_weight import as_sample_weight
from lamina.data.host_rows import HostRows, stays_on_host
from lamina.data.prefetch import Prefetched
from lamina.data.py_dataset import batches_in_order
from lamina.data.split import split_rows
from lamina.data.streams import is_stream


def test_forms_of_arrays():
    assert arrays.as_arrays([[1.0, 2.0]], "x").dtype == "float32"
    assert arrays.as_arrays(np.arange(3), "x").dtype == "int32"
    assert isinstance(arrays.as_arrays([np.ones(2), np.ones(2)], "x"), list)
    assert arrays.as_arrays({"a": [1, 2]}, "x")["a"].shape == (2,)


def test_tables_name_the_column():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    np.testing.assert_array_equal(arrays.as_arrays(frame, "x"), [[1, 0.5], [2, 1.5]])
    with pytest.raises(ValueError, match="'city'.*'Bonn'"):
        arrays.as_arrays(frame.assign(city=["Bonn", "Rome"]), "x")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_come_back_in_the_order_of_training(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"age": [1.0, 2.0], "size": [0.5, 1.5]})
    model = lamina.Sequential([lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(frame, np.ones(2), verbose=0)
    assert model.predict(frame, verbose=0).shape == (2, 1)
    np.testing.assert_array_equal(model.predict(frame.to_numpy(), verbose=0), model.predict(frame, verbose=0))
    with pytest.raises(ValueError, match="another order .column 0 is 'size' and was 'age'"):
        model.predict(frame[["size", "age"]], verbose=0)
    other = frames.DataFrame({"years": [1.0, 2.0], "size": [0.5, 1.5]})
    with pytest.raises(ValueError, match="lacks 'age'.* in their place"):
        model.evaluate(other, np.ones(2), verbose=0)
    with pytest.raises(ValueError, match="validation x is a table"):
        model.fit(frame, np.ones(2), validation_data=(other, np.ones(2)), verbose=0)


def test_sparse_matrices_are_made_dense_by_batch(monkeypatch):
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.eye(4, dtype="float32")
    np.testing.assert_array_equal(arrays.as_arrays(sparse.csr_matrix(dense), "x"), dense)
    monkeypatch.setattr(arrays, "_SPARSE_LIMIT", 0)
    rows = arrays.as_arrays(sparse.coo_matrix(dense.astype("float64")), "x")
    assert isinstance(rows, HostRows) and rows.dtype == "float32"
    np.testing.assert_array_equal(rows.rows(np.array([2, 0])), dense[[2, 0]])


@pytest.mark.parametrize(
    ("value", "error", "match"),
    [
        (["a", "b"], ValueError, "'a'"),
        ([[1, 2], [3]], ValueError, "from 1 to 2"),
        (object(), TypeError, "object"),
    ],
)
def test_what_is_no_array(value, error, match):
    with pytest.raises(error, match=match):
        arrays.as_arrays(value, "x")


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="x has 3 rows, y has 2 rows"):
        arrays.check_rows(x=np.ones(3), y=np.ones(2))
    with pytest.raises(ValueError, match="empty"):
        arrays.check_rows(x=np.ones(0))
    assert arrays.rows_with_nan(np.array([[1.0], [np.inf], [np.nan]])) == (2, 1)


def test_memory_mapped_rows(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12.0).reshape(6, 2))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert stays_on_host(mapped[1:]) and not stays_on_host(np.ones(3))
    rows = arrays.as_arrays(mapped, "x")[2:]
    assert rows.shape == (4, 2) and rows.nbytes == 32
    np.testing.assert_array_equal(rows.rows(np.array([0, 1])), [[4, 5], [6, 7]])
    np.testing.assert_array_equal(rows.rows(np.array([3, 0])), [[10, 11], [4, 5]])
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    changed[2] = -1
    rows = arrays.as_arrays(changed, "x")
    for _ in range(2):  # reading does not undo changes that the file doesn't have
        np.testing.assert_array_equal(rows.rows(np.array([2, 1])), [[-1, -1], [2, 3]])


def test_class_weights():
    labels = np.array([0, 0, 0, 1])
    assert as_sample_weight({1: 3.0}, labels).tolist() == [1, 1, 1, 3]
    assert as_sample_weight({1: 3.0}, np.eye(2)[labels]).tolist() == [1, 1, 1, 3]
    balanced = as_sample_weight("balanced", labels)
    np.testing.assert_allclose(balanced, [2 / 3, 2 / 3, 2 / 3, 2], rtol=1e-6)
    for wrong in ({"a": 1.0}, {-1: 1.0}, 3):
        with pytest.raises(ValueError, match="class_weight"):
            as_sample_weight(wrong, labels)


def test_splits():
    x = np.arange(20)
    train, validation = split_rows(x, 20, 0.25)
    assert train.tolist() == list(range(15)) and validation.tolist() == list(range(15, 20))
    labels = np.repeat([0, 1, 2], [10, 8, 2])
    train, validation = next(lamina.utils.StratifiedSplit(0.25, seed=1).split(x, labels))
    assert sorted([*train, *validation]) == list(range(20))
    assert np.bincount(labels[validation]).tolist() == [2, 2, 1]
    train, validation = next(lamina.utils.ShuffledSplit(0.25, seed=1).split(x))
    assert len(validation) == 5 and sorted([*train, *validation]) == list(range(20))
    with pytest.raises(ValueError, match="label"):
        next(lamina.utils.StratifiedSplit().split(x, np.ones((20, 2, 2))))
    with pytest.raises(ValueError, match="at least one"):
        split_rows(x[:1], 1, 0.5)


def test_prefetching_is_bounded_and_ends():
    drawn = []

    def source():
        for number in range(100):
            drawn.append(number)
            yield number

    ahead = Prefetched(source(), 2)
    assert [next(ahead) for _ in range(3)] == [0, 1, 2]
    ahead.close()
    assert len(drawn) <= 3 + 2 + 1 and list(ahead) == []
    assert list(Prefetched(range(5))) == [0, 1, 2, 3, 4]
    assert not [thread for thread in threading.enumerate() if thread.name == "lamina-prefetch"]


class Squares(lamina.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return index**2


def test_workers_keep_the_order():
    for workers in (0, 1, 3):
        assert list(batches_in_order(Squares(workers=workers, max_queue_size=2), [3, 1, 2])) == [9, 1, 4]
    processes = Squares(workers=2, use_multiprocessing=True, max_queue_size=2)
    assert list(batches_in_order(processes, [3, 1, 2])) == [9, 1, 4]
    with pytest.raises(ValueError, match="workers"):
        Squares(workers=-1)


@pytest.mark.parametrize("value", [np.ones(2), [1, 2], (1,), {"a": 1}, 3, None, "text"])
def test_what_is_no_stream(value):
    assert not is_stream(value)


@pytest.mark.parametrize("value", [iter([1]), Squares(), (number for number in [1])])
def test_what_is_a_stream(value):
    assert is_stream(value)


def test_a_dataset_can_be_looped_over():
    class Squares(lamina.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return index**2

    class Endless(Squares):
        __len__ = lamina.utils.PyDataset.__len__

    assert list(Squares()) == [0, 1, 4]
    assert list(itertools.islice(Endless(), 5)) == [0, 1, 4, 9, 16]
