"""Files that are no models, do not fit, or can't be written: a clear error, and nothing lost."""

import errno
import io
import json
import os
import threading
import zipfile

import numpy as np
import pytest

import lamina
from lamina.saving import LoadError, SaveError, atomic, load_model

X = np.random.default_rng(0).random((6, 4), dtype="float32")


def stack(units=3):
    return lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(units), lamina.layers.Dense(2)])


@pytest.fixture
def saved(tmp_path):
    model = stack()
    model.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def rewritten(path, **members):
    """The archive with members replaced: text, bytes, or a function of what was there."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    for name, value in members.items():
        member = {"config": "config.json", "weights": "model.weights.h5"}[name]
        content[member] = value(content[member]) if callable(value) else value
    target = path.with_name("changed.keras")
    with zipfile.ZipFile(target, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
    return target


def edited(change):
    def edit(text):
        config = json.loads(text)
        change(config)
        return json.dumps(config)

    return edit


def test_what_is_no_model(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.keras").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("readme.md", "hello")
    for name, message in {
        "notes.txt": "no complete .keras file",
        "empty.keras": "no complete .keras file",
        "other.keras": "no 'config.json'",
        "missing.keras": "there is no such file",
        ".": "no 'config.json' in the folder",
    }.items():
        with pytest.raises(LoadError, match=message):
            load_model(tmp_path / name)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_off(saved, share):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(LoadError, match="model.keras"):
        load_model(saved)


def test_weights_of_another_shape_are_all_named(saved):
    path = rewritten(saved, config=edited(lambda config: config["config"]["layers"][2]["config"].update(units=5)))
    with pytest.raises(LoadError) as caught:
        load_model(path)
    assert "dense_1/vars/0 (sequential/dense_1/kernel): shape (3, 2) in the file, (3, 5) in the" in str(caught.value)
    assert "dense_1/vars/1 (sequential/dense_1/bias): shape (2,) in the file, (5,) in the model" in str(caught.value)


def test_missing_and_unexpected_weights(tmp_path):
    stack().save_weights(tmp_path / "a.weights.h5")
    deeper = lamina.Sequential([*stack().layers, lamina.layers.Dense(1, name="more")])
    deeper.build((None, 4))
    before = deeper.get_weights()
    with pytest.raises(LoadError, match=r"layers/dense_2/vars/0 .*missing in the file"):
        deeper.load_weights(tmp_path / "a.weights.h5")
    for old, new in zip(before, deeper.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    shallow = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3)])
    with pytest.raises(LoadError, match="the model has no place for it"):
        shallow.load_weights(tmp_path / "a.weights.h5")


def test_mismatches_may_be_skipped(tmp_path):
    model = stack()
    model.save_weights(tmp_path / "a.weights.h5")
    other = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3), lamina.layers.Dense(7)])
    kept = other.layers[1].get_weights()[0]
    with pytest.warns(UserWarning, match=r"(?s)dense_1/kernel.*stay as they were"):
        other.load_weights(tmp_path / "a.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.layers[0].get_weights()[0], model.layers[0].get_weights()[0])
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], kept)


def test_a_class_that_nobody_knows(saved):
    def change(config):
        config["config"]["layers"][1].update(class_name="Dens", registered_name="Dens")

    with pytest.raises(LoadError, match="'Dens'.*Did you mean 'Dense'"):
        load_model(rewritten(saved, config=edited(change)))


@pytest.mark.parametrize(
    "node",
    [
        {"module": "os", "class_name": "system", "config": {"command": "touch stolen"}, "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "subprocess", "class_name": "function", "config": "run", "registered_name": "run"},
        {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}},
        {"module": "keras.layers", "class_name": "Dense", "config": ["units", 3], "registered_name": None},
        "os.system",
    ],
)
@pytest.mark.parametrize("place", ["activation", "kernel_initializer", "kernel_regularizer", "bias_constraint"])
def test_nothing_in_a_config_is_run(saved, node, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = rewritten(saved, config=edited(lambda config: config["config"]["layers"][1]["config"].update({place: node})))
    with pytest.raises(LoadError, match="config.json"):
        load_model(path)
    assert not (tmp_path / "stolen").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ('{"a": NaN}', "NaN"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a": ' + "9" * 400 + "}", "400 digits"),
        ("[]", "does not describe a model"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_json_with_tricks(saved, text, message):
    with pytest.raises(LoadError, match=message):
        load_model(rewritten(saved, config=text))


def test_sizes_that_the_file_does_not_hold(saved):
    path = rewritten(saved, config=edited(lambda config: config["config"]["layers"][2]["config"].update(units=10**12)))
    with pytest.raises(LoadError, match="1000000000000"):
        load_model(path)


def test_member_names_that_lead_elsewhere(saved):
    for name in ("../evil", "/evil", "a\\b", "C:evil"):
        data = io.BytesIO(saved.read_bytes())
        with zipfile.ZipFile(data, "a") as archive:
            archive.writestr(zipfile.ZipInfo(name), "x")
        saved.with_name("evil.keras").write_bytes(data.getvalue())
        with pytest.raises(LoadError, match="no plain name"):
            load_model(saved.with_name("evil.keras"))


def test_a_text_that_inflates_a_thousandfold(saved):
    with zipfile.ZipFile(saved) as archive:
        weights = archive.read("model.weights.h5")
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 50_000_000)
        archive.writestr("model.weights.h5", weights)
    with pytest.raises(LoadError, match="config.json"):
        load_model(saved)


def test_a_folder_that_can_not_be_written_to(saved, tmp_path, monkeypatch):
    before = saved.read_bytes()

    def denied(*args, **kwargs):
        raise OSError(errno.EACCES, "no")

    monkeypatch.setattr(atomic.os, "replace", denied)
    with pytest.raises(SaveError, match="model.keras") as caught:
        stack().save(saved)
    assert caught.value.errno == errno.EACCES
    assert saved.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.keras"]


def test_a_disk_that_is_full(saved, tmp_path, monkeypatch):
    before = saved.read_bytes()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "no")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(SaveError, match="what stood there before is unchanged"):
        stack().save(saved)
    assert saved.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.keras"]


@pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="the system has no fdatasync")
def test_an_error_that_the_disk_tells_before_the_end_is_not_lost(saved, monkeypatch):
    before = saved.read_bytes()
    told = threading.Event()

    def failing(descriptor):
        told.set()
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(atomic.os, "fdatasync", failing)
    monkeypatch.setattr(atomic, "_FLUSH_EVERY", 0)
    with pytest.raises(SaveError, match="Input/output error; nothing was written"), atomic.written_file(saved) as file:
        file.write(b"new")
        assert told.wait(60)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == ["model.keras"]


def test_saving_while_the_interpreter_ends_and_starts_no_threads(saved, monkeypatch):
    def ending(thread):
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", ending)
    with atomic.written_file(saved) as file:
        file.write(b"new")
    assert saved.read_bytes() == b"new"


def test_where_a_model_can_not_go(saved, tmp_path):
    with pytest.raises(SaveError, match="folder .*missing' does not exist"):
        stack().save(tmp_path / "missing" / "model.keras")
    with pytest.raises(ValueError, match=r"ends in '\.keras'"):
        stack().save(tmp_path / "model.pickle")
    with pytest.raises(FileExistsError, match="overwrite=False"):
        stack().save(saved, overwrite=False)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"x")
    with pytest.raises(SaveError, match="something else under this name"):
        stack().save(tmp_path / "photos")
    with pytest.raises(ValueError, match=r"\.weights\.h5"):
        stack().save_weights(tmp_path / "weights.h5")
    with pytest.raises(ValueError, match="no weights to save yet"):
        lamina.Sequential([lamina.layers.Dense(1)]).save_weights(tmp_path / "a.weights.h5")


def test_a_lambda_can_not_be_saved_and_the_old_file_stays(saved):
    before = saved.read_bytes()
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Activation(lambda x: x)])
    with pytest.raises(TypeError, match="lambda can't be written"):
        model.save(saved)
    assert saved.read_bytes() == before


def test_names_in_a_file_do_not_steer_the_terminal():
    assert str(LoadError("evil.keras: \x1b[2J\x9b\r\nis no layer")) == "evil.keras: \\x1b[2J\\x9b\\r\nis no layer"
