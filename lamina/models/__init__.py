"""Models, as in `keras.models`."""

from lamina.core.serialization import register_builtin
from lamina.models.cloning import clone_model
from lamina.models.model import Model
from lamina.models.model_json import model_from_json
from lamina.models.pure_functions import functional as functional
from lamina.models.sequential import Sequential
from lamina.saving import load_model, save_model

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

register_builtin("keras", {"Sequential": Sequential, "Model": Model})
register_builtin("keras.src.models.functional", {"Functional": Model})
register_builtin("keras.src.models.sequential", {"Sequential": Sequential})
register_builtin("keras.src.models.model", {"Model": Model})
