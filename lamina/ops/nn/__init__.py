"""Operations of neural networks."""

from lamina.ops.nn import activations, attention, classes, complex_numbers, convolution, ctc, normalization, pooling
from lamina.ops.nn.activations import *  # noqa: F403
from lamina.ops.nn.attention import *  # noqa: F403
from lamina.ops.nn.classes import *  # noqa: F403
from lamina.ops.nn.complex_numbers import *  # noqa: F403
from lamina.ops.nn.convolution import *  # noqa: F403
from lamina.ops.nn.ctc import *  # noqa: F403
from lamina.ops.nn.normalization import *  # noqa: F403
from lamina.ops.nn.pooling import *  # noqa: F403

__all__: list[str] = []
__all__ += activations.__all__
__all__ += attention.__all__
__all__ += classes.__all__
__all__ += complex_numbers.__all__
__all__ += convolution.__all__
__all__ += ctc.__all__
__all__ += normalization.__all__
__all__ += pooling.__all__
