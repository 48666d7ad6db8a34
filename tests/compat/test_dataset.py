"""`tf.data.Dataset`: the order and number of elements, each step, and training from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lamina
from lamina.compat import tensorflow as tf

Dataset = tf.data.Dataset


def _values(dataset):
    return [np.asarray(element).tolist() for element in dataset.as_numpy_iterator()]


def test_slices_of_any_structure():
    dataset = Dataset.from_tensor_slices(({"a": [1, 2], "b": np.eye(2)}, np.array([5, 6])))
    (first, label), _ = list(dataset)
    assert (int(first["a"]), first["b"].tolist(), int(label)) == (1, [1, 0], 5)
    assert len(dataset) == 2
    with pytest.raises(ValueError, match="same number of rows"):
        Dataset.from_tensor_slices(([1, 2], [1]))


STEPS = [
    (lambda d: d.batch(4), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]], 3),
    (lambda d: d.batch(4, drop_remainder=True), [[0, 1, 2, 3], [4, 5, 6, 7]], 2),
    (lambda d: d.batch(4).unbatch().take(2), [0, 1], -2),
    (lambda d: d.take(3), [0, 1, 2], 3),
    (lambda d: d.take(-1), list(range(10)), 10),
    (lambda d: d.skip(8), [8, 9], 2),
    (lambda d: d.skip(-1), [], 0),
    (lambda d: d.take(2).repeat(2), [0, 1, 0, 1], 4),
    (lambda d: d.repeat().take(12).skip(9), [9, 0, 1], 3),
    (lambda d: d.map(lambda x: x * 2).take(3), [0, 2, 4], 3),
    (lambda d: d.filter(lambda x: x % 5 == 0), [0, 5], -2),
    (lambda d: d.shard(3, 1), [1, 4, 7], 3),
    (lambda d: d.take(1).concatenate(d.skip(9)), [0, 9], 2),
    (lambda d: d.cache().prefetch(tf.data.AUTOTUNE).take(1), [0], 1),
    (lambda d: d.apply(lambda one: one.take(1)), [0], 1),
    (lambda d: Dataset.zip((d, d.skip(8))).map(lambda a, b: a + b), [8, 10], 2),
    (lambda d: Dataset.zip(d.repeat(), d.take(1)).map(lambda a, b: a + b), [0], 1),
    (lambda d: d.enumerate(start=5).map(lambda i, x: i).take(2), [5, 6], 2),
    (lambda d: d.filter(lambda x: x < 0).repeat(), [], -1),
]


@pytest.mark.parametrize(("step", "elements", "count"), STEPS, ids=range(len(STEPS)))
def test_steps(step, elements, count):
    dataset = step(Dataset.range(10))
    assert _values(dataset) == elements
    assert _values(dataset) == elements  # and once more
    assert int(dataset.cardinality()) == count
    assert int(tf.data.experimental.cardinality(dataset)) == count


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 5))
def test_shuffle_loses_nothing_and_looks_ahead_no_farther_than_its_buffer(rows, size, seed):
    dataset = Dataset.range(rows).shuffle(size, seed=seed)
    first, second = _values(dataset), _values(dataset)
    assert sorted(first) == sorted(second) == list(range(rows))
    assert all(value - place < size for place, value in enumerate(first))
    again = Dataset.range(rows).shuffle(size, seed=seed)
    assert _values(again) == first and _values(again) == second


def test_shuffle_each_pass_or_once():
    dataset = Dataset.range(50).shuffle(50, seed=1)
    assert _values(dataset) != _values(dataset)
    once = Dataset.range(50).shuffle(50, seed=1, reshuffle_each_iteration=False)
    assert _values(once) == _values(once)

    def after_seed():
        tf.random.set_seed(7)
        return _values(Dataset.range(50).shuffle(50))

    assert after_seed() == after_seed()


def test_map_runs_on_many_at_a_time_but_draws_for_each():
    calls = []

    def scale(x):
        calls.append(1)
        return tf.cast(x, tf.float32) / 2

    assert _values(Dataset.range(200).map(scale)) == [number / 2 for number in range(200)]
    assert len(calls) == 1  # traced, as in TensorFlow
    noise = _values(Dataset.from_tensor_slices(np.zeros(20, "float32")).map(lambda x: x + tf.random.uniform(())))
    assert len(set(noise)) == 20
    layer = lamina.layers.Dropout(0.5, seed=1)
    dropped = _values(Dataset.from_tensor_slices(np.ones((20, 8), "float32")).map(lambda x: layer(x, training=True)))
    assert len({tuple(row) for row in dropped}) > 10


def test_map_of_what_cannot_be_traced():
    odd = Dataset.range(5).map(lambda x: x if int(x) % 2 else -x)
    assert _values(odd) == [0, 1, -2, 3, -4]
    ragged = Dataset.from_generator(lambda: ([0] * n for n in (1, 3)), output_types=tf.int32)
    assert _values(ragged.map(lambda x: tf.size(x))) == [1, 3]
    with pytest.raises(ZeroDivisionError):
        list(Dataset.range(2).map(lambda x: 1 // 0))


def test_generators():
    def make(count=3):
        for index in range(count):
            yield [index, index + 1], index

    spec = (tf.TensorSpec((2,), tf.float32), tf.TensorSpec((), tf.int32))
    dataset = Dataset.from_generator(make, output_signature=spec)
    assert [(x.tolist(), int(y)) for x, y in dataset] == [([0, 1], 0), ([1, 2], 1), ([2, 3], 2)]
    assert next(dataset.as_numpy_iterator())[0].dtype == np.float32
    with pytest.raises(TypeError, match="unknown"):
        len(dataset)
    assert len(_values(Dataset.from_generator(make, (tf.float32, tf.int32), args=[5]).map(lambda x, y: y))) == 5
    with pytest.raises(ValueError, match=r"shape \(2,\), but \(3,\) was announced"):
        list(Dataset.from_generator(make, output_signature=(tf.TensorSpec((3,)), tf.TensorSpec(()))))
    with pytest.raises(TypeError, match="function itself"):
        Dataset.from_generator(make(), output_types=tf.int32)
    with pytest.raises(TypeError, match="output_signature or output_types"):
        Dataset.from_generator(make)


def test_odds_and_ends():
    dataset = Dataset.range(4)
    assert int(dataset.reduce(0, lambda total, x: total + x)) == 6
    assert int(Dataset.from_tensors(3).get_single_element()) == 3
    assert dataset.batch(2).element_spec.shape == (2,)
    assert bool(dataset.skip(9)) and len(dataset.skip(9)) == 0
    assert repr(dataset.repeat()) == "<tf.data.Dataset of lamina with infinitely many elements>"
    with pytest.raises(TypeError, match="infinite"):
        len(dataset.repeat())
    with pytest.raises(ValueError, match="more than one"):
        dataset.get_single_element()
    with pytest.raises(ValueError, match="differ in shape"):
        list(Dataset.from_generator(lambda: iter([[1], [1, 2]]), tf.int32).batch(2))
    with pytest.raises(ValueError, match="file is not supported"):
        dataset.cache("file")
    for step in (lambda: dataset.batch(0), lambda: dataset.shuffle(0)):
        with pytest.raises(ValueError, match="must be positive"):
            step()


def test_training_from_it():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    model = lamina.Sequential([lamina.layers.Dense(1)])
    model.compile(lamina.optimizers.SGD(0.1), "mse")
    train = Dataset.from_tensor_slices((x, y)).map(lambda a, b: (a, b)).shuffle(60).batch(8).prefetch(1)
    test = Dataset.from_tensor_slices((x, y)).batch(16)
    history = model.fit(train, epochs=3, validation_data=test, verbose=0)
    assert history.history["val_loss"][-1] < history.history["val_loss"][0]
    assert model.evaluate(test, verbose=0) == pytest.approx(history.history["val_loss"][-1], rel=1e-5)
    from_inputs_alone = model.predict(Dataset.from_tensor_slices(x).batch(16), verbose=0)
    np.testing.assert_allclose(from_inputs_alone, model.predict(x, verbose=0), rtol=1e-6)
    endless = model.fit(train.repeat(), epochs=2, steps_per_epoch=3, verbose=0)
    assert len(endless.history["loss"]) == 2


def numbers(dataset):
    return [element.tolist() for element in dataset]


def test_windows():
    six = Dataset.range(6)
    windows = six.window(3, shift=2, drop_remainder=True).flat_map(lambda window: window.batch(3))
    assert numbers(windows) == [[0, 1, 2], [2, 3, 4]]
    assert [numbers(window) for window in six.window(3, shift=2)] == [[0, 1, 2], [2, 3, 4], [4, 5]]
    assert [numbers(window) for window in six.window(2, shift=1, stride=3)] == [[0, 3], [1, 4], [2, 5], [3], [4], [5]]
    assert [numbers(window) for window in six.window(1, shift=4)] == [[0], [4]]
    pairs = Dataset.zip((six, six)).window(2)
    assert [(numbers(a), numbers(b)) for a, b in pairs.take(1)] == [([0, 1], [0, 1])]
    split = windows.map(lambda window: (window[:-1], window[-1]))
    assert [(x.tolist(), int(y)) for x, y in split] == [([0, 1], 2), ([2, 3], 4)]
    with pytest.raises(ValueError, match="must be positive"):
        six.window(0)
    with pytest.raises(TypeError, match="a function that returns a data set"):
        list(six.flat_map(lambda one: one))


def test_interleaved():
    mixed = Dataset.range(3).interleave(lambda one: Dataset.from_tensor_slices([one] * 2), cycle_length=2)
    assert numbers(mixed) == [0, 1, 0, 1, 2, 2]
    blocks = Dataset.range(2).interleave(lambda one: Dataset.from_tensor_slices([one] * 3), block_length=2)
    assert numbers(blocks) == [0, 0, 1, 1, 0, 1]


def test_padded_batches():
    ragged = Dataset.from_generator(lambda: iter([[1], [2, 3], [4]]), output_types="int32")
    assert numbers(ragged.padded_batch(2)) == [[[1, 0], [2, 3]], [[4]]]
    assert numbers(ragged.padded_batch(2, padded_shapes=[3], padding_values=-1, drop_remainder=True)) == [
        [[1, -1, -1], [2, 3, -1]]
    ]
    with pytest.raises(ValueError, match="does not fit"):
        list(ragged.padded_batch(2, padded_shapes=[1]))


def test_drawn_from_several():
    zeros, ones = (Dataset.from_tensor_slices([value] * 50) for value in (0, 1))
    mixed = Dataset.sample_from_datasets([zeros, ones], weights=[0.2, 0.8], seed=1)
    drawn = numbers(mixed)
    assert len(drawn) == 100 and sum(drawn) == 50 and np.mean(drawn[:40]) > 0.6
    assert numbers(mixed) == drawn
    assert len(numbers(Dataset.sample_from_datasets([zeros, ones], stop_on_empty_dataset=True))) < 100
    endless = Dataset.sample_from_datasets([zeros.repeat(), ones.repeat()])
    assert len(numbers(endless.take(120))) == 120
    with pytest.raises(ValueError, match="as many weights"):
        Dataset.sample_from_datasets([zeros], weights=[1, 2])
