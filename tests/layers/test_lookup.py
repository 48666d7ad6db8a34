"""Vocabularies, bins and texts against Keras; nothing is read because a file says so."""

import keras
import numpy as np
import pytest

import lamina

WORDS = ["cat", "dog", "bird", "dog", "cat", "dog", "fish"]
TEXTS = ["The cat, the dog!", "A bird... the cat", "dog-dog bird"]


@pytest.fixture(autouse=True)
def _quiet_tensorflow(monkeypatch):
    pytest.importorskip("tensorflow")


def both(name, *args, **options):
    return getattr(lamina.layers, name)(*args, **options), getattr(keras.layers, name)(*args, **options)


def same(ours, theirs, data):
    received, expected = ours(data), theirs(data)
    np.testing.assert_allclose(np.asarray(received), np.asarray(expected), rtol=1e-5)
    return received


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("options", [{}, {"mask_token": ""}, {"max_tokens": 4, "pad_to_max_tokens": True}])
def test_string_lookup(mode, options):
    ours, theirs = both("StringLookup", output_mode=mode, **options)
    data = np.array(WORDS)
    ours.adapt(data)
    theirs.adapt(data)
    assert ours.get_vocabulary() == theirs.get_vocabulary()
    assert ours.get_vocabulary(include_special_tokens=False) == theirs.get_vocabulary(include_special_tokens=False)
    assert ours.vocabulary_size() == theirs.vocabulary_size()
    same(
        ours, theirs, np.array([["dog", "cat"], ["whale", "bird"]]) if mode != "one_hot" else np.array(["dog", "whale"])
    )
    again = lamina.layers.StringLookup.from_config(ours.get_config())
    assert again.get_vocabulary() == ours.get_vocabulary()


@pytest.mark.filterwarnings("ignore")
def test_strings_and_back():
    forth = lamina.layers.StringLookup(vocabulary=["a", "b"])
    back = lamina.layers.StringLookup(vocabulary=["a", "b"], invert=True)
    assert forth(["b", "z"]).tolist() == [2, 0]
    assert forth([b"b", b"a"]).tolist() == [2, 1]
    assert back(np.array([2, 0, 1])).tolist() == ["b", "[UNK]", "a"]  # Keras fails here on JAX


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count", "tf_idf"])
@pytest.mark.parametrize("options", [{}, {"mask_token": 0}, {"num_oov_indices": 3}])
def test_integer_lookup(mode, options):
    ours, theirs = both("IntegerLookup", output_mode=mode, **options)
    data = np.array([[12, 36], [12, 5], [12, 7]])
    ours.adapt(data)
    theirs.adapt(data)
    assert [int(one) for one in theirs.get_vocabulary()] == ours.get_vocabulary()
    same(ours, theirs, np.array([[12, 7], [36, 1000]]) if mode != "one_hot" else np.array([12, 1000]))


def test_integer_lookup_in_a_compiled_model():
    layer = lamina.layers.IntegerLookup(vocabulary=[7, 3, 12], mask_token=0)
    model = lamina.Sequential([lamina.Input((2,), dtype="int32"), layer])
    np.testing.assert_array_equal(model.predict(np.array([[3, 0], [12, 99]]), verbose=0), [[3, 0], [4, 1]])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_discretization(mode):
    ours, theirs = both("Discretization", [0.0, 1.0, 2.5], output_mode=mode)
    same(ours, theirs, np.array([[-1.0, 0.0], [1.7, 9.0]], "float32") if mode != "one_hot" else np.array([0.0, 9.0]))


