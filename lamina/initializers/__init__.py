"""Where weights start, as in `keras.initializers`: `(shape, dtype=None) -> array`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from lamina.core.catalogue import Catalogue
from lamina.initializers.constants import Constant, Ones, Zeros
from lamina.initializers.distributions import RandomNormal, RandomUniform, TruncatedNormal
from lamina.initializers.initializer import Initializer
from lamina.initializers.matrices import Identity, Orthogonal
from lamina.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

_catalogue = Catalogue(
    "initializer",
    "keras.initializers",
    {
        "Constant": Constant,
        "GlorotNormal": GlorotNormal,
        "GlorotUniform": GlorotUniform,
        "HeNormal": HeNormal,
        "HeUniform": HeUniform,
        "Identity": Identity,
        "IdentityInitializer": Identity,
        "LecunNormal": LecunNormal,
        "LecunUniform": LecunUniform,
        "Ones": Ones,
        "Orthogonal": Orthogonal,
        "OrthogonalInitializer": Orthogonal,
        "RandomNormal": RandomNormal,
        "RandomUniform": RandomUniform,
        "TruncatedNormal": TruncatedNormal,
        "VarianceScaling": VarianceScaling,
        "Zeros": Zeros,
    },
    # Short names that Keras knows as strings only.
    aliases={"normal": RandomNormal, "uniform": RandomUniform, "one": Ones, "zero": Zeros},
)


def get(identifier: Any) -> Any:
    """Return the initializer that a name, a configuration, a class, a function or an array stands for.

    Args:
        identifier: "glorot_uniform" and the like; a configuration; an initializer, its class or any function
            `(shape, dtype) -> array`; an array, for a `Constant` of it; None stays None.

    Raises:
        ValueError: if the name is unknown; says the nearest one.
        TypeError: if `identifier` is of a kind that can't stand for an initializer.

    Example:
        >>> lamina.initializers.get("ones")((2,))
        Array([1., 1.], dtype=float32)
    """
    if isinstance(identifier, np.ndarray | jax.Array):
        return Constant(identifier)
    return _catalogue.get(identifier)


def serialize(initializer: Callable[..., Any] | None) -> Any:
    """Return the configuration of an initializer.

    Raises:
        TypeError: if it can't be described, as a lambda.

    Example:
        >>> lamina.initializers.serialize(lamina.initializers.Ones())["class_name"]
        'Ones'
    """
    return _catalogue.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the initializer that `serialize` described; None stays None.

    Args:
        config: a configuration or a name.
        custom_objects: your own classes and functions by name.

    Raises:
        ValueError: if the name is unknown.

    Example:
        >>> config = lamina.initializers.serialize(lamina.initializers.Ones())
        >>> lamina.initializers.deserialize(config)((2,))
        Array([1., 1.], dtype=float32)
    """
    return _catalogue.deserialize(config, custom_objects)
