"""The pure door: any layer, loss, metric or optimizer as a function of the values of its variables.

Values are bound to variables for the length of one call. Nothing else in lamina knows how that is done.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lamina.core import binding
from lamina.core.variable import Variable
from lamina.typing import Array


class Effects(NamedTuple):
    """What a pure call changed besides returning its outputs.

    Attributes:
        values: the value of every bound variable after the call, by the same keys.
        losses: what layers added by `add_loss` and by activity regularizers.
    """

    values: dict[str, Array]
    losses: list[Array]


def pure(
    function: Callable[..., Any],
    variables: Mapping[str, Variable],
    *,
    training: bool | None = None,
    asks_for_losses: bool = False,
) -> Callable[..., tuple[Any, Effects]]:
    """Return `function` as a pure function of its variables' values.

    Args:
        function: may read and assign `variables`, draw random numbers and add losses.
        variables: the variables by the keys under which their values are passed.
        training: what layers are told that ask whether they train.
        asks_for_losses: whether `function` asks each call for its losses itself.

    Returns:
        `(values, *args, step=None, **kwargs) -> (outputs, Effects)`, where `values` holds an array for each key and
        `step` is the number from which random keys are derived; default that of the call in progress.
    """

    def call(values: Mapping[str, Array], *args: Any, step: Array | None = None, **kwargs: Any) -> tuple[Any, Effects]:
        outer = binding.current()
        bound = {**(outer.values or {}), **{id(variable): values[key] for key, variable in variables.items()}}
        inherits = step is None and outer.step is not None
        with binding.within(
            values=bound,
            losses=[],
            step=outer.step if inherits else step,
            draws=outer.draws if inherits else {},
            training=training,
            autocast=None,
            masks={} if outer.masks is None else outer.masks,
            asks_for_losses=asks_for_losses,
        ) as scope:
            outputs = function(*args, **kwargs)
        return outputs, Effects({key: bound[id(variable)] for key, variable in variables.items()}, scope.losses or [])

    return call
