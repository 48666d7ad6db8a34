"""Operations named after NumPy's."""

from lamina.ops.core import ndim, size
from lamina.ops.numpy import arithmetic, creation, elementwise, products, rearranging, reductions, selection
from lamina.ops.numpy.arithmetic import *  # noqa: F403
from lamina.ops.numpy.creation import *  # noqa: F403
from lamina.ops.numpy.elementwise import *  # noqa: F403
from lamina.ops.numpy.products import *  # noqa: F403
from lamina.ops.numpy.rearranging import *  # noqa: F403
from lamina.ops.numpy.reductions import *  # noqa: F403
from lamina.ops.numpy.selection import *  # noqa: F403

__all__: list[str] = ["ndim", "size"]
__all__ += arithmetic.__all__
__all__ += creation.__all__
__all__ += elementwise.__all__
__all__ += products.__all__
__all__ += rearranging.__all__
__all__ += reductions.__all__
__all__ += selection.__all__
