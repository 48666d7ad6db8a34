"""Models, as in `keras.models`."""

from typing import TYPE_CHECKING, Any

from lamina import saving
from lamina.core.serialization import register_builtin
from lamina.models.cloning import clone_model
from lamina.models.model import Model
from lamina.models.model_json import model_from_json
from lamina.models.pure_functions import functional as functional
from lamina.models.sequential import Sequential

if TYPE_CHECKING:
    from lamina.saving import load_model, save_model

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]

register_builtin("keras", {"Sequential": Sequential, "Model": Model})
register_builtin("keras.src.models.functional", {"Functional": Model})
register_builtin("keras.src.models.sequential", {"Sequential": Sequential})
register_builtin("keras.src.models.model", {"Model": Model})


def __getattr__(name: str) -> Any:
    if name in ("load_model", "save_model"):
        return getattr(saving, name)
    raise AttributeError(f"module 'lamina.models' has no attribute {name!r}")
