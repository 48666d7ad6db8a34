"""Operations on images: arrays of shape `(height, width, channels)`, or of a batch of those."""

from lamina.ops.image import borders, colours, filters, geometry, patches, resizing
from lamina.ops.image.borders import *  # noqa: F403
from lamina.ops.image.colours import *  # noqa: F403
from lamina.ops.image.filters import *  # noqa: F403
from lamina.ops.image.geometry import *  # noqa: F403
from lamina.ops.image.patches import *  # noqa: F403
from lamina.ops.image.resizing import *  # noqa: F403

__all__: list[str] = []
__all__ += borders.__all__
__all__ += colours.__all__
__all__ += filters.__all__
__all__ += geometry.__all__
__all__ += patches.__all__
__all__ += resizing.__all__
