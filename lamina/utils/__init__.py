"""Helpers, as in `keras.utils`: names gathered from where they live, as `__init__.pyi` says, and loaded when used."""

from lamina.core.lazy import lazy_package

__getattr__, __dir__, __all__ = lazy_package(__name__, __file__)
