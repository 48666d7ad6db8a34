"""Files, as in `keras.saving`: models and weights, written whole and read as data. `__init__.pyi` has the names."""

from lamina.core.lazy import lazy_package

__getattr__, __dir__, __all__ = lazy_package(__name__, __file__)
