"""Models, as in `keras.models`."""

from lamina.core.serialization import register_builtin
from lamina.models.model import Model
from lamina.models.sequential import Sequential

__all__ = ["Model", "Sequential"]

register_builtin("keras", {"Sequential": Sequential, "Model": Model})
