"""Neural networks with the Keras API on JAX, where a training run is one compiled program.

`import lamina as keras` is the whole migration.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lamina import (
    activations,
    callbacks,
    config,
    constraints,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    random,
    regularizers,
    saving,
    tree,
    utils,
)
from lamina.core import tracebacks
from lamina.core.symbolic import KerasTensor
from lamina.core.variable import Variable
from lamina.dtype_policies import DTypePolicy
from lamina.initializers import Initializer
from lamina.layers import Input, InputSpec, Layer
from lamina.losses import Loss
from lamina.metrics import Metric
from lamina.models import Model, Sequential, functional
from lamina.optimizers import Optimizer
from lamina.regularizers import Regularizer

if TYPE_CHECKING:
    from lamina import backend, datasets, mixed_precision, ops, preprocessing, tuning, visualization, wrappers

__version__ = "0.1.0"

tracebacks.install()


def version() -> str:
    """Return the version of lamina, such as "0.1.0"."""
    return __version__


__all__ = [
    "DTypePolicy",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "functional",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "tree",
    "tuning",
    "utils",
    "version",
    "visualization",
    "wrappers",
]

# Loaded when first used.
_ON_DEMAND = {
    "backend", "compat", "datasets", "mixed_precision", "ops", "preprocessing", "tuning", "visualization", "wrappers",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return importlib.import_module(f"lamina.{name}")
    raise AttributeError(f"module 'lamina' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ON_DEMAND})
