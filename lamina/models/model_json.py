"""Architectures as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lamina.core.serialization import custom_object_scope, deserialize
from lamina.models.model import Model
from lamina.saving.keras2 import modernized


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """Return the model that `Model.to_json` described, of this or an older Keras, with newly drawn weights.

    Args:
        json_string: the text.
        custom_objects: your own classes and functions by name.

    Raises:
        ValueError: if the text is no JSON, describes no model, or names a class that is not known.

    Example:
        >>> model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(2)])
        >>> lamina.models.model_from_json(model.to_json()).output_shape
        (None, 2)
    """
    try:
        config = json.loads(json_string)
    except (TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"This is no JSON text that describes a model: {error}.") from None
    if isinstance(config, dict) and str(config.get("keras_version")).startswith(("1.", "2.")):
        with custom_object_scope(custom_objects or {}):
            config = modernized(config)
    model = deserialize(config, custom_objects)
    if not isinstance(model, Model):
        raise ValueError(f"The JSON text describes no model, but {model!r}.")
    return model
