"""Ways in that model files have offered: each is closed. Ids are those of the advisories where there is one."""

import base64
import io
import json
import marshal
import os
import pickle
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, load_model

from .hostile import PLACES, archive_of, model_with_everything, parts_of, with_config, with_weights
from .watched import watched


@pytest.fixture(scope="module")
def victim(tmp_path_factory):
    path = tmp_path_factory.mktemp("victim") / "victim.keras"
    model_with_everything().save(path)
    load_model(path)  # whatever is done only once in a process is done now
    return path


def refused(path, folder, match=None, load=load_model, memory=True):
    with watched(folder, memory), pytest.raises(LoadError, match=match) as caught:
        load(path)
    assert Path(path).name in str(caught.value)
    return str(caught.value)


def code_of_a_lambda():
    return base64.b64encode(marshal.dumps((lambda x: os.system("touch stolen")).__code__)).decode()


class Evil:
    def __reduce__(self):
        return os.system, ("touch stolen",)


NODES = {
    "CVE-2024-3660 lambda": {
        "class_name": "__lambda__",
        "config": {"code": code_of_a_lambda(), "defaults": [1], "closure": None},
    },
    "CVE-2024-3660 Lambda layer": {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {
            "name": "lambda",
            "function": {"class_name": "__lambda__", "config": {"code": code_of_a_lambda(), "closure": None}},
        },
        "registered_name": None,
    },
    "CVE-2024-3660 older": {
        "class_name": "Lambda",
        "config": {
            "name": "lambda",
            "function": [code_of_a_lambda(), None, None],
            "function_type": "lambda",
            "module": "os",
            "output_shape": None,
            "arguments": {},
        },
    },
    "CVE-2025-1550 class": {"module": "os", "class_name": "system", "config": {"command": "touch stolen"}},
    "CVE-2025-1550 function": {
        "module": "os",
        "class_name": "function",
        "config": "system",
        "registered_name": "system",
    },
    "CVE-2025-1550 import": {"module": "antigravity", "class_name": "function", "config": "fly"},
    "CVE-2025-1550 builtin": {"module": "builtins", "class_name": "function", "config": "exec"},
    "CVE-2025-1550 type": {"class_name": "__typespec__", "spec_name": "os.system", "config": ["touch stolen"]},
    "CVE-2025-8747 download": {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
        "registered_name": "get_file",
    },
    "CVE-2025-9906 switch": {
        "module": "keras.config",
        "class_name": "function",
        "config": "enable_unsafe_deserialization",
        "registered_name": "enable_unsafe_deserialization",
    },
    "CVE-2025-9906 call": {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {}},
    "CVE-2025-49655 pickle": {
        "module": "keras.layers",
        "class_name": "TorchModuleWrapper",
        "config": {"name": "t", "module": base64.b64encode(pickle.dumps(Evil())).decode()},
        "registered_name": None,
    },
    "CVE-2026-1462 model on disk": {
        "module": "keras.layers",
        "class_name": "TFSMLayer",
        "config": {"filepath": "/etc", "call_endpoint": "serve"},
        "registered_name": None,
    },
    "function save_model": {"module": "keras.saving", "class_name": "function", "config": "save_model"},
    "function save_img": {"module": "keras.utils", "class_name": "function", "config": "save_img"},
    "function clear_session": {"module": "keras.utils", "class_name": "function", "config": "clear_session"},
    "function register": {
        "module": "keras.saving",
        "class_name": "function",
        "config": "register_keras_serializable",
    },
    "lamina's own insides": {"module": "lamina.saving.atomic", "class_name": "function", "config": "written_file"},
    "numpy": {"module": "numpy", "class_name": "load", "config": {"file": "/etc/passwd", "allow_pickle": True}},
    "config is a list": {"module": "keras.layers", "class_name": "Dense", "config": ["units", 3]},
    "config is a text": {"module": "keras.layers", "class_name": "Dense", "config": "units"},
    "config is a number": {"module": "keras.layers", "class_name": "Dense", "config": 7},
    "class is a list": {"module": "keras.layers", "class_name": ["Dense"], "config": {"units": 2}},
    "module is a dictionary": {"module": {"a": 1}, "class_name": "Dense", "config": {"units": 2}},
    "two names": {"module": "os", "class_name": "system", "registered_name": "Dense", "config": {"units": 2}},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("node", NODES)
def test_an_object_in_the_wrong_place(victim, node, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = with_config(tmp_path / "evil.keras", victim, lambda config: PLACES[place](config, NODES[node]))
    refused(path, tmp_path, memory=False)
    assert os.listdir(tmp_path) == ["evil.keras"]


@pytest.mark.parametrize("flag", [True, False, None])
def test_no_flag_switches_the_safety_off(victim, flag, tmp_path):
    lambda_layer = NODES["CVE-2024-3660 Lambda layer"]
    path = with_config(tmp_path / "evil.keras", victim, lambda config: PLACES["layer"](config, lambda_layer))
    refused(path, tmp_path, "Lambda", lambda path: load_model(path, safe_mode=flag))
    with pytest.raises(ValueError, match=r"[Ll]ambda"):
        lamina.saving.deserialize_keras_object(lambda_layer, safe_mode=bool(flag))
    with pytest.raises(ValueError, match=r"[Ll]ambda"):
        lamina.layers.Lambda.from_config(dict(lambda_layer["config"]), safe_mode=flag)


def test_a_registered_function_may_not_pose_as_another_class(victim, tmp_path):
    registered = lamina.saving.get_custom_objects()
    registered["shop>Till"] = lamina.layers.Dropout
    try:
        node = {
            "module": "keras.layers",
            "class_name": "Dense",
            "registered_name": "shop>Till",
            "config": {"rate": 0.5},
        }
        path = with_config(tmp_path / "evil.keras", victim, lambda config: PLACES["layer"](config, node))
        refused(path, tmp_path, "contradicts itself")
    finally:
        del registered["shop>Till"]


@pytest.mark.parametrize("place", ["build_config", "inbound_nodes", "input_layers", "name", "layers"])
@pytest.mark.parametrize("value", [{"class_name": "system", "module": "os", "config": {}}, "x", 7, [[["a", 0, 0]]], {}])
def test_parts_that_are_not_what_they_should_be(place, value, tmp_path):
    inputs = lamina.Input((4,), name="a")
    lamina.Model(inputs, lamina.layers.Dense(2)(inputs)).save(tmp_path / "good.keras")

    def change(config):
        layer = config["config"]["layers"][1]
        {"build_config": layer, "inbound_nodes": layer, "name": layer["config"]}.get(place, config["config"])[place] = (
            value
        )

    path = with_config(tmp_path / "evil.keras", tmp_path / "good.keras", change)
    with watched(tmp_path):
        try:
            model = load_model(path)
        except LoadError:
            return
    assert model.count_params() == 10  # parts that say nothing new may be ignored


@pytest.mark.parametrize(
    "change", [{"units": 10**12}, {"units": -1}, {"units": 2**63}, {"units": "3"}, {"units": 1e30}]
)
def test_sizes_that_no_file_holds(victim, change, tmp_path):
    def edit(config):
        config["config"]["layers"][4]["config"].update(change)

    refused(with_config(tmp_path / "evil.keras", victim, edit), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "[" * 100_000,
        '{"class_name": "Sequential", "class_name": "Model"}',
        '{"class_name": "Sequential", "config": NaN}',
        '{"class_name": "Sequential", "config": ' + "7" * 400 + "}",
        '{"class_name": "Sequential", "config": 1e999}',
        '{"class_name": "Sequential"',
        "",
    ],
)
def test_texts_that_are_not_plain_json(victim, text, tmp_path):
    path = archive_of(tmp_path / "evil.keras", {**parts_of(victim), "config.json": text})
    refused(path, tmp_path, "config.json")


# HDF5


def h5(make):
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        make(file)
    return data.getvalue()


def fill_values_only(file):
    file.create_dataset("layers/dense/vars/0", (10**6, 10**6), "f4", chunks=(1000, 1000), compression="gzip")


def never_written(file):
    space = h5py.h5s.create_simple((10**6, 10**6))
    group = file.create_group("layers/dense/vars")
    h5py.h5d.create(group.id, b"0", h5py.h5t.NATIVE_FLOAT, space)


def one_chunk_of_zeros(file):
    zeros = np.zeros((8000, 8000), "f4")
    file.create_dataset("layers/dense/vars/0", data=zeros, chunks=zeros.shape, compression="gzip")


def values_elsewhere(file):
    group = file.create_group("layers/dense/vars")
    group.create_dataset("0", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def a_soft_link(file):
    file.create_group("layers/dense/vars")
    file["layers/dense/vars/0"] = h5py.SoftLink("/layers/other")


def a_soft_link_on_the_way(file):
    file.create_group("elsewhere/vars")
    file.create_group("layers")
    file["layers/dense"] = h5py.SoftLink("/elsewhere")


def an_external_link(file):
    file.create_group("layers/dense/vars")
    file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")


def an_external_link_at_the_top(file):
    file["layers"] = h5py.ExternalLink("other.h5", "/layers")


def a_group_in_itself(file):
    group = file.create_group("layers/dense")
    group["again"] = file["layers"]


def a_virtual_dataset(file):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(4,))
    file.create_group("layers/dense/vars").create_virtual_dataset("0", layout)


def references(file):
    group = file.create_group("layers/dense/vars")
    group.create_dataset("0", (4,), h5py.ref_dtype)


def objects(file):
    group = file.create_group("layers/dense/vars")
    group.create_dataset("0", (4,), h5py.vlen_dtype(np.float32))


def texts(file):
    file.create_group("layers/dense/vars")["0"] = ["a", "b"]


def a_foreign_filter(file):
    group = file.create_group("layers/dense/vars")
    group.create_dataset("0", data=np.ones((4, 4), "f4"), chunks=(4, 4), compression="lzf")


@pytest.mark.parametrize(
    "make",
    [
        fill_values_only,
        never_written,
        one_chunk_of_zeros,
        values_elsewhere,
        a_soft_link,
        a_soft_link_on_the_way,
        an_external_link,
        an_external_link_at_the_top,
        a_group_in_itself,
        a_virtual_dataset,
        references,
        objects,
        texts,
        a_foreign_filter,
    ],
)
def test_weights_that_are_not_plain_numbers(make, tmp_path):
    shape = {fill_values_only: (10**6, 10**6), never_written: (10**6, 10**6), one_chunk_of_zeros: (8000, 8000)}
    inputs, units = shape.get(make, (4, 4))
    model = lamina.Sequential([lamina.Input((inputs,)), lamina.layers.Dense(units, use_bias=False)])
    path = tmp_path / "evil.weights.h5"
    path.write_bytes(h5(make))
    refused(path, tmp_path, load=model.load_weights)
    assert os.listdir(tmp_path) == ["evil.weights.h5"]


def test_an_enormous_attribute_is_read_only_if_it_is_asked_for(tmp_path):
    def make(file):
        group = file.create_group("layers/dense/vars")
        group.attrs["other"] = "x" * 2**26
        group["0"] = np.ones((4, 4), "f4")

    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(4, use_bias=False)])
    (tmp_path / "large.weights.h5").write_bytes(h5(make))
    with watched(tmp_path, memory=True):
        model.load_weights(tmp_path / "large.weights.h5")


