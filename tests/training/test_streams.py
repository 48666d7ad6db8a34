"""Streams, and arrays that stay on the host: the same numbers as arrays on the device."""

import pathlib
import threading
import traceback
import warnings

import numpy as np
import pytest

import lamina
from lamina.data.streams import Stream
from lamina.training import feed, joining

ROWS = 20
X = np.arange(ROWS, dtype="float32").reshape(ROWS, 1) / ROWS
Y = 3 * X + 1


@pytest.fixture(scope="module")
def shared():
    model = lamina.Sequential([lamina.Input((1,)), lamina.layers.Dense(1)])
    model.compile(lamina.optimizers.SGD(0.1), "mse")
    return model


@pytest.fixture
def model(shared):
    shared.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    return shared


def batches(rows=ROWS, endless=False):
    while True:
        for start in range(0, rows, 4):
            yield X[start : start + 4], Y[start : start + 4]
        if not endless:
            return


class Dataset(lamina.utils.PyDataset):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.asked, self.passes = [], []

    def __len__(self):
        return 5

    def __getitem__(self, index):
        self.asked.append(index)
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]

    def on_epoch_begin(self):
        self.passes.append("begin")

    def on_epoch_end(self):
        self.passes.append("end")


class Iterable:
    def __iter__(self):
        return batches()


def loader():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return torch.utils.data.DataLoader(data, batch_size=4)


def tensorflow_dataset():
    tensorflow = pytest.importorskip("tensorflow")
    return tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(4)


def grain_dataset(kind):
    grain = pytest.importorskip("grain")
    batched = grain.MapDataset.source(range(ROWS)).map(lambda row: (X[row], Y[row])).batch(4)
    return batched.to_iter_dataset() if kind == "iter" else batched


