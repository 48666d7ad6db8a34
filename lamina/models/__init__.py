"""Models, as in `keras.models`."""

from lamina.core.serialization import register_builtin
from lamina.models.model import Model
from lamina.models.sequential import Sequential
from lamina.saving import load_model, save_model

__all__ = ["Model", "Sequential", "load_model", "save_model"]

register_builtin("keras", {"Sequential": Sequential, "Model": Model})
register_builtin("keras.src.models.functional", {"Functional": Model})
register_builtin("keras.src.models.sequential", {"Sequential": Sequential})
register_builtin("keras.src.models.model", {"Model": Model})
