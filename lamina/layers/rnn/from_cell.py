"""Attributes that a recurrent layer has from its cell."""

from typing import Any


def from_cell(*names: str) -> Any:
    """Return a class decorator that adds a read-only property for each argument that the cell keeps.

    Example:
        >>> @from_cell("units")
        ... class Layer:
        ...     def __init__(self, cell):
        ...         self.cell = cell
    """

    def decorate(cls: type) -> type:
        for name in names:
            setattr(cls, name, property(lambda self, name=name: getattr(self.cell, name), doc=f"`{name}` of the cell."))
        return cls

    return decorate


def refuse_cudnn(layer: str, use_cudnn: Any) -> None:
    """Raise a ValueError where one implementation is demanded that lamina does not have."""
    if use_cudnn not in ("auto", False):
        raise ValueError(
            f"Layer {layer!r}: use_cudnn must be 'auto' or False, got {use_cudnn!r}: lamina has one implementation, "
            "which XLA compiles for every device."
        )
