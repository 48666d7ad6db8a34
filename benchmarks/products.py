"""The matrix products that a model cannot do without, found in its program: what the roofline is made of."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, NamedTuple


class Product(NamedTuple):
    """`group` products of (rows × inner) by (inner × columns) at once."""

    group: int
    rows: int
    inner: int
    columns: int

    @property
    def operations(self) -> int:
        """Multiplications and additions."""
        return 2 * self.group * self.rows * self.inner * self.columns

    @property
    def is_thin(self) -> bool:
        """Whether these are many products with a vector, as in a depthwise convolution: work for memory alone."""
        return self.group > 1 and min(self.rows, self.inner, self.columns) == 1

    @property
    def largest(self) -> int:
        """Numbers in the largest of both operands and the result."""
        return self.group * max(self.rows * self.inner, self.inner * self.columns, self.rows * self.columns)

    @property
    def outputs(self) -> int:
        return self.group * self.rows * self.columns


class Work(NamedTuple):
    """What has to be computed for a batch.

    Args:
        forward: how often each product is taken in inference.
        backward: how often each is taken besides in a training step.
        parameters: trainable numbers.
    """

    forward: Counter[Product]
    backward: Counter[Product]
    parameters: int

    @property
    def step_operations(self) -> int:
        return self.predict_operations + sum(each.operations * count for each, count in self.backward.items())

    @property
    def predict_operations(self) -> int:
        return sum(each.operations * count for each, count in self.forward.items())


def work(function: Any, params: Any, inputs: Any) -> Work:
    """The work of `function(params, inputs)`, one of whose plain `jax.lax` programs is read.

    A convolution counts as the product of its windows and its kernel. The gradient of a product for either operand is
    one more product; it is needed where the operand depends on a parameter. Steps of a scan that share a kernel take
    its gradient in one product after the loop.
    """
    import jax

    closed = jax.make_jaxpr(function)(params, inputs)
    leaves = jax.tree.leaves(params)
    found = Work(Counter(), Counter(), sum(math.prod(leaf.shape) for leaf in leaves))
    depends = [True] * len(leaves) + [False] * (len(closed.jaxpr.invars) - len(leaves))
    _walk(closed.jaxpr, depends, 1, found)
    return found


def _walk(jaxpr: Any, depends: list[bool], repeats: int, found: Work, shared: tuple[bool, ...] = ()) -> list[bool]:
    """Add the products of `jaxpr`, run `repeats` times; returns which of its outputs depend on a parameter.

    `shared` tells which of its inputs are the same in all repeats.
    """
    dependent = {var for var, flag in zip(jaxpr.invars, depends, strict=True) if flag}
    constant = {var for var, flag in zip(jaxpr.invars, shared) if flag}

    def is_in(variables: set, atom: Any) -> bool:
        return not hasattr(atom, "val") and atom in variables

    for eqn in jaxpr.eqns:
        flags = [is_in(dependent, atom) for atom in eqn.invars]
        if eqn.primitive.name in ("dot_general", "conv_general_dilated"):
            product = (_of_dot if eqn.primitive.name == "dot_general" else _of_convolution)(eqn)
            group, rows, inner, columns = product
            found.forward[product] += repeats
            if flags[0]:
                found.backward[Product(group, rows, columns, inner)] += repeats
            if flags[1] and repeats > 1 and group == 1 and is_in(constant, eqn.invars[1]):
                found.backward[Product(1, inner, rows * repeats, columns)] += 1
            elif flags[1]:
                found.backward[Product(group, inner, rows, columns)] += repeats
            outputs = [any(flags)]
        else:
            outputs = _inner(eqn, flags, repeats, found)
        dependent.update(var for var, flag in zip(eqn.outvars, outputs, strict=True) if flag)
        if all(hasattr(atom, "val") or atom in constant for atom in eqn.invars):
            constant.update(eqn.outvars)
    return [is_in(dependent, atom) for atom in jaxpr.outvars]


def _inner(eqn: Any, flags: list[bool], repeats: int, found: Work) -> list[bool]:
    """Walk through the programs that an operation holds; returns which of its outputs depend on a parameter."""
    if eqn.primitive.name == "scan":
        constants, carried = eqn.params["num_consts"], eqn.params["num_carry"]
        shared = (True,) * constants
        body = eqn.params["jaxpr"].jaxpr
        # What the carry depends on shows after a turn.
        ends = _walk(body, flags, 0, Work(Counter(), Counter(), 0))
        for position in range(carried):
            flags[constants + position] |= ends[position]
        return _walk(body, flags, repeats * eqn.params["length"], found, shared)
    bodies = [
        getattr(value, "jaxpr", value)
        for value in jax_leaves(eqn.params)
        if hasattr(getattr(value, "jaxpr", value), "eqns")
    ]
    bodies = [body for body in bodies if len(body.invars) == len(flags) and len(body.outvars) == len(eqn.outvars)]
    if bodies:
        return _walk(bodies[0], flags, repeats, found)
    return [any(flags)] * len(eqn.outvars)


def jax_leaves(params: dict[str, Any]) -> list[Any]:
    """The values of an operation's parameters, those in tuples (branches) one by one."""
    return [item for value in params.values() for item in (value if isinstance(value, tuple) else (value,))]


def _of_dot(eqn: Any) -> Product:
    (inner, _), (group, _) = eqn.params["dimension_numbers"]
    left, right = (atom.aval.shape for atom in eqn.invars)
    groups, depth = math.prod(left[axis] for axis in group), math.prod(left[axis] for axis in inner)
    return Product(groups, math.prod(left) // (groups * depth), depth, math.prod(right) // (groups * depth))


def _of_convolution(eqn: Any) -> Product:
    numbers, groups = eqn.params["dimension_numbers"], eqn.params["feature_group_count"]
    kernel, outputs = eqn.invars[1].aval.shape, eqn.outvars[0].aval.shape
    columns = kernel[numbers.rhs_spec[0]]
    # A transposed convolution spreads its inputs by zeros, which nobody has to multiply.
    zeros = math.prod(eqn.params["lhs_dilation"])
    rows = math.prod(outputs) // outputs[numbers.out_spec[1]] // zeros
    return Product(groups, rows, math.prod(kernel) // columns, columns // groups)
