"""Files of tf.keras 2: what the models in them predict and how they go on learning; and `.h5` files with Keras 3."""

import copy
import io
import json
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, legacy_h5
from lamina.saving.hdf5 import Source, open_hdf5
from lamina.saving.hdf5.writer import GroupToWrite, write_hdf5
from lamina.saving.keras2 import modernized

FOLDER = Path(__file__).parent / "legacy"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
# As in tools/make_legacy_models.py.
ROWS = 8
RANDOM = np.random.default_rng(7)
VECTORS = RANDOM.random((ROWS, 4), dtype="float32")
IMAGES = RANDOM.random((ROWS, 8, 8, 2), dtype="float32")
TOKENS = RANDOM.integers(0, 9, (ROWS, 5))
SERIES = RANDOM.random((ROWS, 5, 4), dtype="float32")
LABELS = np.arange(ROWS) % 3
SUMS = VECTORS.sum(axis=1, keepdims=True)
DATA = {
    "stack": (VECTORS, LABELS),
    "normalized": (VECTORS, SUMS),
    "images": (IMAGES, LABELS),
    "text": (TOKENS, LABELS),
    "graph": ([VECTORS, SERIES], [LABELS, SUMS]),
}


def check_predictions(model, name, x):
    predictions = model.predict(x, verbose=0)
    told = EXPECTED[name]["predictions"]
    for mine, expected in zip(predictions if isinstance(predictions, list) else [predictions], told, strict=True):
        np.testing.assert_allclose(mine, np.array(expected), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("file", ["stack.h5", "stack.keras", "normalized.h5", "images.h5", "text.h5", "graph.h5"])
def test_files_of_keras_2_predict_and_train_on(file):
    name = Path(file).stem
    x, y = DATA[name]
    model = lamina.models.load_model(FOLDER / file)
    check_predictions(model, name, x)
    losses = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(losses, EXPECTED[name]["losses"], rtol=1e-4)


def small(api, name="small"):
    layers = api.layers
    inner = api.Sequential([api.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
    inputs = api.Input((4,), name="vectors")
    first = layers.Dense(3, activation="relu", kernel_regularizer="l2", name="first")(inputs)
    joined = layers.Concatenate(name="both")([inner(inputs), first])
    outputs = layers.Dense(3, activation="softmax", name="out")(layers.Dropout(0.0, name="drop")(joined))
    model = api.Model(inputs, outputs, name=name)
    model.compile(api.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(api):
    model = small(api)
    model.fit(VECTORS, LABELS, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return model


def more_losses(model):
    return model.fit(VECTORS, LABELS, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A trained model and the `.h5` file that lamina wrote of it."""
    model = trained(lamina)
    path = tmp_path_factory.mktemp("written") / "model.h5"
    model.save(path)
    return model, path


def test_what_lamina_writes_both_open(written):
    model, path = written
    expected = model.predict(VECTORS, verbose=0)
    ours, theirs = lamina.models.load_model(path), keras.saving.load_model(path)
    np.testing.assert_array_equal(ours.predict(VECTORS, verbose=0), expected)
    np.testing.assert_allclose(theirs.predict(VECTORS, verbose=0), expected, rtol=1e-4, atol=1e-6)
    assert int(ours.optimizer.iterations) == 4
    assert theirs.optimizer.iterations == 4  # Keras drops the rest of the optimizer's state, of its own files as well
    np.testing.assert_array_equal(more_losses(ours), more_losses(copy.deepcopy(model)))


@pytest.mark.parametrize("loss", ["mse", "kl_divergence"])
def test_keras_opens_models_compiled_with_any_name_of_a_loss(loss, tmp_path):
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(2, "softmax")])
    model.compile("sgd", loss)
    model.save(tmp_path / "model.h5")
    keras.saving.load_model(tmp_path / "model.h5")
    assert lamina.models.load_model(tmp_path / "model.h5").compiled


def test_what_keras_writes_lamina_opens(tmp_path):
    theirs = trained(keras)
    theirs.save(tmp_path / "model.h5")
    ours = lamina.models.load_model(tmp_path / "model.h5")
    np.testing.assert_allclose(
        ours.predict(VECTORS, verbose=0), theirs.predict(VECTORS, verbose=0), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(more_losses(ours), more_losses(theirs), rtol=1e-4)


def test_weights_of_a_whole_model(written):
    model, path = written
    other = small(lamina, "other")
    other.load_weights(path)
    np.testing.assert_array_equal(other.predict(VECTORS, verbose=0), model.predict(VECTORS, verbose=0))


def test_weights_alone_in_their_order():
    model = lamina.models.load_model(FOLDER / "graph.h5", compile=False)
    fresh = lamina.models.clone_model(model)
    fresh.load_weights(FOLDER / "graph_weights.h5")
    check_predictions(fresh, "graph", [VECTORS, SERIES])
    with pytest.raises(LoadError, match=r"holds weights alone.*load_weights"):
        lamina.models.load_model(FOLDER / "graph_weights.h5")


def test_weights_by_name():
    stored = lamina.models.load_model(FOLDER / "graph.h5", compile=False)
    dense = lamina.layers.Dense
    model = lamina.Sequential(
        [lamina.Input((4,)), dense(4, name="shared"), dense(9, name="new"), dense(2, name="kind")]
    )
    kept = model.get_weights()
    with pytest.raises(LoadError, match=r"kind/kind/kernel:0 .*shape \(11, 3\) in the file, \(9, 2\) in the model"):
        model.load_weights(FOLDER / "graph_weights.h5", by_name=True)
    np.testing.assert_array_equal(model.get_weights()[0], kept[0])
    with pytest.warns(UserWarning, match=r"(?s)kind.*stay as they were"):
        model.load_weights(FOLDER / "graph_weights.h5", by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(model.get_weights()[0], stored.get_layer("shared").get_weights()[0])
    for index in range(2, 6):
        np.testing.assert_array_equal(model.get_weights()[index], kept[index])


def test_weights_that_do_not_fit_are_all_named(written):
    _, path = written
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3, name="first")])
    with pytest.raises(LoadError) as caught:
        model.load_weights(path)
    assert "inner: the file holds it, the model has no place for it" in str(caught.value)
    assert "out: the file holds it" in str(caught.value)


def test_by_name_needs_names(tmp_path):
    model = small(lamina)
    model.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match="by_name=True is for .h5 files of Keras 2"):
        model.load_weights(tmp_path / "a.weights.h5", by_name=True)


def test_what_can_not_be_written(tmp_path):
    class Own(lamina.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match=r"Only Sequential and Functional.*'own\.keras'"):
        Own().save(tmp_path / "own.h5")
    with pytest.raises(ValueError, match="save_weights"):
        small(lamina).save(tmp_path / "a.weights.h5")
    with pytest.raises(ValueError, match="zipped=True"):
        small(lamina).save(tmp_path / "a.h5", zipped=True)
    assert not list(tmp_path.iterdir())


def test_without_the_optimizer(tmp_path, written):
    model, _ = written
    model.save(tmp_path / "model.hdf5", include_optimizer=False)
    again = lamina.models.load_model(tmp_path / "model.hdf5")
    assert not again.compiled
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])


def test_a_thousand_layers(tmp_path):
    """Whose names do not fit into one attribute of an HDF5 file."""
    names = [f"a_layer_with_a_name_of_some_length_{index:04d}_{'x' * 40}" for index in range(1000)]
    group = GroupToWrite()
    legacy_h5._put_names(group, "layer_names", names)
    assert len(group.attributes) == 2
    data = io.BytesIO()
    write_hdf5(group, data.write)
    with h5py.File(data) as file:
        assert [*file.attrs["layer_names0"], *file.attrs["layer_names1"]] == [name.encode() for name in names]
    root = open_hdf5(Source(data, 0, len(data.getvalue()), "names.h5"))
    assert legacy_h5._names(root, "layer_names") == names


# Words of Keras 2


def layer_of(class_name, **config):
    return lamina.saving.deserialize_keras_object(modernized({"class_name": class_name, "config": config}))


def test_old_names_of_arguments():
    assert layer_of("LeakyReLU", alpha=0.25).negative_slope == 0.25
    assert layer_of("ThresholdedReLU", theta=2.0).threshold == 2.0
    assert layer_of("BatchNormalization", axis=[3], fused=True).axis == 3
    assert layer_of("LSTM", units=2, time_major=False, implementation=1).units == 2
    assert (
        layer_of("Dense", units=2, kernel_initializer={"class_name": "Zeros", "config": {"dtype": "float32"}}).units
        == 2
    )
    policy = {"class_name": "Policy", "config": {"name": "mixed_bfloat16"}}
    assert layer_of("Dense", units=2, dtype=policy).compute_dtype == "bfloat16"
    with pytest.raises(ValueError, match="time_major=True"):
        layer_of("LSTM", units=2, time_major=True)
    with pytest.raises(ValueError, match=r"axis=\[1, 2\]"):
        layer_of("BatchNormalization", axis=[1, 2])


def test_old_optimizers_and_losses():
    rate = layer_of("Adam", lr=0.1, decay=0.5, name="Adam").learning_rate
    assert float(rate) == pytest.approx(0.1)
    optimizer = layer_of("Custom>SGD", learning_rate=0.1, is_legacy_optimizer=False, jit_compile=True)
    assert isinstance(optimizer, lamina.optimizers.SGD)
    loss = layer_of("BinaryCrossentropy", reduction="auto", from_logits=True, fn="binary_crossentropy")
    assert loss.from_logits and loss.reduction == "sum_over_batch_size"


def test_classes_of_the_user_are_left_alone():
    class Own(lamina.layers.Layer):
        def __init__(self, fused, **kwargs):
            super().__init__(**kwargs)
            self.fused = fused

    with lamina.saving.custom_object_scope({"Own": Own}):
        assert layer_of("Own", fused=True).fused is True


def test_a_sequential_of_keras_1():
    layers = [{"class_name": "Dense", "config": {"units": 2, "batch_input_shape": [None, 3], "name": "d"}}]
    model = lamina.saving.deserialize_keras_object(modernized({"class_name": "Sequential", "config": layers}))
    assert model.output_shape == (None, 2)


def test_calls_of_keras_2():
    def node(name, inbound, class_name="Dense", **config):
        return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": inbound}

    layers = [
        node("a", [], "InputLayer", batch_input_shape=[None, 3], ragged=False),
        node("d", [[["a", 0, 0, {}]], [["d", 0, 0, {"training": None}]]], units=3),
        node("n", [[["d", 1, 0, {}]]], "Sequential", layers=[node("i", [], "InputLayer", batch_input_shape=[None, 3])]),
        node("s", [[["n", 1, 0, {}], ["a", 0, 0, {}]]], "Add"),
    ]
    layers[2]["config"]["layers"] += [node("e", [], units=3)]
    graph = {"name": "g", "layers": layers, "input_layers": [["a", 0, 0]], "output_layers": [["s", 0, 0]]}
    model = lamina.saving.deserialize_keras_object(modernized({"class_name": "Model", "config": graph}))
    assert model.output_shape == (None, 3)
    assert model.count_params() == 24


def test_json_of_keras_2():
    with h5py.File(FOLDER / "graph.h5") as file:
        config = json.loads(file.attrs["model_config"])
    text = json.dumps({**config, "keras_version": "2.9.0", "backend": "tensorflow"})
    assert lamina.models.model_from_json(text).count_params() == 261


def test_functions_in_a_graph(tmp_path):
    """Keras reads lamina's file; its own, of such a model, it does not."""
    inputs = lamina.Input((4,))
    model = lamina.Model(inputs, lamina.ops.relu(lamina.layers.Dense(2)(inputs) * 2.0 + 1.0))
    model.save(tmp_path / "m.h5")
    x = np.ones((3, 4), "float32")
    for api in (lamina, keras):
        again = api.saving.load_model(tmp_path / "m.h5")
        np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


@pytest.mark.parametrize("value", [7, 1.5, "layers", [1, 2], ["a", "a"]])
@pytest.mark.parametrize("attribute", ["layer_names", "weight_names"])
def test_lists_of_names_that_are_none(attribute, value, tmp_path):
    lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(2, name="d")]).save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        file["model_weights" if attribute == "layer_names" else "model_weights/d"].attrs[attribute] = value
    with pytest.raises(LoadError, match="is no list of names"):
        lamina.saving.load_model(tmp_path / "m.h5")
    assert "is no list of names" in str(lamina.saving.inspect(tmp_path / "m.h5"))


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_compiled_model_that_was_never_trained(optimizer, tmp_path):
    """Keras writes no slots then: nothing is missing, and there is nothing to warn of."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(optimizer, "mse")
    model.save(tmp_path / "m.h5")
    again = lamina.saving.load_model(tmp_path / "m.h5")
    assert int(again.optimizer.iterations) == 0
