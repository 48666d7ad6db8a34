"""The ways in of `test_attacks.py` tried on `.h5` models, lists of files, pickled models, JSON and `inspect`."""

import io
import json
import pickle

import h5py
import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, inspect, load_model, pickling

from .hostile import PLACES, archive_of, model_with_everything, parts_of, with_config, with_weights
from .test_attacks import (
    NODES,
    a_foreign_filter,
    a_group_in_itself,
    a_soft_link,
    a_virtual_dataset,
    an_external_link,
    an_external_link_at_the_top,
    fill_values_only,
    h5,
    never_written,
    objects,
    one_chunk_of_zeros,
    references,
    texts,
    values_elsewhere,
)
from .watched import watched

HDF5 = [
    a_foreign_filter,
    a_group_in_itself,
    a_soft_link,
    a_virtual_dataset,
    an_external_link,
    an_external_link_at_the_top,
    fill_values_only,
    never_written,
    objects,
    one_chunk_of_zeros,
    references,
    texts,
    values_elsewhere,
]
# Objects that no file of Keras 2 holds in the place of a layer; a function that lamina has may be an activation.
HARMLESS_TO_INSPECT = ("config is", "two names")


@pytest.fixture(scope="module")
def victims(tmp_path_factory):
    """A model as an archive and as an `.h5` file."""
    folder = tmp_path_factory.mktemp("victims")
    model = model_with_everything()
    _ = lamina.layers.Lambda  # loaded when it is first named
    for name in ("victim.keras", "victim.h5"):
        model.save(folder / name)
        load_model(folder / name)  # whatever is done only once in a process is done now
        inspect(folder / name)
    return folder


def h5_with(path, source, change, part="model_config"):
    """A copy of an `.h5` model whose configuration was changed by a function; returns its path."""
    data = io.BytesIO(source.read_bytes())
    with h5py.File(data, "r+") as file:
        config = json.loads(file.attrs[part])
        change(config)
        del file.attrs[part]
        file.attrs[part] = json.dumps(config)
    path.write_bytes(data.getvalue())
    return path


def refused(path, folder, match=None, load=load_model, memory=False):
    with watched(folder, memory), pytest.raises(LoadError, match=match) as caught:
        load(path)
    assert path.name in str(caught.value)


@pytest.mark.parametrize(("place", "version"), [("layer", "3.15.1"), ("layer", "2.9.0"), ("activation", None)])
@pytest.mark.parametrize("node", NODES)
def test_an_object_in_the_wrong_place_of_an_h5_model(victims, node, place, version, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = h5_with(tmp_path / "evil.h5", victims / "victim.h5", lambda config: PLACES[place](config, NODES[node]))
    with h5py.File(path, "r+") as file:
        del file.attrs["keras_version"]
        if version:
            file.attrs["keras_version"] = version
    refused(path, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["evil.h5"]


TRAINING_PLACES = {
    "optimizer": lambda config, node: config.update(optimizer_config=node),
    "loss": lambda config, node: config.update(loss=node),
}


@pytest.mark.parametrize("place", TRAINING_PLACES)
@pytest.mark.parametrize("node", NODES)
def test_an_object_in_the_training_configuration(victims, node, place, tmp_path):
    def change(config):
        TRAINING_PLACES[place](config, NODES[node])

    path = h5_with(tmp_path / "evil.h5", victims / "victim.h5", change, "training_config")
    refused(path, tmp_path)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("node", ["CVE-2024-3660 lambda", "CVE-2024-3660 older", "CVE-2025-1550 function"])
def test_a_pickled_model_is_a_file_like_any(victims, node, place, tmp_path):
    path = with_config(
        tmp_path / "evil.keras", victims / "victim.keras", lambda config: PLACES[place](config, NODES[node])
    )
    data = path.read_bytes()
    with watched(tmp_path), pytest.raises(LoadError, match=r"pickled\.keras"):
        pickling.restored(data, {})


def test_unpickling_takes_no_other_way():
    text = pickle.dumps(model_with_everything()).decode("latin-1")
    assert "lamina.saving.pickling" in text
    assert "__setstate__" not in text and "from_config" not in text


@pytest.mark.parametrize("node", NODES)
def test_json_that_describes_something_else(node):
    for version in ("2.9.0", "3.15.1"):
        layers = [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3]}}, NODES[node]]
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}, "keras_version": version}
        with pytest.raises((ValueError, TypeError)):
            lamina.models.model_from_json(json.dumps(config))


