"""Operations on arrays, as in `keras.ops`."""

from lamina.ops import numpy
from lamina.ops.numpy import *  # noqa: F403

__all__: list[str] = []
__all__ += numpy.__all__
