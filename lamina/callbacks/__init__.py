"""Callbacks, as in `keras.callbacks`. `__init__.pyi` says where they are."""

from lamina.core.lazy import lazy_package

__getattr__, __dir__, __all__ = lazy_package(__name__, __file__)
