"""Configurations as tf.keras 2 wrote them, said in the words of Keras 3.

Only words change: what comes out is looked up in the same registry, and refused for the same reasons, as what Keras 3
writes. Classes of the user's own are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lamina.core.registry import builtin, get_registered_object

Config = dict[str, Any]

_CLASSES = {"Policy": "DTypePolicy", "BatchNormalizationV1": "BatchNormalization", "ThresholdedReLU": "ReLU"}
_ARGUMENTS = {  # of layers
    ("InputLayer", "batch_input_shape"): "batch_shape",
    ("LeakyReLU", "alpha"): "negative_slope",
    ("ThresholdedReLU", "theta"): "threshold",
}
_GONE = {  # arguments that Keras 3 does not have, and the values that ask for what it does anyway; None for any
    "ragged": (False, None),
    "dynamic": (False,),
    "time_major": (False,),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "fused": None,
    "implementation": None,
    "input_length": None,
    "query_shape": None,
    "key_shape": None,
    "value_shape": None,
    "softmax_robust_masking": None,
}
_MODELS = ("Sequential", "Functional", "Model")
_CONSTANT = "_CONSTANT_VALUE"
_REDUCTIONS = {"auto": "sum_over_batch_size", "AUTO": "sum_over_batch_size"}


def modernized(config: Any) -> Any:
    """Return a configuration of Keras 2 as Keras 3 would write it.

    Raises:
        ValueError: if it uses something that Keras 3 does not have.
    """
    if isinstance(config, list):
        return [modernized(item) for item in config]
    if not isinstance(config, dict):
        return config
    name, inner = config.get("class_name"), config.get("config")
    if not isinstance(name, str) or not isinstance(inner, dict | list) or get_registered_object(name) is not None:
        return {key: modernized(item) for key, item in config.items()}
    if name in _MODELS:
        return {**config, "config": _model(name, inner)}
    config = {key: modernized(item) for key, item in config.items()}
    name = name.removeprefix("Custom>")
    change = _change_for(name)
    if change is None or not isinstance(config["config"], dict):
        return config
    if str(config.get("registered_name")).startswith("Custom>"):
        config["registered_name"] = None
    return {**config, "class_name": _CLASSES.get(name, name), "config": change(name, config["config"])}


def compile_arguments(config: Mapping[str, Any], output_names: list[str] | None = None) -> Config:
    """Return the arguments of `compile` that the training configuration of an `.h5` file describes, of any Keras.

    Args:
        config: the training configuration.
        output_names: of the model, which Keras 2 put before the names of metrics.
    """
    told = {key: config[key] for key in ("loss", "loss_weights", "metrics", "weighted_metrics") if config.get(key)}
    for key in ("metrics", "weighted_metrics"):
        by_output = told.get(key)
        if isinstance(by_output, list) and by_output and all(isinstance(item, list) for item in by_output):
            if len(by_output) == 1:
                told[key] = by_output[0]
            elif output_names and len(output_names) == len(by_output):
                told[key] = [
                    [_without_prefix(metric, f"{name}_") for metric in metrics]
                    for name, metrics in zip(output_names, by_output, strict=True)
                ]
    if config.get("optimizer_config"):
        told["optimizer"] = config["optimizer_config"]
    return modernized(told)


def _without_prefix(metric: Any, prefix: str) -> Any:
    if not isinstance(metric, dict) or not isinstance(metric.get("config"), dict):
        return metric
    name = metric["config"].get("name")
    if not isinstance(name, str):
        return metric
    return {**metric, "config": {**metric["config"], "name": name.removeprefix(prefix)}}


def _change_for(name: str) -> Callable[[str, Config], Config] | None:
    """Return what translates the configuration of one of lamina's own classes."""
    for module, change in _CHANGES.items():
        if builtin(module, _CLASSES.get(name, name)) is not None:
            return change
    return None


def _layer(name: str, config: Config) -> Config:
    config = {_ARGUMENTS.get((name, key), key): value for key, value in config.items()}
    for key, harmless in _GONE.items():
        if key in config and harmless is not None and config[key] not in harmless:
            raise ValueError(f"{name} was saved with {key}={config[key]!r}, which Keras 3 and lamina do not have.")
        config.pop(key, None)
    axis = config.get("axis")
    if name.startswith("BatchNormalization") and isinstance(axis, list):
        if len(axis) != 1:
            raise ValueError(f"BatchNormalization was saved with axis={axis}; Keras 3 and lamina have a single axis.")
        config["axis"] = axis[0]
    if name.endswith("Transpose") and config.get("groups") == 1:
        del config["groups"]
    if name.startswith(("SeparableConv", "DepthwiseConv")):
        of_parts = ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "groups")
        config = {key: value for key, value in config.items() if key not in of_parts}  # which the parts' own say
    return config


def _initializer(name: str, config: Config) -> Config:
    config.pop("dtype", None)  # that of the weight
    if name == "VarianceScaling" and config.get("distribution") == "normal":
        config["distribution"] = "truncated_normal"
    return config