# Archives and folders


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_members_that_inflate_a_thousandfold(victim, name, tmp_path):
    bomb = b"\x89HDF\r\n\x1a\n" + bytes(2**27) if name.endswith("h5") else b" " * 2**27
    path = archive_of(tmp_path / "evil.keras", {**parts_of(victim), name: bomb}, zipfile.ZIP_DEFLATED)
    refused(path, tmp_path, f"{name}.*(times as many|too many for a text)")


def test_a_bomb_among_the_assets_is_never_touched(victim, tmp_path):
    members = {**parts_of(victim), "assets/vocabulary.txt": b"0" * 2**27}
    path = archive_of(tmp_path / "evil.keras", members, zipfile.ZIP_DEFLATED)
    with watched(tmp_path, memory=True):
        load_model(path)
    assert os.listdir(tmp_path) == ["evil.keras"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "a\\b",
        "C:/evil",
        "http://example.org/x",
        "a\0b",
        "./config.json",
        "a//b",
    ],
)
def test_names_that_lead_elsewhere(victim, name, tmp_path):
    stand_in = "n" * len(name.encode())  # zipfile itself would not write such names
    path = archive_of(tmp_path / "evil.keras", {**parts_of(victim), stand_in: b"x"})
    data = path.read_bytes().replace(stand_in.encode(), name.encode())
    path.write_bytes(data)
    refused(path, tmp_path, "no plain name")