SOURCES = {
    "re-iterable": lambda: Iterable(),
    "dataset": lambda: Dataset(),
    "threads": lambda: Dataset(workers=3, max_queue_size=4),
    "generator": lambda: batches(endless=True),
    "loader": loader,
    "tf.data": tensorflow_dataset,
    "grain": lambda: grain_dataset("map"),
    "grain in order": lambda: grain_dataset("iter"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_as_arrays(model, kind):
    wanted = model.fit(X, Y, 4, 3, shuffle=False, verbose=0).history["loss"]
    weights = model.get_weights()
    model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    steps = {"steps_per_epoch": 5} if kind == "generator" else {}
    found = model.fit(SOURCES[kind](), epochs=3, shuffle=False, verbose=0, **steps).history["loss"]
    assert found == wanted
    for one, other in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    steps = {"steps": 5} if kind == "generator" else {}
    np.testing.assert_allclose(model.evaluate(SOURCES[kind](), verbose=0, **steps), model.evaluate(X, Y, verbose=0))
    predicted = model.predict(SOURCES[kind](), verbose=0, **steps)
    np.testing.assert_allclose(predicted, model.predict(X, verbose=0), rtol=1e-6)


def losses_of_batches(model, *args, **kwargs):
    """Return what each batch's mean loss so far was, epoch by epoch; nothing is learned."""
    seen = []
    model.optimizer.learning_rate = 0.0
    note = lamina.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append([]),
        on_train_batch_end=lambda batch, logs: seen[-1].append(round(logs["loss"], 4)),
    )
    try:
        model.fit(*args, verbose=0, shuffle=False, callbacks=[note], **kwargs)
    finally:
        model.optimizer.learning_rate = 0.1
    return seen


@pytest.mark.parametrize("kind", ["arrays", "dataset", "re-iterable"])
def test_epochs_that_are_parts_of_passes(model, kind):
    """With `steps_per_epoch` an epoch goes on where the last one stopped, and ends early where the data do."""
    data = {"x": X, "y": Y, "batch_size": 4} if kind == "arrays" else {"x": SOURCES[kind]()}
    with pytest.warns(UserWarning, match="after 2 of the 3 batches") as told:
        seen = losses_of_batches(model, epochs=4, steps_per_epoch=3, **data)
    assert [len(epoch) for epoch in seen] == [3, 2, 3, 2]
    assert seen[0] == seen[2] and seen[1] == seen[3] and seen[0][:2] != seen[1]
    assert len(told) == 2


def test_a_pass_that_is_an_epoch_says_nothing(model):
    assert [len(epoch) for epoch in losses_of_batches(model, Iterable(), epochs=3, steps_per_epoch=5)] == [5, 5, 5]


def test_a_generator_that_runs_dry(model):
    with pytest.warns(UserWarning, match="no batch left for epoch 2 of 3"):
        assert [len(epoch) for epoch in losses_of_batches(model, batches(), epochs=3)] == [5, 0]
    with pytest.warns(UserWarning, match="after 5 of the 9 batches"):
        model.evaluate(batches(), steps=9, verbose=0)
    with pytest.warns(UserWarning, match="5 of the 9 batches"):
        assert len(model.predict(batches(), steps=9, verbose=0)) == ROWS
    with pytest.raises(ValueError, match="gave no batch"):
        model.fit(iter([]), verbose=0)


def test_no_more_is_drawn_than_is_used(model):
    source = batches(endless=True)
    model.fit(source, epochs=2, steps_per_epoch=3, verbose=0)
    np.testing.assert_array_equal(next(source)[0], X[4:8])  # batch 6 of an endless row of 5


def test_passes_over_a_dataset(model):
    dataset = Dataset()
    model.fit(dataset, epochs=3, verbose=0)
    assert dataset.passes == ["begin", "end"] * 3
    orders = [dataset.asked[start : start + 5] for start in (0, 5, 10)]
    assert all(sorted(order) == list(range(5)) for order in orders)
    assert orders[0] != orders[1] or orders[1] != orders[2]


def test_validation_streams(model):
    fit = {"epochs": 2, "verbose": 0, "shuffle": False}
    wanted = model.fit(X, Y, 4, validation_data=(X, Y), validation_steps=2, **fit).history["val_loss"]
    model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    found = model.fit(X, Y, 4, validation_data=Dataset(), validation_steps=2, **fit).history["val_loss"]
    assert found == wanted


def test_class_weights_of_a_stream():
    labels = np.arange(ROWS) % 3
    model = lamina.Sequential([lamina.Input((1,)), lamina.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=[])
    start = model.get_weights()
    fit = {"shuffle": False, "verbose": 0, "class_weight": {0: 2.0, 1: 0.5}}
    wanted = model.fit(X, labels, 4, **fit).history
    model.set_weights(start)
    stream = ((X[at : at + 4], labels[at : at + 4]) for at in range(0, ROWS, 4))
    np.testing.assert_allclose(model.fit(stream, **fit).history["loss"], wanted["loss"], rtol=1e-6)


def test_an_exception_in_a_stream_keeps_its_traceback(model):
    def failing_source():
        yield X[:4], Y[:4]
        raise KeyError("where it happened")

    with pytest.raises(KeyError, match="where it happened") as caught:
        model.fit(failing_source(), verbose=0)
    assert "failing_source" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


class Hurried:
    """In the place of the background thread: batches always come faster than they are used."""

    def __init__(self, source, size):
        self.items = iter(source(lambda: False))

    def __iter__(self):
        return self.items

    def __next__(self):
        return next(self.items)

    def close(self):
        pass


def rows_used(stream, epochs, **settings):
    """The numbers of the rows in each epoch, and how many steps each block had."""
    source = feed.StreamFeed(Stream(stream, "x"), "x", **settings)
    used, sizes = [], []
    for epoch in range(epochs):
        used.append([])
        for block in source.blocks(epoch):
            sizes.append(block.last - block.first)
            for step in range(block.first, block.last):
                used[-1] += (np.asarray(block.data.x)[block.rows(step)].ravel() * ROWS).round().astype(int).tolist()
                source.advance(1)
    return used, sizes


def test_batches_that_come_fast_are_joined(monkeypatch):
    monkeypatch.setattr(feed, "Prefetched", Hurried)
    ragged = [(X[:4], Y[:4]), (X[4:8], Y[4:8]), (X[8:11], Y[8:11]), (X[11:15], Y[11:15]), (X[15:19], Y[15:19])]
    assert rows_used(ragged, 2) == ([list(range(19))] * 2, [2, 1, 2] * 2)
    monkeypatch.setattr(joining, "MOST_BATCHES", 3)
    assert rows_used(list(batches()), 1) == ([list(range(20))], [3, 2])
    monkeypatch.setattr(joining, "MOST_BYTES", 0)
    assert rows_used(list(batches()), 1) == ([list(range(20))], [1] * 5)


def test_a_source_may_write_every_batch_into_the_same_arrays(monkeypatch):
    def source():
        x, y = np.empty((4, 1), "float32"), np.empty((4, 1), "float32")
        for one, other in batches():
            x[:], y[:] = one, other
            yield x, y

    monkeypatch.setattr(feed, "Prefetched", Hurried)
    assert rows_used(source(), 1) == ([list(range(20))], [5])
    monkeypatch.setattr(joining, "MOST_BATCHES", 1)
    assert rows_used(source(), 1) == ([list(range(20))], [1] * 5)


@pytest.mark.filterwarnings("ignore:x ran out of data")
def test_an_epoch_that_ends_within_joined_batches_leaves_the_others_for_the_next(monkeypatch):
    monkeypatch.setattr(feed, "Prefetched", Hurried)
    used, sizes = rows_used(list(batches()), 3, steps_per_epoch=2)
    assert used == [list(range(8)), list(range(8, 16)), list(range(16, 20))]
    assert sizes == [2, 2, 1]
    used, _ = rows_used(batches(endless=True), 3, steps_per_epoch=4)
    assert used == [list(range(16)), [*range(16, 20), *range(12)], [*range(12, 20), *range(8)]]


def test_batches_in_front_of_an_exception_are_used(monkeypatch):
    def failing_source():
        yield X[:4], Y[:4]
        yield X[4:8], Y[4:8]
        raise KeyError("the third")

    monkeypatch.setattr(feed, "Prefetched", Hurried)
    blocks = feed.StreamFeed(Stream(failing_source(), "x"), "x").blocks(0)
    assert next(blocks).last == 2
    with pytest.raises(KeyError, match="the third"):
        next(blocks)


def test_no_thread_is_left(model):
    class Stops(lamina.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.fit(batches(endless=True), verbose=0, callbacks=[Stops()])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lamina")]


@pytest.mark.parametrize(
    ("stream", "match"),
    [
        (lambda: (X[:4] for _ in range(2)), "as tuples .* gave a ndarray"),
        (lambda: ([X[:4], Y[:4]] for _ in range(2)), "a list of length 2"),
        (lambda: ((X[:4], Y[:4], Y[:4], Y[:4]) for _ in range(2)), "tuple of length 4"),
        (lambda: ((X[:4], Y[:3]) for _ in range(2)), "differ in length"),
    ],
)
def test_batches_in_a_wrong_form(model, stream, match):
    with pytest.raises(ValueError, match=match):
        model.fit(stream(), verbose=0)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"y": Y}, "y must be part"),
        ({"sample_weight": X[:, 0]}, "sample_weight must be part"),
        ({"validation_split": 0.2}, "can't split a stream"),
        ({"steps_per_epoch": 0}, "steps_per_epoch"),
        ({"validation_data": (batches(), Y)}, "validation_data=stream"),
    ],
)
def test_arguments_that_do_not_go_with_a_stream(model, arguments, match):
    with pytest.raises(ValueError, match=match):
        model.fit(batches(), verbose=0, **arguments)


