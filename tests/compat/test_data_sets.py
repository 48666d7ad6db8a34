"""Folders and series as `tf.data.Dataset`s, and text in the place of tensors."""

import numpy as np
import pytest

import lamina
from lamina.compat import data_sets, short_names
from lamina.compat import tensorflow as tf
from lamina.compat.redirect import Mirror
from lamina.layers import TextVectorization


@pytest.fixture
def texts(tmp_path):
    for kind, text in (("bad", "dull film"), ("good", "great film")):
        (tmp_path / kind).mkdir()
        for number in range(6):
            (tmp_path / kind / f"{number}.txt").write_text(f"{text} {number}")
    return tmp_path


def test_texts_go_through_the_steps_of_a_tutorial(texts):
    both = data_sets.text_dataset_from_directory(
        texts, batch_size=4, verbose=False, subset="both", validation_split=1 / 3, seed=1
    )
    train, validation = both
    assert train.class_names == ["bad", "good"] and len(train) == 2 and len(validation) == 1
    batch, labels = next(iter(train))
    assert isinstance(batch.numpy()[0], str) and "film" in batch[0]
    layer = TextVectorization(max_tokens=10, output_sequence_length=3)
    layer.adapt(train.map(lambda text, label: text))
    numbers = train.map(lambda text, label: (layer(tf.expand_dims(text, -1)), label))
    for (tokens, label), (_, same) in zip(numbers.cache().prefetch(1), train.take(2)):
        assert tokens.shape == (4, 3) and set(label.tolist()) == set(same.tolist())
    assert tf.constant(["a", "b"]).shape == (2,)


def test_each_pass_has_an_order_of_its_own(texts):
    train = data_sets.text_dataset_from_directory(texts, batch_size=12, verbose=False, seed=3)
    first, second = (next(iter(train))[0].numpy().tolist() for _ in range(2) if list(train))
    assert first != second and sorted(first) == sorted(second)


def test_series_and_pictures(tmp_path):
    windows = data_sets.timeseries_dataset_from_array(np.arange(6), None, sequence_length=3)
    assert [batch.tolist() for batch in windows.map(lambda batch: batch[:, -1])] == [[2, 3, 4, 5]]
    pillow = pytest.importorskip("PIL.Image")
    (tmp_path / "a").mkdir()
    pillow.fromarray(np.zeros((5, 5, 3), "uint8")).save(tmp_path / "a" / "0.png")
    pictures = data_sets.image_dataset_from_directory(tmp_path, image_size=(4, 4), verbose=False)
    assert next(iter(pictures.take(1)))[0].shape == (1, 4, 4, 3)


def test_scripts_get_them_under_their_addresses():
    for address in ("keras.utils", "tensorflow.keras.preprocessing"):
        mirror = Mirror(address, [data_sets, lamina.utils])
        assert mirror.image_dataset_from_directory is data_sets.image_dataset_from_directory
    assert Mirror("keras.losses", [short_names, lamina.losses]).mae is lamina.losses.mean_absolute_error
