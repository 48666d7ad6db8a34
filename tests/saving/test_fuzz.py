"""Files with random damage: they load, or raise `LoadError`; nothing else, ever.

A longer run: `python -c "from test_fuzz import run; print(run(100_000))"` in this folder.
"""

import collections
import io
import json
import random
import warnings
import zipfile
from pathlib import Path

import lamina
from lamina.saving import LoadError, load_model
from lamina.saving.hdf5 import Group, Source, open_hdf5

VALUES = [
    *(
        None,
        True,
        0,
        -1,
        3,
        1e30,
        10**12,
        2**62,
        "",
        "relu",
        "keras.layers",
        [],
        {},
        [None, 4],
        "../x",
        [[["a", 0, 0]]],
    ),
    {"class_name": "Dense", "config": {"units": 2}},
    {"class_name": "function", "module": "os", "config": "system"},
    {"class_name": "__tuple__", "items": [1]},
    {"class_name": "__numpy__", "config": {"value": [1], "dtype": "float32"}},
]


def small_model():
    first, second = lamina.Input((4,)), lamina.Input((5, 3))
    joined = lamina.layers.Concatenate()([lamina.layers.Dense(3, "relu")(first), lamina.layers.GRU(2)(second)])
    outputs = lamina.layers.Dense(2, kernel_regularizer="l2")(lamina.layers.Dropout(0.2)(joined) * 2.0)
    model = lamina.Model([first, second], outputs)
    model.compile("adam", "mse", metrics=["mae"])
    return model


def damaged(data, draw):
    """Bytes with some changed, copied from elsewhere, or cut off."""
    data = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 4, 16])):
        place, way = draw.randrange(len(data)), draw.random()
        if way < 0.5:
            data[place] = draw.randrange(256)
        elif way < 0.7:
            data[place : place + 8] = bytes(draw.choice([0, 255, 1, 127, 128]) for _ in range(8))
        elif way < 0.95:
            source, size = draw.randrange(len(data)), draw.randrange(1, 64)
            data[place : place + size] = data[source : source + size]
        else:
            del data[max(1, place) :]
    return bytes(data)


def places_in(value, path=()):
    yield path, value
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places_in(item, (*path, key))


def altered(text, draw):
    """A configuration with parts replaced, removed or exchanged."""
    config = json.loads(text)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        places = [place for place in places_in(config) if place[0]]
        path, _ = draw.choice(places)
        holder = config
        for key in path[:-1]:
            holder = holder[key]
        way = draw.random()
        if way < 0.5:
            holder[path[-1]] = draw.choice(VALUES)
        elif way < 0.7:
            del holder[path[-1]]
        else:
            holder[path[-1]] = json.loads(json.dumps(draw.choice(places)[1]))
    return json.dumps(config)


def outcome(load, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of an optimizer's state that does not fit any more
        try:
            load(*arguments)
        except LoadError:
            return "refused"
    return "loaded"


def read_everything(data):
    def visit(group):
        for name in group.names():
            member = group.get(name)
            _ = member.attributes
            if isinstance(member, Group):
                visit(member)
            else:
                member.read()

    visit(open_hdf5(Source(io.BytesIO(data), 0, len(data), "damaged.h5")))


def run(count, folder=Path(".")):
    """Load `count` damaged archives; return how often each outcome came."""
    small_model().save(folder / "whole.keras")
    whole = (folder / "whole.keras").read_bytes()
    with zipfile.ZipFile(folder / "whole.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    outcomes = collections.Counter()
    for seed in range(count):
        draw = random.Random(seed)
        part = draw.choice(["archive", "weights", "config", "config"])
        changed = {
            "archive": members,
            "weights": {**members, "model.weights.h5": damaged(members["model.weights.h5"], draw)},
            "config": {**members, "config.json": altered(members["config.json"], draw)},
        }[part]
        path = folder / "damaged.keras"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in changed.items():
                archive.writestr(name, data)
        if part == "archive":
            path.write_bytes(damaged(whole, draw))
        outcomes[part, outcome(load_model, path)] += 1
    return outcomes


def test_damaged_archives_load_or_are_refused(tmp_path):
    outcomes = run(120, tmp_path)
    assert len(outcomes) == 6  # each part was refused at times, and at times nothing that matters was hit


def test_damaged_weight_files_are_read_or_refused(tmp_path):
    model = small_model()
    model.save_weights(tmp_path / "whole.weights.h5")
    whole = (tmp_path / "whole.weights.h5").read_bytes()
    outcomes = collections.Counter(
        outcome(read_everything, damaged(whole, random.Random(seed))) for seed in range(2000)
    )
    assert set(outcomes) == {"loaded", "refused"}