def test_members_that_stand_twice(victim, tmp_path):
    members = parts_of(victim)
    with zipfile.ZipFile(tmp_path / "evil.keras", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("config.json", b"{}")
    refused(tmp_path / "evil.keras", tmp_path, "two members")


def test_links_and_encrypted_members(victim, tmp_path):
    members = parts_of(victim)
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "evil.keras", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(link, "/etc/passwd")
    refused(tmp_path / "evil.keras", tmp_path, "link")
    data = bytearray(victim.read_bytes())
    for place in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        data[place] |= 1
    (tmp_path / "locked.keras").write_bytes(data)
    refused(tmp_path / "locked.keras", tmp_path, "encrypted")


def test_a_hundred_thousand_members(victim, tmp_path):
    directory = b"".join(
        b"PK\x01\x02" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"%05d" % index
        for index in range(100_000)
    )
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    (tmp_path / "evil.keras").write_bytes(directory + end)
    refused(tmp_path / "evil.keras", tmp_path, "directory")


def test_something_before_or_after_the_archive(victim, tmp_path):
    data = victim.read_bytes()
    for name, changed in {"two": data + data, "tail": data + b"#!/bin/sh", "head": b"#!/bin/sh\n" + data}.items():
        (tmp_path / f"{name}.keras").write_bytes(changed)
        refused(tmp_path / f"{name}.keras", tmp_path, "appended|belong to no member")


def test_a_directory_that_contradicts_the_members(victim, tmp_path):
    data = bytearray(victim.read_bytes())
    place = data.find(b"config.json")
    data[place : place + 6] = b"other."  # the name beside the data, not the one in the directory
    (tmp_path / "evil.keras").write_bytes(data)
    refused(tmp_path / "evil.keras", tmp_path, "contradicts itself")


def test_a_folder_of_links(victim, tmp_path):
    (tmp_path / "evil").mkdir()
    for name, data in parts_of(victim).items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / "evil" / name).symlink_to(tmp_path / name)
    refused(tmp_path / "evil", tmp_path, "link")


def test_files_of_other_kinds_choose_no_other_reader(victim, tmp_path):
    for name, data in {
        "pickle.keras": pickle.dumps(Evil()),
        "model.npz": victim.read_bytes()[:-30],
        "saved_model.pb": b"\x08\x01",
        "model.pt": b"PK\x03\x04data.pkl",
    }.items():
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, tmp_path)


def test_weights_cut_off_or_of_another_file(victim, tmp_path):
    weights = parts_of(victim)["model.weights.h5"]
    for cut in (0, 7, 100, len(weights) // 2, len(weights) - 1):
        refused(with_weights(tmp_path / "evil.keras", victim, weights[:cut]), tmp_path, r"model\.weights\.h5")
    other = json.dumps({"weights": []}).encode()
    refused(with_weights(tmp_path / "evil.keras", victim, other), tmp_path, "no HDF5 file")