def test_discretization_learns_quantiles():
    layer = lamina.layers.Discretization(num_bins=4)
    data = np.random.default_rng(0).normal(size=1000)
    layer.adapt(data)
    counts = np.bincount(layer(data))
    assert counts.tolist() == pytest.approx([250] * 4, abs=2)
    again = lamina.layers.Discretization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(data), layer(data))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_tokens": 4},
        {"output_sequence_length": 3},
        {"ngrams": 2},
        {"ngrams": (1, 3)},
        {"standardize": None},
        {"standardize": "lower"},
        {"standardize": "strip_punctuation"},
        {"split": "character"},
        {"split": None},
        {"output_mode": "multi_hot"},
        {"output_mode": "count", "max_tokens": 20, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf"},
    ],
)
def test_text_vectorization(options):
    ours, theirs = both("TextVectorization", **options)
    ours.adapt(TEXTS)
    theirs.adapt(TEXTS)
    assert ours.get_vocabulary() == theirs.get_vocabulary()
    assert ours.vocabulary_size() == theirs.vocabulary_size()
    received = same(ours, theirs, ["the dog saw a whale.", "cat"])
    again = lamina.layers.TextVectorization.from_config(ours.get_config())
    np.testing.assert_allclose(again(["the dog saw a whale.", "cat"]), received)


def test_own_functions_clean_and_cut():
    layer = lamina.layers.TextVectorization(standardize=str.upper, split=lambda text: text.split("/"))
    layer.adapt(["a/b", "b"])
    assert layer.get_vocabulary() == ["", "[UNK]", "B", "A"]
    assert layer(["b/x"]).tolist() == [[2, 1]]


def test_a_file_is_read_where_code_names_it_and_never_where_a_configuration_does(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\nb\n")
    for name in ("StringLookup", "TextVectorization"):
        layer = getattr(lamina.layers, name)(vocabulary=str(path))
        assert layer.get_vocabulary(include_special_tokens=False) == ["a", "b"]
        assert str(path) not in str(layer.get_config())
        with pytest.raises(ValueError, match="names the file .* which is not read"):
            type(layer).from_config({**layer.get_config(), "vocabulary": str(path)})
    with pytest.raises(ValueError, match="which is not read"):
        lamina.layers.IntegerLookup.from_config({"vocabulary": "/etc/passwd"})


def test_saved_and_loaded(tmp_path):
    layer = lamina.layers.StringLookup()
    layer.adapt(WORDS)
    layer.save_assets(tmp_path)
    other = lamina.layers.StringLookup()
    other.load_assets(tmp_path)
    assert other.get_vocabulary() == layer.get_vocabulary()
    model = lamina.Sequential([lamina.Input((1,), dtype="int32"), lamina.layers.IntegerLookup(vocabulary=[5, 9])])
    model.save(tmp_path / "model.keras")
    loaded = lamina.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(np.array([[9], [1]]), verbose=0), [[2], [0]])


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda layers: layers.StringLookup()(["a"]), "has no vocabulary yet"),
        (lambda layers: layers.StringLookup(vocabulary=["a", "a"]), "holds 'a' twice"),
        (
            lambda layers: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]),
            "'b' is not in the vocabulary",
        ),
        (lambda layers: layers.IntegerLookup(vocabulary=[1], num_oov_indices=0)([2]), "2 is not in the vocabulary"),
        (lambda layers: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), "more than max_tokens"),
        (lambda layers: layers.StringLookup(num_oov_indices=2), "are not supported"),
        (lambda layers: layers.StringLookup(invert=True, output_mode="count"), "invert=True needs"),
        (lambda layers: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"), "idf_weights go together"),
        (lambda layers: layers.StringLookup(vocabulary=["a"])(lamina.Input((1,))), "can't be part of a compiled model"),
        (lambda layers: layers.TextVectorization()(["a"]), "has no vocabulary yet"),
        (lambda layers: layers.TextVectorization(ragged=True), "are not supported"),
        (lambda layers: layers.TextVectorization(standardize="x"), "standardize must be one of"),
        (lambda layers: layers.Discretization(), "exactly one of bin_boundaries and num_bins"),
        (lambda layers: layers.Discretization([1.0, 0.0]), "must ascend"),
        (lambda layers: layers.Discretization(num_bins=2)(np.ones(2)), "has no boundaries yet"),
    ],
)
def test_errors(act, message):
    with pytest.raises(ValueError, match=message):
        act(lamina.layers)
