"""Activation functions, as in `keras.activations`: functions of arrays, found by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lamina.activations.probabilities import log_softmax, softmax, sparsemax
from lamina.activations.rectifiers import celu, elu, leaky_relu, linear, relu, relu6, selu, threshold
from lamina.activations.shrinking import hard_shrink, soft_shrink, tanh_shrink
from lamina.activations.sigmoids import hard_sigmoid, hard_tanh, log_sigmoid, sigmoid, softsign, sparse_sigmoid, tanh
from lamina.activations.smooth import exponential, gelu, glu, hard_silu, mish, silu, softplus, sparse_plus, squareplus
from lamina.core.catalogue import Catalogue
from lamina.core.serialization import builtin_name

hard_swish = hard_silu
swish = silu

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

_catalogue = Catalogue(
    "activation",
    "keras.activations",
    {
        "celu": celu,
        "elu": elu,
        "exponential": exponential,
        "gelu": gelu,
        "glu": glu,
        "hard_shrink": hard_shrink,
        "hard_sigmoid": hard_sigmoid,
        "hard_silu": hard_silu,
        "hard_swish": hard_swish,
        "hard_tanh": hard_tanh,
        "leaky_relu": leaky_relu,
        "linear": linear,
        "log_sigmoid": log_sigmoid,
        "log_softmax": log_softmax,
        "mish": mish,
        "relu": relu,
        "relu6": relu6,
        "selu": selu,
        "sigmoid": sigmoid,
        "silu": silu,
        "soft_shrink": soft_shrink,
        "softmax": softmax,
        "softplus": softplus,
        "softsign": softsign,
        "sparse_plus": sparse_plus,
        "sparse_sigmoid": sparse_sigmoid,
        "sparsemax": sparsemax,
        "squareplus": squareplus,
        "swish": swish,
        "tanh": tanh,
        "tanh_shrink": tanh_shrink,
        "threshold": threshold,
    },
)


def get(identifier: Any) -> Callable[..., Any]:
    """Return the activation that a name, a configuration or a function stands for.

    Args:
        identifier: "relu" and the like, the configuration of a function or of an activation layer, any callable, or
            None for `linear`.

    Raises:
        ValueError: if the name is unknown; says the nearest one.
        TypeError: if `identifier` is of a kind that can't stand for an activation.

    Example:
        >>> lamina.activations.get("relu")([-1.0, 2.0])
        Array([0., 2.], dtype=float32)
    """
    return linear if identifier is None else _catalogue.get(identifier)


def serialize(activation: Callable[..., Any]) -> Any:
    """Return the name of one of lamina's activations, the configuration of a layer or of a function of your own.

    Raises:
        TypeError: if `activation` can't be described, as a lambda.

    Example:
        >>> lamina.activations.serialize(lamina.activations.relu)
        'relu'
    """
    known = builtin_name(activation)
    if known and known[0] == "keras.activations":
        return known[1]
    return _catalogue.serialize(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the activation that `serialize` described; None stays None.

    Args:
        config: a name or a configuration.
        custom_objects: your own functions and classes by name.

    Raises:
        ValueError: if the name is unknown.

    Example:
        >>> lamina.activations.deserialize("tanh").__name__
        'tanh'
    """
    return _catalogue.deserialize(config, custom_objects)
