"""What a layer costs: arithmetic operations, counted in its own traced program."""

from __future__ import annotations

import math
from typing import Any

import jax

from lamina.core import binding
from lamina.core.symbolic import is_symbolic
from lamina.kernels import portable_kernels
from lamina.layers.layer import Layer
from lamina.typing import PyTree

# Primitives that move or make numbers without computing on them.
_FREE = frozenset(
    {
        *(
            "broadcast_in_dim",
            "reshape",
            "transpose",
            "slice",
            "dynamic_slice",
            "dynamic_update_slice",
            "gather",
            "rev",
        ),
        *("concatenate", "pad", "squeeze", "expand_dims", "convert_element_type", "bitcast_convert_type", "iota"),
        *("copy", "copy_p", "stop_gradient", "split", "device_put", "optimization_barrier", "select_n", "full_like"),
        *("random_wrap", "random_unwrap", "random_seed", "random_fold_in"),
    }
)
_REDUCTIONS = frozenset(
    {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or", "argmax", "argmin"}
)


def operations_per_row(layer: Layer, inputs: PyTree) -> int | None:
    """Return how many arithmetic operations a layer's forward pass takes for one row of data.

    A multiplication and an addition count as two, a function such as `tanh` as one; the steps of a loop all count.

    Args:
        layer: a built layer.
        inputs: symbolic tensors that it is called on.

    Returns:
        The count, or None where a size other than the batch is unknown, or the layer can't be traced alone.
    """
    tensors = jax.tree.leaves(inputs, is_leaf=is_symbolic)
    if not all(is_symbolic(tensor) and None not in tensor.shape[1:] for tensor in tensors):
        return None
    specs = jax.tree.map(
        lambda tensor: jax.ShapeDtypeStruct((1, *tensor.shape[1:]), tensor.dtype), inputs, is_leaf=is_symbolic
    )

    def run(arrays: PyTree) -> PyTree:
        with portable_kernels(), binding.within(values={}, losses=[], draws={}, abstract=-1, training=False):
            return layer(arrays)

    try:
        return _count(jax.make_jaxpr(run)(specs).jaxpr)
    except (TypeError, ValueError):
        return None


def _count(jaxpr: Any) -> int:
    return sum(_cost(equation) for equation in jaxpr.eqns)


def _cost(equation: Any) -> int:
    name = equation.primitive.name
    inner = [value for parameter in equation.params.values() for value in _inner_programs(parameter)]
    if inner:
        counts = [_count(program) for program in inner]
        if name == "cond":
            return max(counts)
        return equation.params["length"] * sum(counts) if name == "scan" else max(counts)
    output = sum(math.prod(variable.aval.shape) for variable in equation.outvars)
    if name in _FREE:
        return 0
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return 2 * output * math.prod(shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval.shape
        numbers = equation.params["dimension_numbers"]
        return 2 * output * math.prod(kernel) // kernel[numbers.rhs_spec[0]]
    if name.startswith("reduce_window"):
        return output * math.prod(equation.params["window_dimensions"])
    if name in _REDUCTIONS:
        return math.prod(equation.invars[0].aval.shape)
    return output


def _inner_programs(parameter: Any) -> list[Any]:
    values = parameter if isinstance(parameter, list | tuple) else [parameter]
    programs = []
    for value in values:
        program = getattr(value, "jaxpr", value)  # closed programs hold open ones
        if hasattr(program, "eqns"):
            programs.append(program)
    return programs