def test_batch_size_has_no_effect_on_a_stream(model):
    with pytest.warns(UserWarning, match="no effect"):
        model.fit(batches(), batch_size=7, verbose=0)


def test_weights_in_a_dataset_of_tensorflow(model):
    tensorflow = pytest.importorskip("tensorflow")
    weights = np.linspace(0, 2, ROWS).astype("float32")
    wanted = model.fit(X, Y, 4, 2, sample_weight=weights, shuffle=False, verbose=0).history["loss"]
    model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    dataset = tensorflow.data.Dataset.from_tensor_slices((X, Y, weights)).batch(4)
    assert model.fit(dataset, epochs=2, verbose=0).history["loss"] == wanted


def test_a_dataset_of_tensorflow_without_end(model):
    tensorflow = pytest.importorskip("tensorflow")
    wanted = model.fit(X, Y, 4, 2, shuffle=False, verbose=0).history["loss"]
    model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    endless = tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(4).repeat()
    assert model.fit(endless, epochs=2, steps_per_epoch=5, verbose=0).history["loss"] == wanted
    for run in (model.fit, model.evaluate, model.predict):
        with pytest.raises(ValueError, match="repeats without end"):
            run(endless, verbose=0)


def test_a_dataset_of_tensorflow_that_is_not_batched(model):
    tensorflow = pytest.importorskip("tensorflow")
    single = tensorflow.data.Dataset.from_tensor_slices((X, Y[:, 0]))
    with pytest.raises(ValueError, match=r"dataset\.batch\(32\)"):
        model.fit(single, verbose=0)


