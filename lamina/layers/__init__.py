"""Layers, as in `keras.layers`. Which ones there are, and where, is said in `__init__.pyi`."""

from lamina.core.lazy import lazy_package
from lamina.core.serialization import register_on_demand

__getattr__, __dir__, __all__ = lazy_package(__name__, __file__)
register_on_demand("keras.layers", __name__, [name for name in __all__ if name[0].isupper()])
