"""A choice between two ways to assign variables that compiled programs make while they run."""

from collections.abc import Callable, Sequence

import jax
from jax.core import Tracer

from lamina.core import binding
from lamina.core.variable import Variable
from lamina.typing import Array


def assign_either(
    condition: Array, if_true: Callable[[], None], if_false: Callable[[], None], variables: Sequence[Variable]
) -> None:
    """Run one of two functions that assign to variables, as `jax.lax.cond` does.

    Args:
        condition: a boolean scalar.
        if_true, if_false: may assign to `variables` and to no others.
        variables: what they assign to.
    """
    if not isinstance(condition, Tracer):  # outside of compiled programs the answer is known
        return if_true() if condition else if_false()
    outer = binding.current().values or {}
    known = {id(variable) for variable in variables} | outer.keys()

    def branch(function: Callable[[], None]) -> Callable[[list[Array]], list[Array]]:
        def run(arrays: list[Array]) -> list[Array]:
            bound = {id(variable): array for variable, array in zip(variables, arrays)}
            with binding.within(values={**outer, **bound}) as scope:
                function()
            assert scope.values is not None
            changed = {key for key, array in scope.values.items() if array is not outer.get(key)} - bound.keys()
            if changed or scope.values.keys() - known:
                raise ValueError(
                    "An optimizer's step assigned to a variable that is neither the model's nor its own. Create the "
                    "optimizer's variables in build, with add_variable or add_variable_from_reference."
                )
            return [scope.values[id(variable)] for variable in variables]

        return run

    arrays = [variable.value for variable in variables]
    for variable, array in zip(variables, jax.lax.cond(condition, branch(if_true), branch(if_false), arrays)):
        variable.assign(array)
