"""The outputs of a model: their names, and how lists and dictionaries by output are matched with them."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax

from lamina.errors import nearest
from lamina.typing import PyTree


@dataclasses.dataclass(frozen=True)
class Outputs:
    """The outputs of a model in the order of the leaves of what it returns.

    Attributes:
        names: one for each output.
        structure: how the model nests them.
        have_own_names: whether the names are the model's, and not mere numbers; only then they appear in logs.
    """

    names: tuple[str, ...]
    structure: Any
    have_own_names: bool = True

    @classmethod
    def of(cls, y_pred: PyTree, layer_names: list[str] | None = None) -> Outputs:
        """Name the outputs: by their keys in a dictionary, by the layers that make them, else by number."""
        leaves = jax.tree_util.tree_leaves_with_path(y_pred)
        keyed = [path[-1].key for path, _ in leaves if path and hasattr(path[-1], "key")]
        if len(keyed) == len(leaves):
            names = [str(key) for key in keyed]
        elif layer_names is not None and len(layer_names) == len(leaves):
            names = layer_names
        else:
            numbers = tuple(f"output_{number}" for number in range(1, len(leaves) + 1))
            return cls(numbers, jax.tree.structure(y_pred), have_own_names=False)
        return cls(tuple(names), jax.tree.structure(y_pred))

    def __len__(self) -> int:
        return len(self.names)

    def flatten(self, values: PyTree, what: str) -> list[Any]:
        """Return one value for each output.

        Raises:
            ValueError: if `values` does not fit the outputs.
        """
        if isinstance(values, dict):
            return self.by_name(values, what)
        leaves = jax.tree.leaves(values)
        if not len(self):
            raise ValueError("The model gives nothing: its `call` returned None. Does it end in `return outputs`?")
        if len(leaves) != len(self):
            raise ValueError(
                f"The model has {len(self)} output(s) ({', '.join(self.names)}), "
                f"but {what} holds {len(leaves)} array(s)."
            )
        return leaves

    def spread(self, values: PyTree, what: str) -> list[Any]:
        """As `flatten`, but None or a single array serves every output."""
        if values is None:
            return [None] * len(self)
        if isinstance(values, dict):
            return self.by_name(values, what)
        if isinstance(values, list | tuple):
            if len(values) != len(self):
                raise ValueError(f"{what} has {len(values)} entries for the {len(self)} outputs of the model.")
            return list(values)
        return [values] * len(self)

    def by_name(self, values: dict[str, Any], what: str) -> list[Any]:
        unknown = [name for name in values if name not in self.names]
        if unknown and len(self) == len(values) == 1:
            return list(values.values())
        if unknown:
            hint = nearest(unknown[0], self.names)
            raise ValueError(f"{what} names the output {unknown[0]!r}, which the model does not have. {hint}")
        return [values.get(name) for name in self.names]


def per_output(values: Any, outputs: Outputs, what: str, *, spread: bool = False) -> list[Any]:
    """Return what `compile` was given as one entry for each output.

    Args:
        values: None, a single thing, or a list or dictionary by output.
        outputs: the model's outputs.
        what: the argument's name, for messages.
        spread: whether a single thing serves every output.

    Raises:
        ValueError: if a list is of another length or a dictionary names an unknown output.
    """
    if values is None:
        return [None] * len(outputs)
    if isinstance(values, dict):
        return outputs.by_name(values, what)
    if isinstance(values, list | tuple):
        if len(values) != len(outputs):
            raise ValueError(
                f"compile: {what} has {len(values)} entries, but the model has {len(outputs)} output(s): "
                f"{', '.join(outputs.names)}."
            )
        return list(values)
    if len(outputs) > 1 and not spread:
        raise ValueError(f"compile: {what} must be a list or a dictionary by output, got {values!r}.")
    return [values] * len(outputs)
