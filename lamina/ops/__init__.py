"""Operations on arrays, as in `keras.ops`.

They take arrays, NumPy's arrays, lists, numbers and Variables; called on symbolic tensors they become part of a graph.
"""

from lamina.ops import control_flow, core, image, linalg, math, nn, numpy
from lamina.ops.control_flow import *  # noqa: F403
from lamina.ops.core import *  # noqa: F403
from lamina.ops.linalg import *  # noqa: F403
from lamina.ops.math import *  # noqa: F403
from lamina.ops.nn import *  # noqa: F403
from lamina.ops.numpy import *  # noqa: F403

__all__: list[str] = ["image", "linalg", "nn", "numpy"]
__all__ += control_flow.__all__
__all__ += core.__all__
__all__ += linalg.__all__
__all__ += math.__all__
__all__ += nn.__all__
__all__ += numpy.__all__
