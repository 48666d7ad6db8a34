"""What layers and numbers are, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

_ACTIVATIONS = {
    "relu": "what is below 0 becomes 0",
    "leaky_relu": "what is below 0 is made small",
    "sigmoid": "squeezed between 0 and 1",
    "hard_sigmoid": "squeezed between 0 and 1",
    "tanh": "squeezed between -1 and 1",
    "softmax": "turned into probabilities that sum to 1",
}


def activation_of(layer: Any) -> str:
    """Return the name of a layer's activation; "" where it has none or it is linear."""
    kind = type(layer).__name__
    if kind in ("ReLU", "Softmax"):
        return kind.lower()
    name = getattr(getattr(layer, "activation", None), "__name__", "")
    return "" if name == "linear" else name


def description(layer: Any) -> str:
    """Return what a layer does, in words, with its own numbers."""
    describe = _LAYERS.get(type(layer).__name__) if _is_ours(layer) else None
    text = describe(layer) if describe else _from_docstring(layer)
    activation = activation_of(layer)
    if activation and describe in (_dense, _convolution):
        text += f", then {activation}" + (f": {_ACTIVATIONS[activation]}" if activation in _ACTIVATIONS else "")
    return text


def number(value: float) -> str:
    """Return a number with three digits that matter, as short as it can be."""
    value = float(value)
    if value == 0:
        return "0"
    if not np.isfinite(value):
        return str(value)
    size = abs(value)
    if size >= 1e6 or size < 1e-3:
        return f"{value:.1e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{2 if size < 10 else 1 if size < 100 else 0}f}" if size >= 0.1 else f"{value:.3f}"


def shape(sizes: tuple) -> str:
    """Return a shape as rows by columns: `1,000 x 20`."""
    return " x ".join(f"{size:,}" for size in sizes) or "a number"


def _is_ours(layer: Any) -> bool:
    return type(layer).__module__.startswith("lamina.")


def _from_docstring(layer: Any) -> str:
    if not hasattr(layer, "call"):
        return f"the function {getattr(layer, '__name__', getattr(layer, 'name', 'function'))}"
    lines = (type(layer).__doc__ or "").strip().splitlines() if "__doc__" in vars(type(layer)) else []
    if not lines:
        return f"your own class {type(layer).__name__}"
    first = lines[0].split(". ")[0].rstrip(".").replace("`", "")
    return first[:1].lower() + first[1:] if first[1:2].islower() else first


def _size(value: Any) -> str:
    sizes = value if isinstance(value, tuple | list) else (value,)
    return "x".join(str(size) for size in sizes)


def _dense(layer: Any) -> str:
    inputs = layer.kernel.shape[0] if layer.built else "its"
    units = "the unit" if layer.units == 1 else f"each of {layer.units:,} units"
    return f"{units} adds up {inputs} weighted inputs{' and a bias' if layer.use_bias else ''}"


def _convolution(layer: Any) -> str:
    count = getattr(layer, "filters", None)
    what = {"1D": "the sequence", "2D": "the picture", "3D": "the volume"}.get(type(layer).__name__[-2:], "the input")
    filters = f"{count} filters" if count else "filters, one for each channel,"
    return f"{filters} of {_size(layer.kernel_size)} slide over {what}"


def _recurrent(layer: Any) -> str:
    gives = "gives its state at every step" if layer.return_sequences else "gives its last state"
    return f"reads the steps one after the other into {layer.units} units of memory and {gives}"


def _max_pooling(layer: Any) -> str:
    return f"keeps the largest value of each window of {_size(layer.pool_size)}"


def _average_pooling(layer: Any) -> str:
    return f"keeps the mean of each window of {_size(layer.pool_size)}"


def _dropout(layer: Any) -> str:
    return f"passes everything on (while training it drops {layer.rate:.0%} at random)"


_LAYERS = {
    "Dense": _dense,
    **{f"Conv{axes}D": _convolution for axes in (1, 2, 3)},
    **{f"DepthwiseConv{axes}D": _convolution for axes in (1, 2)},
    **{f"SeparableConv{axes}D": _convolution for axes in (1, 2)},
    **{f"MaxPooling{axes}D": _max_pooling for axes in (1, 2, 3)},
    **{f"AveragePooling{axes}D": _average_pooling for axes in (1, 2, 3)},
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _recurrent),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _dropout),
    "Flatten": lambda layer: "lays all values of a row side by side",
    "Reshape": lambda layer: f"arranges the values of a row as {_size(layer.target_shape)}",
    "Embedding": lambda layer: (
        f"looks up a vector of {layer.output_dim} for each of {layer.input_dim:,} possible numbers"
    ),
    "Normalization": lambda layer: "scales to mean 0 and variance 1, by the data it was adapted to",
    "BatchNormalization": lambda layer: "shifts and scales each channel by its averages from training",
    "LayerNormalization": lambda layer: "scales each row to mean 0 and deviation 1",
    "Rescaling": lambda layer: (
        f"multiplies by {number(layer.scale)} and adds {number(layer.offset)}"
        if isinstance(layer.scale, int | float) and isinstance(layer.offset, int | float)
        else "multiplies and adds"
    ),
    "Activation": lambda layer: (
        f"{(name := activation_of(layer)) or 'linear'}: {_ACTIVATIONS.get(name, 'an activation')}"
    ),
    "Softmax": lambda layer: _ACTIVATIONS["softmax"],
    "ReLU": lambda layer: _ACTIVATIONS["relu"],
    "Bidirectional": lambda layer: "reads the steps in both directions and joins what comes out",
}
