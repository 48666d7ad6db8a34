"""Files that layers keep beside their weights: vocabularies of Keras's, and what a layer of one's own writes."""

import io
import os
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, load_model

from .hostile import archive_of, parts_of

INTEGERS = Path(__file__).parent / "assets" / "integer.keras"  # Keras 3.15: IntegerLookup().adapt([3, 5, 5, 7])
VOCABULARY = "assets/layers/integer_lookup/vocabulary.txt"


@lamina.saving.register_keras_serializable("assets")
class Notes(lamina.layers.Layer):
    """A layer with a text of its own, in two files."""

    text = ""

    def call(self, x):
        return x

    def save_assets(self, dir_path):
        Path(dir_path, "notes.txt").write_text(self.text)
        Path(dir_path, "more").mkdir()
        Path(dir_path, "more", "length.txt").write_text(str(len(self.text)))

    def load_assets(self, dir_path):
        self.text = Path(dir_path, "notes.txt").read_text()
        assert Path(dir_path, "more", "length.txt").read_text() == str(len(self.text))


@pytest.mark.parametrize("name", ["model.keras", "model"])
def test_files_of_a_layer_of_ones_own(name, tmp_path):
    notes = Notes(name="notes")
    notes.text = "what to remember"
    lamina.Sequential([lamina.Input((4,)), notes]).save(tmp_path / name)
    assert load_model(tmp_path / name).layers[-1].text == "what to remember"
    if name == "model.keras":
        assert "assets/layers/notes/more/length.txt" in parts_of(tmp_path / name)
    else:
        (tmp_path / "model/assets/layers/notes/link").symlink_to("/etc/passwd")
        with pytest.raises(LoadError, match="link"):
            load_model(tmp_path / name)


def test_a_vocabulary_that_keras_adapted(tmp_path):
    model = load_model(INTEGERS)
    assert model.layers[-1].get_vocabulary() == [-1, 5, 7, 3]
    np.testing.assert_array_equal(model.layers[-1](np.array([3, 9, 5])), [3, 0, 1])
    model.save(tmp_path / "again.keras")
    pytest.importorskip("tensorflow")  # without it Keras has no lookups
    assert keras.saving.load_model(tmp_path / "again.keras").layers[-1].get_vocabulary() == [-1, 5, 7, 3]


@pytest.mark.parametrize("text", [b"-1\nfive", b"-1\n5\n5", b"\xff\xfe", b"-1\n" + b"7" * 400])
def test_a_vocabulary_that_is_none(text, tmp_path):
    path = archive_of(tmp_path / "evil.keras", {**parts_of(INTEGERS), VOCABULARY: text})
    with pytest.raises(LoadError, match="integer_lookup"):
        load_model(path).layers[-1](np.array([5]))


def test_assets_that_unfold_without_end_and_names_that_clash(tmp_path):
    members = {**parts_of(INTEGERS), VOCABULARY: b"1" * 2**26}
    with pytest.raises(LoadError, match="times as many"):
        load_model(archive_of(tmp_path / "bomb.keras", members, zipfile.ZIP_DEFLATED))
    many = {f"assets/layers/integer_lookup/{index}": b"0" * 2**21 for index in range(12)}
    with pytest.raises(LoadError, match="times as many"):
        load_model(archive_of(tmp_path / "bombs.keras", {**parts_of(INTEGERS), **many}, zipfile.ZIP_DEFLATED))
    clash = {"assets/layers/integer_lookup/a": b"x", "assets/layers/integer_lookup/a/b": b"x"}
    with pytest.raises(LoadError, match="integer_lookup"):
        load_model(archive_of(tmp_path / "clash.keras", {**parts_of(INTEGERS), **clash}))
    assert sorted(os.listdir(tmp_path)) == ["bomb.keras", "bombs.keras", "clash.keras"]


@pytest.mark.parametrize("name", ["StringLookup", "TextVectorization"])
def test_weights_of_words_stand_where_keras_looks_for_them(name, tmp_path):
    layer = getattr(lamina.layers, name)(output_mode="tf_idf", name="words")
    layer.adapt(["a cat", "a dog"])
    lamina.Sequential([layer]).save(tmp_path / "model.keras")
    with h5py.File(io.BytesIO(parts_of(tmp_path / "model.keras")["model.weights.h5"])) as file:
        key = {"StringLookup": "string_lookup", "TextVectorization": "text_vectorization"}[name]
        assert file[f"layers/{key}/vars/idf_weights"].shape == (layer.vocabulary_size(),)
    again = load_model(tmp_path / "model.keras").layers[-1]
    assert again.get_vocabulary() == layer.get_vocabulary()
    np.testing.assert_array_equal(again(["a dog"]), layer(["a dog"]))


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization", "Discretization"])
def test_configurations_of_keras(name):
    if name != "Discretization":
        pytest.importorskip("tensorflow")  # without it Keras has no lookups
    kwargs = {"num_bins": 3} if name == "Discretization" else {}
    theirs = getattr(keras.layers, name)(**kwargs)
    ours = getattr(lamina.layers, name).from_config(theirs.get_config())
    back = type(theirs).from_config(ours.get_config())
    assert back.get_config() == theirs.get_config()
