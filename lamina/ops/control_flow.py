"""Conditions, loops and derivatives as parts of compiled programs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core.recording import as_array, record
from lamina.core.symbolic import symbolic_leaves
from lamina.typing import PyTree

__all__ = [
    "associative_scan", "cond", "custom_gradient", "fori_loop", "map", "scan", "switch", "vectorized_map", "while_loop",
]  # fmt: skip


def cond(pred: Any, true_fn: Callable[[], PyTree], false_fn: Callable[[], PyTree]) -> PyTree:
    """Return `true_fn()` where a condition holds, else `false_fn()`; only that one is run.

    Args:
        pred: a boolean scalar, which may be known only when the program runs.
        true_fn, false_fn: functions without arguments that return arrays of the same shapes.

    Example:
        >>> lamina.ops.cond(lamina.ops.array(2) > 1, lambda: 10, lambda: 20).item()
        10
    """
    pred = as_array(pred)
    if symbolic_leaves(pred):
        return record(cond, pred, true_fn, false_fn)
    return jax.lax.cond(jnp.asarray(pred).astype(bool), true_fn, false_fn)


def switch(index: Any, branches: Sequence[Callable[..., PyTree]], *operands: PyTree) -> PyTree:
    """Return the result of one of several functions; an index out of range takes the nearest.

    Args:
        index: which function, a whole number.
        branches: functions of the operands that return arrays of the same shapes.
        operands: their arguments.

    Example:
        >>> lamina.ops.switch(1, [lambda x: x, lambda x: -x], 5.0).item()
        -5.0
    """
    if symbolic_leaves((index, operands)):
        return record(switch, index, branches, *operands)
    return jax.lax.switch(as_array(index), branches, *_arrays(operands))


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., PyTree],
    loop_vars: PyTree,
    maximum_iterations: int | None = None,
) -> PyTree:
    """Run `body` as long as `cond` holds and return the last values.

    Args:
        cond: the values to a boolean.
        body: the values to the next values, of the same shapes.
        loop_vars: the first values: a tuple or list, whose elements are passed one by one, or a single value.
        maximum_iterations: stop after so many rounds in any case.

    Example:
        >>> lamina.ops.while_loop(lambda i: i < 10, lambda i: (i + 4,), (0,))[0].item()
        12
    """
    if symbolic_leaves(loop_vars):
        return record(while_loop, cond, body, loop_vars, maximum_iterations)
    several = isinstance(loop_vars, tuple | list)
    kind = type(loop_vars) if several else tuple

    def wrap(values: Any) -> tuple[Any, ...]:
        return tuple(values) if isinstance(values, tuple | list) else (values,)

    def goes_on(state: tuple[Any, ...]) -> Any:
        rounds, values = state
        again = jnp.asarray(cond(*values)).astype(bool)
        return again if maximum_iterations is None else again & (rounds < maximum_iterations)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        rounds, values = state
        return rounds + 1, wrap(body(*values))

    _, values = jax.lax.while_loop(goes_on, step, (0, wrap(_arrays(loop_vars))))
    return kind(values) if several else values[0]


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, PyTree], PyTree], init_val: PyTree) -> PyTree:
    """Return the value after `value = body_fun(i, value)` for each `i` from `lower` up to, not including, `upper`.

    Example:
        >>> lamina.ops.fori_loop(0, 4, lambda i, total: total + i, 0).item()
        6
    """
    if symbolic_leaves((lower, upper, init_val)):
        return record(fori_loop, lower, upper, body_fun, init_val)
    return jax.lax.fori_loop(lower, upper, body_fun, _arrays(init_val))


def scan(
    f: Callable[[PyTree, PyTree], tuple[PyTree, PyTree]],
    init: PyTree,
    xs: PyTree = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: bool | int = 1,
) -> tuple[PyTree, PyTree]:
    """Carry a value along the first axis of arrays and collect what each step gives.

    Args:
        f: `(carry, x) -> (next carry, y)`.
        init: the first carry.
        xs: arrays with one length of their first axes; None to run `length` steps without.
        length: number of steps, where `xs` does not tell.
        reverse: whether to go from the last to the first.
        unroll: how many steps make one round of the compiled loop; True for all.

    Returns:
        `(last carry, ys)`, the `ys` stacked.

    Example:
        >>> total, sums = lamina.ops.scan(lambda carry, x: (carry + x, carry + x), 0, lamina.ops.array([1, 2, 3]))
        >>> total.item(), sums.tolist()
        (6, [1, 3, 6])
    """
    if not callable(f):
        raise TypeError(f"scan: f must be a function (carry, x) -> (carry, y), got {f!r}.")
    if symbolic_leaves((init, xs)):
        return record(scan, f, init, xs, length, reverse, unroll)
    return jax.lax.scan(f, _arrays(init), _arrays(xs), length, reverse, unroll)


def associative_scan(
    f: Callable[[PyTree, PyTree], PyTree], elems: PyTree, reverse: bool = False, axis: int = 0
) -> PyTree:
    """Return `f` of the first two elements, `f` of that and the third, and so on, computed in parallel.

    Args:
        f: an associative function of two (structures of) arrays.
        elems: the arrays.
        reverse: whether to begin with the last.
        axis: the axis along which elements lie.

    Example:
        >>> lamina.ops.associative_scan(lambda a, b: a * b, lamina.ops.array([1, 2, 3, 4])).tolist()
        [1, 2, 6, 24]
    """
    if symbolic_leaves(elems):
        return record(associative_scan, f, elems, reverse, axis)
    return jax.lax.associative_scan(f, _arrays(elems), reverse, axis)


def map(f: Callable[[PyTree], PyTree], xs: PyTree) -> PyTree:
    """Return `f` of each element along the first axis, one after the other; `vectorized_map` runs all at once.

    Example:
        >>> lamina.ops.map(lambda x: x**2, lamina.ops.array([1, 2, 3])).tolist()
        [1, 4, 9]
    """
    if symbolic_leaves(xs):
        return record(map, f, xs)
    return jax.lax.map(f, _arrays(xs))


def vectorized_map(function: Callable[[PyTree], PyTree], elements: PyTree) -> PyTree:
    """Return a function of each element along the first axis, all at once.

    Example:
        >>> lamina.ops.vectorized_map(lambda row: row.sum(), lamina.ops.ones((3, 2))).tolist()
        [2.0, 2.0, 2.0]
    """
    if symbolic_leaves(elements):
        return record(vectorized_map, function, elements)
    return jax.vmap(function)(_arrays(elements))


def custom_gradient(f: Callable[..., tuple[PyTree, Callable[..., PyTree]]]) -> Callable[..., PyTree]:
    """Decorate a function that returns its value and its gradient, to be used in the place of the derived one.

    Args:
        f: arrays to `(outputs, grad)`, where `grad(upstream)` (or `grad(*inputs, upstream=...)`) gives a gradient, or a
            tuple of them, for the arguments.

    Example:
        >>> import jax
        >>> @lamina.ops.custom_gradient
        ... def straight_through(x):
        ...     return lamina.ops.round(x), lambda upstream: upstream
        >>> jax.grad(straight_through)(2.4).item()
        1.0
    """
    wrapped = jax.custom_gradient(f)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> PyTree:
        if symbolic_leaves((args, kwargs)):
            return record(wrapped, *args, class_name=getattr(f, "__name__", None), **kwargs)
        return wrapped(*(_arrays(arg) for arg in args), **kwargs)

    return call


def _arrays(structure: PyTree) -> PyTree:
    return jax.tree.map(as_array, structure)
