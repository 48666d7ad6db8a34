"""Numerical kernels that layers call: one function a concept, fast on the CPU inside compiled loops.

On other platforms every function is plain `jax.lax`, but for attention, which takes cuDNN's on a GPU.
Nothing here knows of layers or variables. `__init__.pyi` says where the functions are.
"""

from lamina.core.lazy import lazy_package

__getattr__, __dir__, __all__ = lazy_package(__name__, __file__)