def test_inputs_by_name_from_a_dataset_of_tensorflow():
    tensorflow = pytest.importorskip("tensorflow")
    inputs = {"one": lamina.Input((1,), name="one"), "two": lamina.Input((1,), name="two")}
    outputs = lamina.layers.Dense(1)(lamina.layers.Concatenate()(list(inputs.values())))
    model = lamina.Model(inputs, outputs)
    model.compile("sgd", "mse")
    data = {"two": 1 - X, "one": X}
    start = model.get_weights()
    wanted = model.fit(data, Y, 4, 2, shuffle=False, verbose=0).history["loss"]
    model.set_weights(start)
    dataset = tensorflow.data.Dataset.from_tensor_slices((data, Y)).batch(4)
    assert model.fit(dataset, epochs=2, verbose=0).history["loss"] == wanted
    np.testing.assert_allclose(model.predict(dataset, verbose=0), model.predict(data, verbose=0), rtol=1e-6)


FORMS = {
    "list": lambda array: array.tolist(),
    "jax": lambda array: lamina.ops.convert_to_tensor(array),
    "pandas": lambda array: pytest.importorskip("pandas").DataFrame(array),
    "polars": lambda array: pytest.importorskip("polars").DataFrame(array),
    "torch": lambda array: pytest.importorskip("torch").from_numpy(array.copy()),
    "tensorflow": lambda array: pytest.importorskip("tensorflow").constant(array),
    "csr": lambda array: pytest.importorskip("scipy.sparse").csr_matrix(array),
    "coo": lambda array: pytest.importorskip("scipy.sparse").coo_array(array),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_arrays_train_alike(model, form):
    wanted = model.fit(X, Y, 4, 2, shuffle=False, verbose=0, validation_split=0.25).history
    model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    x, y = FORMS[form](X), Y if form in ("csr", "coo") else FORMS[form](Y)
    assert model.fit(x, y, 4, 2, shuffle=False, verbose=0, validation_split=0.25).history == wanted
    assert model.evaluate(x, y, verbose=0) == model.evaluate(X, Y, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_tables_as_targets_and_weights(model, library):
    frames = pytest.importorskip(library)
    weights = np.linspace(0, 2, ROWS)
    wanted = model.fit(X, Y, 4, shuffle=False, verbose=0, sample_weight=weights).history
    model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    frame = frames.DataFrame({"x": X[:, 0], "y": Y[:, 0], "weight": weights})
    found = model.fit(frame[["x"]], frame["y"], 4, shuffle=False, verbose=0, sample_weight=frame["weight"]).history
    assert found == wanted


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_arrays_on_the_host_give_the_same(model, monkeypatch, shuffle):
    """Blocks of two steps from the host, then a smaller batch, train as arrays on the device do."""
    results = []
    for budget in (float("inf"), 0):
        monkeypatch.setattr(feed, "device_budget", lambda budget=budget: budget)
        monkeypatch.setattr(feed, "_BLOCK_BYTES", 2 * 6 * 8)
        model.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
        lamina.utils.set_random_seed(2)
        losses = model.fit(X, Y, 6, 2, shuffle=shuffle, verbose=0, validation_split=0.2).history
        results.append((losses, [weight.tolist() for weight in model.get_weights()]))
    assert results[0] == results[1]


def test_memory_mapped_files_are_read_batch_by_batch(model, tmp_path):
    np.save(tmp_path / "x.npy", X.astype("float64"))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    wanted = model.evaluate(X, Y, verbose=0)
    assert isinstance(feed.array_feed(lamina.training.inputs.batch_of(mapped, Y), 4), feed.HostFeed)
    np.testing.assert_allclose(model.evaluate(mapped, Y, verbose=0), wanted, rtol=1e-6)
    np.testing.assert_allclose(model.predict(mapped, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(mapped, Y, verbose=0, validation_split=0.5)


@pytest.mark.skipif(not pathlib.Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_memory_mapped_file_does_not_fill_the_memory(tmp_path):
    """A pass over a file keeps no page of it, shuffled or not; the file is sparse, and costs no disk."""
    size = 96 * 1024**2
    np.lib.format.open_memmap(tmp_path / "x.npy", "w+", "float32", (size // 4096, 1024)).flush()
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    model = lamina.Sequential([lamina.Input((1024,)), lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(mapped, np.zeros(len(mapped)), 2048, 1, verbose=0)
    assert resident_file_bytes(mapped) < size / 10


def resident_file_bytes(mapped):
    """Return how much of a mapped file lies in this process."""
    inside, found = False, 0
    for line in pathlib.Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            inside = line.endswith(str(mapped.filename))
        elif inside and line.startswith("Rss:"):
            found += int(line.split()[1]) * 1024
    return found