@pytest.mark.parametrize("make", HDF5)
def test_arrays_of_an_h5_model_that_are_none(make, victims, tmp_path):
    path = tmp_path / "evil.h5"
    data = io.BytesIO(h5(make))
    with h5py.File(victims / "victim.h5") as source, h5py.File(data, "r+") as file:
        file.attrs["model_config"] = source.attrs["model_config"]
        if make is an_external_link_at_the_top:
            file["model_weights"] = h5py.ExternalLink("other.h5", "/model_weights")
        else:
            group = file.create_group("model_weights")
            file.move("layers/dense", "model_weights/dense")
            group.attrs["layer_names"] = ["dense"]
            file["model_weights/dense"].attrs["weight_names"] = ["vars/0"]
    path.write_bytes(data.getvalue())
    refused(path, tmp_path, memory=True)


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("layer_names", ["dense", "dense"], "no list of names"),
        ("layer_names", ["nobody"], "no group 'nobody'"),
        ("layer_names", ["../dense"], r"no group '\.\./dense'"),
        ("layer_names", np.zeros(3), "no list of names"),
        ("weight_names", ["/etc/passwd"], "no array '/etc/passwd'"),
        ("weight_names", ["kernel"] * 2, "no list of names"),
    ],
)
def test_lists_that_lie(attribute, value, message, victims, tmp_path):
    path = tmp_path / "evil.h5"
    path.write_bytes((victims / "victim.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        group = file["model_weights"] if attribute == "layer_names" else file["model_weights/dense"]
        del group.attrs[attribute]
        group.attrs[attribute] = value
    refused(path, tmp_path, message)


def test_texts_of_an_h5_model_that_are_not_plain_json(victims, tmp_path):
    for text in ("[" * 50_000, '{"a": NaN}', '{"a": 1, "a": 2}', "", "7"):
        path = tmp_path / "evil.h5"
        path.write_bytes((victims / "victim.h5").read_bytes())
        with h5py.File(path, "r+") as file:
            del file.attrs["model_config"]
            file.attrs["model_config"] = text
        refused(path, tmp_path, "model_config|holds weights alone")


@pytest.mark.parametrize(
    "name",
    ["../m.weights.h5", "/etc/passwd", "a\\b.weights.h5", "C:m.weights.h5", "m.txt", "", 7, ".m.weights.h5", None],
)
def test_lists_of_files_that_lead_elsewhere(name, tmp_path):
    (tmp_path / "evil.weights.json").write_text(json.dumps({"weight_map": {"/layers/dense/vars": [name]}}))
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(4)])
    refused(tmp_path / "evil.weights.json", tmp_path, "no plain name", model.load_weights)


def test_lists_of_files_with_tricks(tmp_path):
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(4)])
    model.save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "link.weights.h5").symlink_to(tmp_path / "m.weights.h5")
    path = tmp_path / "evil.weights.json"
    for text, message in {
        json.dumps({"weight_map": {"/a": "link.weights.h5"}}): "link to another place",
        json.dumps({"weight_map": {"/a": [f"{index}.weights.h5" for index in range(10_001)]}}): "10,001 files",
        json.dumps({"weight_map": {}}): "names no files",
        json.dumps([]): "no 'weight_map'",
        '{"weight_map": {"/a": [], "/a": []}}': "stands twice",
        "[" * 100_000: "nested too deeply",
        "": "no JSON",
    }.items():
        path.write_text(text)
        with watched(tmp_path), pytest.raises(LoadError, match=message):
            model.load_weights(path)


# inspect


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("node", NODES)
def test_inspecting_does_nothing_and_tells(victims, node, suffix, tmp_path):
    def change(config):
        PLACES["layer"](config, NODES[node])

    make = with_config if suffix == "keras" else h5_with
    path = make(tmp_path / f"evil.{suffix}", victims / f"victim.{suffix}", change)
    with watched(tmp_path, memory=True):
        contents = inspect(path)
        told = str(contents)
    if not node.startswith(HARMLESS_TO_INSPECT):
        assert any("layers[4]" in problem for problem in contents.suspicious), contents.suspicious
        assert "suspicious:\n" in told


@pytest.mark.parametrize("make", HDF5)
def test_inspecting_weights_that_are_none(make, victims, tmp_path):
    path = with_weights(tmp_path / "evil.keras", victims / "victim.keras", h5(make))
    with watched(tmp_path, memory=True):
        assert inspect(path).suspicious
    (tmp_path / "evil.weights.h5").write_bytes(h5(make))
    with watched(tmp_path, memory=True):
        assert inspect(tmp_path / "evil.weights.h5").suspicious


def test_inspecting_texts_with_tricks(victims, tmp_path):
    for text in ("[" * 100_000, '{"class_name": "Sequential", "class_name": "M"}', '{"class_name": 7}', "[]", ""):
        members = {**parts_of(victims / "victim.keras"), "config.json": text}
        with watched(tmp_path, memory=True):
            assert inspect(archive_of(tmp_path / "evil.keras", members)).suspicious


def test_names_do_not_steer_the_terminal(victims, tmp_path):
    def change(config):
        config["config"]["name"] = "\x1b[2J\x1b]0;owned\x07"
        config["config"]["layers"][4]["config"]["name"] = "a\nparameters: 0"

    told = str(inspect(with_config(tmp_path / "evil.keras", victims / "victim.keras", change)))
    assert "\x1b" not in told and "\x07" not in told
    assert "\\x1b[2J" in told and "\nparameters: 0" not in told


def test_a_vocabulary_that_is_a_file(victims, tmp_path):
    node = {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    path = with_config(tmp_path / "evil.keras", victims / "victim.keras", lambda config: PLACES["layer"](config, node))
    with watched(tmp_path):
        assert any("/etc/passwd" in problem for problem in inspect(path).suspicious)
    refused(path, tmp_path)
