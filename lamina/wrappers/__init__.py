"""Models as scikit-learn estimators, as in `keras.wrappers`. scikit-learn is imported when one of them is used."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamina.wrappers.estimators import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer
    from lamina.wrappers.keras2 import KerasClassifier, KerasRegressor

__all__ = ["KerasClassifier", "KerasRegressor", "SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'lamina.wrappers' has no attribute {name!r}")
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise ImportError("lamina.wrappers needs scikit-learn. Install it: pip install 'lamina[sklearn]'.") from None
    home = "keras2" if name.startswith("Keras") else "estimators"
    return getattr(importlib.import_module(f"lamina.wrappers.{home}"), name)
