"""`lamina.saving.inspect` and `lamina inspect`: what is in a file."""

import json
import zipfile

import keras
import numpy as np
import pytest

import lamina
from lamina.cli.main import main
from lamina.saving import LoadError, inspect

from .hostile import with_config

X = np.random.default_rng(0).random((8, 4), dtype="float32")


def model_of(api):
    layers = api.layers
    inner = api.Sequential([api.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
    inputs = api.Input((4,), name="vectors")
    outputs = layers.Dense(2, activation="softmax", name="out")(inner(inputs))
    model = api.Model(inputs, outputs, name="classifier")
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    model = model_of(lamina)
    for name in ("m.keras", "m.h5", "folder"):
        model.save(folder / name)
    for name in ("m.weights.h5", "m.weights.json", "m.safetensors"):
        model.save_weights(folder / name)
    model_of(keras).save(folder / "theirs.keras")
    return folder


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "folder", "theirs.keras"])
def test_whole_models(files, name):
    contents = inspect(files / name)
    assert contents.class_name == "Functional"
    assert contents.name == "classifier"
    assert contents.keras_version.startswith("3.15")
    assert contents.optimizer == "Adam"
    assert contents.loss == "categorical_crossentropy"
    assert contents.metrics == ["accuracy"]
    assert contents.suspicious == []
    assert contents.parameters == model_of(lamina).count_params() == 35
    slots = 0 if name == "theirs.keras" else 2 * 29  # Keras makes them when training starts
    assert sum(array.size for array in contents.optimizer_arrays) == 2 + slots
    told = {layer.name: (layer.class_name, layer.parameters) for layer in contents.layers}
    assert told["out"] == ("Dense", 8)
    assert sum(count for name, (_, count) in told.items() if name.startswith("inner")) == 27


def test_each_layer_and_array(files):
    layers = {layer.name: layer for layer in inspect(files / "m.keras").layers}
    assert list(layers) == ["vectors", "inner/input_layer", "inner/dense", "inner/batch_normalization", "inner", "out"]
    kernel, bias = layers["inner/dense"].arrays
    assert (kernel.path, kernel.shape, kernel.dtype) == ("layers/sequential/layers/dense/vars/0", (4, 3), "float32")
    assert (bias.size, bias.nbytes) == (3, 12)


@pytest.mark.parametrize("name", ["m.weights.h5", "m.weights.json", "m.safetensors"])
def test_weights_alone(files, name):
    contents = inspect(files / name)
    assert contents.class_name is None
    assert contents.parameters == 35
    assert contents.suspicious == []
    assert any(layer.name.endswith("out") and layer.parameters == 8 for layer in contents.layers)


def test_the_report(files):
    told = str(inspect(files / "m.keras"))
    assert "Keras archive" in told and "written by Keras 3.15" in told
    assert "parameters: 35 of float32, 140 bytes" in told
    assert "optimizer: Adam, state 240 bytes" in told
    assert "suspicious: nothing found" in told
    assert all(len(line) < 120 for line in told.splitlines()[1:])


def test_what_a_person_should_look_at(files, tmp_path):
    class Own(lamina.layers.Layer):
        def call(self, x):
            return x

    lamina.saving.register_keras_serializable("shop")(Own)
    try:
        lamina.Sequential([lamina.Input((2,)), Own()]).save(tmp_path / "own.keras")
        assert inspect(tmp_path / "own.keras").suspicious == []
    finally:
        del lamina.saving.get_custom_objects()["shop>Own"]
    assert "names 'Own'" in inspect(tmp_path / "own.keras").suspicious[0]
    with zipfile.ZipFile(tmp_path / "own.keras", "a") as archive:
        archive.writestr("run.sh", "#!/bin/sh")
    assert "run.sh: Keras writes no such member" in inspect(tmp_path / "own.keras").suspicious


def test_what_is_no_file_of_a_model(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(LoadError, match=r"notes\.txt"):
        inspect(tmp_path / "notes.txt")
    with pytest.raises(LoadError, match="there is no such file"):
        inspect(tmp_path / "missing.keras")
    with pytest.raises(TypeError, match="A path is a string"):
        inspect(7)


def test_the_command(files, capsys):
    assert main(["inspect", str(files / "m.keras")]) == 0
    assert "parameters: 35" in capsys.readouterr().out
    assert main(["inspect", "--json", str(files / "m.h5")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["parameters"] == 35 and told["layers"][-1]["name"] == "out"
    assert main(["inspect", "--summary", str(files / "m.keras")]) == 0
    assert "Operations for one row" in capsys.readouterr().out
    assert main(["inspect", str(files / "m.keras"), "--picture", str(files / "m.svg")]) == 0
    assert (files / "m.svg").read_text().startswith("<svg")
    assert main(["inspect", str(files / "missing.keras")]) == 1
    assert "there is no such file" in capsys.readouterr().err


def test_of_very_many_findings_the_first_are_told(tmp_path):
    lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3)]).save(tmp_path / "good.keras")
    strange = [{"module": "os", "class_name": f"Strange{index}", "config": {}} for index in range(5_000)]

    def change(config):
        config["config"]["layers"] += strange

    with_config(tmp_path / "many.keras", tmp_path / "good.keras", change)
    contents = lamina.saving.inspect(tmp_path / "many.keras")
    assert len(contents.layers) == 5_002 and contents.parameters == 15
    assert len(contents.suspicious) == 201 and "only the first 200" in contents.suspicious[-1]


def test_names_and_losses_without_end(tmp_path):
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3)])
    model.compile("adam", "mse")
    model.save(tmp_path / "good.keras")
    nested = json.loads("[" * 400 + "]" * 400)
    with_config(tmp_path / "deep.keras", tmp_path / "good.keras", lambda c: c["compile_config"].update(loss=nested))
    assert "loss: …" in str(inspect(tmp_path / "deep.keras"))
    with_config(tmp_path / "long.keras", tmp_path / "good.keras", lambda c: c["config"].update(name="x" * 10**6))
    assert "a name of 1,000,000 letters" in str(inspect(tmp_path / "long.keras"))
    with pytest.raises(LoadError, match="a name of 1,000,000 letters"):
        lamina.saving.load_model(tmp_path / "long.keras")
