"""Calls of the compiled extension: whether there is one, and how a primitive comes to be compiled to a call of it.

The extension, `lamina.kernels._native`, holds handlers for XLA's CPU programs. It is optional. Without it, and wherever
a call of it could not work, the same primitives are compiled as plain `jax.lax`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import jax
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from lamina.kernels.platform import fast_on_cpu, portable_wanted


def available(target: str) -> bool:
    """Return whether a program may call this handler of the extension; asked while it is traced.

    It may not where the plain or the portable kernels are asked for, on other platforms, where there are several
    devices (nothing knows how to divide a call), and with the environment variable `LAMINA_NATIVE=0`.

    Args:
        target: name of the handler.
    """
    wanted = os.environ.get("LAMINA_NATIVE") != "0" and fast_on_cpu() and not portable_wanted()
    return wanted and jax.device_count() == 1 and jax.sharding.get_abstract_mesh().empty and target in _handlers()


def primitive(
    target: str,
    plain: Callable[..., Any],
    options: Callable[..., Sequence[int]],
    fits: Callable[..., bool],
    *,
    several: bool = False,
    in_place: Mapping[int, int] = MappingProxyType({}),
) -> Primitive:
    """Return a new primitive, compiled on the CPU as a call of the extension.

    Derivatives and batches of it are those of its plain form, unless the caller registers others.

    Args:
        target: name of the handler, and of the primitive.
        plain: the same function of arrays and the primitive's parameters in `jax.lax`: it gives the shapes of the
            results, and what is compiled elsewhere.
        options: what the handler is told beside the arrays, as a function of the primitive's parameters.
        fits: whether a call is worth it, as a function of the abstract arrays and the primitive's parameters. Gradients
            and batches of what was bound may have other shapes.
        several: whether there are several results, in a list.
        in_place: operands, by number, in whose memory a result is written, and the number of that. XLA copies those
            that are needed afterwards.
    """
    primitive = Primitive(target)
    primitive.multiple_results = several
    in_lax = mlir.lower_fun(plain, multiple_results=several)

    def compiled(context: mlir.LoweringRuleContext, *operands: Any, **parameters: Any) -> Any:
        exported = context.module_context.lowering_parameters.for_export  # to be run where there is no extension
        if exported or not fits(*context.avals_in, **parameters):
            return in_lax(context, *operands, **parameters)
        chosen = np.asarray(options(**parameters), np.int64)
        return jax.ffi.ffi_lowering(target, operand_output_aliases=dict(in_place))(context, *operands, options=chosen)

    def shape(*arrays: Any, **parameters: Any) -> Any:
        results = jax.eval_shape(partial(plain, **parameters), *arrays)
        return jax.tree.map(lambda result: ShapedArray(result.shape, result.dtype), results)

    @partial(jax.jit, static_argnums=0)
    def program(parameters: tuple[tuple[str, Any], ...], *arrays: jax.Array) -> Any:
        return primitive.bind(*arrays, **dict(parameters))

    def run(*arrays: jax.Array, **parameters: Any) -> Any:
        with jax.disable_jit(False):
            return program(tuple(parameters.items()), *arrays)

    def derivative(primals: Any, tangents: Any, /, **parameters: Any) -> Any:
        tangents = map(ad.instantiate_zeros, tangents)
        return jax.jvp(partial(plain, **parameters), primals, tuple(tangents))

    def batch(arrays: Any, axes: Any, /, **parameters: Any) -> Any:
        results = jax.vmap(partial(plain, **parameters), axes)(*arrays)
        return results, jax.tree.map(lambda _: 0, results)

    primitive.def_impl(run)
    primitive.def_abstract_eval(shape)
    ad.primitive_jvps[primitive] = derivative
    batching.primitive_batchers[primitive] = batch
    mlir.register_lowering(primitive, in_lax)
    mlir.register_lowering(primitive, compiled, platform="cpu")
    return primitive


def bits(number: float) -> int:
    """Return what a handler takes for a float32 among its options."""
    return int(np.float32(number).view(np.int32))


@cache
def _handlers() -> frozenset[str]:
    """Make the handlers known to XLA, and return their names: none where there is no extension that works here."""
    try:
        handlers = importlib.import_module("lamina.kernels._native").handlers()
        for name, handler in handlers.items():
            jax.ffi.register_ffi_target(name, handler, platform="cpu")
    except Exception:  # not built, or for another interpreter or XLA: any failure means "do without"
        return frozenset()
    return frozenset(handlers)