def _optimizer(name: str, config: Config) -> Config:
    for key in ("jit_compile", "is_legacy_optimizer"):
        config.pop(key, None)
    if not config.get("use_ema"):
        config.pop("ema_overwrite_frequency", None)  # which goes with it
    if "lr" in config:
        config["learning_rate"] = config.pop("lr")
    decay = config.pop("decay", 0.0)
    if decay:
        arguments = {"initial_learning_rate": config.get("learning_rate"), "decay_steps": 1, "decay_rate": decay}
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": arguments,
            "registered_name": None,
        }
    if name == "LossScaleOptimizer" and config.pop("dynamic", True) is not True:
        raise ValueError("LossScaleOptimizer was saved with dynamic=False, which Keras 3 and lamina do not have.")
    return config


def _loss(name: str, config: Config) -> Config:
    config["reduction"] = _REDUCTIONS.get(reduction := config.get("reduction", "auto"), reduction)
    if isinstance(config.get("fn"), str):
        config.pop("fn")  # the class says it
    return config


def _metric(name: str, config: Config) -> Config:
    if isinstance(config.get("fn"), str):
        if name != "MeanMetricWrapper":
            config.pop("fn")  # the class says it
        else:
            config["fn"] = {"module": "builtins", "class_name": "function", "config": config["fn"]}
    return config


_CHANGES: dict[str, Callable[[str, Config], Config]] = {
    "keras.layers": _layer,
    "keras.dtype_policies": lambda name, config: config,
    "keras.initializers": _initializer,
    "keras.optimizers": _optimizer,
    "keras.losses": _loss,
    "keras.metrics": _metric,
}


# Models


def _model(name: str, config: Config | list[Any]) -> Any:
    if isinstance(config, list):  # a Sequential of Keras 2.2 and before
        config = {"layers": config}
    layers = config.get("layers")
    if not isinstance(layers, list) or not {"input_layers", "output_layers"} <= set(config):
        return {key: modernized(item) for key, item in config.items()}
    first_calls = _first_calls(layers)
    changed = []
    for layer in layers:
        if not isinstance(layer, dict):
            raise ValueError(f"A layer is described by a dictionary, got {type(layer).__name__}.")
        described = modernized({key: value for key, value in layer.items() if key != "inbound_nodes"})
        changed.append({**described, "inbound_nodes": [_call(node, first_calls) for node in _nodes(layer)]})
    places = {key: _places(config[key], first_calls) for key in ("input_layers", "output_layers")}
    return {**{key: modernized(item) for key, item in config.items() if key != "layers"}, "layers": changed, **places}


def _nodes(layer: Config) -> list[Any]:
    nodes = layer.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise ValueError(f"The calls of a layer are a list, got {type(nodes).__name__}.")
    return nodes


def _first_calls(layers: list[Any]) -> dict[str, int]:
    """Return the number of the first call by name of layer: a model within the model was called when it was made."""
    references: dict[str, set[int]] = {}
    for node in (node for layer in layers if isinstance(layer, dict) for node in _nodes(layer)):
        _collect(node, references)
    models = [layer for layer in layers if isinstance(layer, dict) and layer.get("class_name") in _MODELS]
    names = [str(layer.get("name")) for layer in models]
    return {name: 1 for name in names if 0 not in references.get(name, {0})}


def _collect(value: Any, references: dict[str, set[int]]) -> None:
    if _is_place(value):
        references.setdefault(value[0], set()).add(value[1])
        value = value[3:]
    if isinstance(value, list):
        for item in value:
            _collect(item, references)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, references)


def _is_place(value: Any) -> bool:
    """Tell a reference to a tensor: name of the layer, number of the call, number of the output, maybe arguments."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and type(value[1]) is type(value[2]) is int
        and (len(value) == 3 or isinstance(value[3], dict))
    )


def _call(node: Any, first_calls: dict[str, int]) -> Config:
    """Return a call in the form of Keras 3: positional and keyword arguments."""
    if isinstance(node, dict) and {"args", "kwargs"} <= set(node):
        return node
    kwargs: Config = {}

    def argument(value: Any) -> Any:
        if isinstance(value, list) and value and value[0] == _CONSTANT and len(value) > 2:
            kwargs.update(value[3] if len(value) > 3 and isinstance(value[3], dict) else {})
            return value[2]
        if _is_place(value):
            kwargs.update(value[3] if len(value) == 4 else {})
            return _tensor(value, first_calls)
        if isinstance(value, list):
            return [argument(item) for item in value]
        if isinstance(value, dict):
            return {key: argument(item) for key, item in value.items()}
        return value

    first = argument(node)
    if isinstance(first, list) and len(first) == 1:
        first = first[0]
    told = {key: value for key, value in kwargs.items() if value is not None}
    return {"args": [first], "kwargs": {key: argument(value) for key, value in told.items()}}


def _tensor(place: list[Any], first_calls: dict[str, int]) -> Config:
    history = [place[0], place[1] - first_calls.get(place[0], 0), place[2]]
    return {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": history}}


def _places(structure: Any, first_calls: dict[str, int]) -> Any:
    """Return where the inputs or outputs of a graph are; the only one stands alone."""

    def moved(value: Any) -> Any:
        if _is_place(value):
            return [value[0], value[1] - first_calls.get(value[0], 0), value[2]]
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        return [moved(item) for item in value] if isinstance(value, list) else value

    places = moved(structure)
    return places[0] if isinstance(places, list) and len(places) == 1 and _is_place(places[0]) else places
