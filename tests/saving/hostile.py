"""Model files with something in them that must not be there, and what makes them."""

import json
import zipfile

import lamina


def model_with_everything():
    """A compiled model in whose configuration an object stands in every kind of place."""
    layers = lamina.layers
    model = lamina.Sequential(
        [
            lamina.Input((5, 4)),
            layers.TimeDistributed(layers.Dense(3, kernel_regularizer="l2", kernel_constraint="max_norm")),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.RNN(layers.GRUCell(2)),
            layers.Dense(2, activation="relu"),
        ],
        name="victim",
    )
    rate = lamina.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(lamina.optimizers.SGD(rate), lamina.losses.MeanSquaredError(), metrics=[lamina.metrics.Mean()])
    return model


# Where an object stands in the configuration of that model: how to put another one there.
PLACES = {
    "model": lambda config, node: (config.clear(), config.update(node)),
    "layer": lambda config, node: config["config"]["layers"].__setitem__(4, node),
    "layer of a wrapper": lambda config, node: config["config"]["layers"][1]["config"].update(layer=node),
    "layer of a bidirectional": lambda config, node: config["config"]["layers"][2]["config"].update(layer=node),
    "backward layer": lambda config, node: config["config"]["layers"][2]["config"].update(backward_layer=node),
    "cell": lambda config, node: config["config"]["layers"][3]["config"].update(cell=node),
    "activation": lambda config, node: config["config"]["layers"][4]["config"].update(activation=node),
    "initializer": lambda config, node: config["config"]["layers"][4]["config"].update(kernel_initializer=node),
    "regularizer": lambda config, node: config["config"]["layers"][4]["config"].update(bias_regularizer=node),
    "constraint": lambda config, node: config["config"]["layers"][4]["config"].update(bias_constraint=node),
    "dtype": lambda config, node: config["config"]["layers"][4]["config"].update(dtype=node),
    "optimizer": lambda config, node: config["compile_config"].update(optimizer=node),
    "schedule": lambda config, node: config["compile_config"]["optimizer"]["config"].update(learning_rate=node),
    "loss": lambda config, node: config["compile_config"].update(loss=node),
    "metric": lambda config, node: config["compile_config"].update(metrics=[node]),
}


def parts_of(path):
    """The members of an archive, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(path, members, compression=zipfile.ZIP_STORED):
    """An archive with these members; returns its path."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def with_config(path, source, change):
    """A copy of an archive whose configuration was changed by a function; returns its path."""
    members = parts_of(source)
    config = json.loads(members["config.json"])
    change(config)
    return archive_of(path, {**members, "config.json": json.dumps(config)})


def with_weights(path, source, weights):
    """A copy of an archive with other weights; returns its path."""
    return archive_of(path, {**parts_of(source), "model.weights.h5": weights})
