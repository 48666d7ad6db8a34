"""Pictures drawn in the terminal."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

_ASCII_SHADES = " .:-=+*#%@"
# Index: whether the upper half is inked, plus twice whether the lower half is.
_HALF_BLOCKS = " ▀▄█"


class Picture:
    """An image drawn in characters, two pixels to a character; show it with `rich.print` or in a rich console.

    With colour every pixel has its own shade (upper half blocks: the upper pixel is the ink, the lower one the
    paper); without colour half blocks show the pixels above the middle of the range, and where the output is not
    UTF-8 plain characters from light to heavy show the shades.

    Args:
        image: array of shape `(height, width)`, `(height, width, 1)` or, for red, green and blue,
            `(height, width, 3)`; any number type.
        width: columns of the drawing, in characters; the rows follow, as a character is about twice as high as wide.
            Small images are enlarged smoothly.
        vmin: the value shown darkest; None takes the smallest of the image.
        vmax: the value shown brightest; None takes the largest of the image.

    Raises:
        ValueError: if the image has another shape, is empty or holds values that are not finite.

    Example:
        >>> import numpy, rich
        >>> rich.print(Picture(numpy.eye(8), width=16))  # doctest: +SKIP
    """

    def __init__(self, image: np.ndarray, *, width: int = 16, vmin: float | None = None, vmax: float | None = None):
        pixels = np.asarray(image, dtype="float64")
        if pixels.ndim == 2:
            pixels = pixels[..., None]
        if pixels.ndim != 3 or pixels.shape[-1] not in (1, 3) or pixels.size == 0:
            raise ValueError(
                f"Picture: expected an image of shape (height, width), (height, width, 1) or (height, width, 3), "
                f"received {np.shape(image)}. One image of a batch is batch[0]."
            )
        if not np.isfinite(pixels).all():
            raise ValueError("Picture: the image holds NaN or infinite values.")
        low = pixels.min() if vmin is None else vmin
        high = pixels.max() if vmax is None else vmax
        brightness = np.clip((pixels - low) / ((high - low) or 1.0), 0.0, 1.0)
        height = max(2, 2 * round(pixels.shape[0] * width / pixels.shape[1] / 2))
        self._brightness = np.clip(_resized(brightness, height, width), 0.0, 1.0)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        """Draw it in the way that the console can show."""
        from rich.segment import Segment
        from rich.style import Style

        coloured = bool(console.color_system) and not console.no_color
        for upper, lower in zip(self._brightness[0::2], self._brightness[1::2]):
            if options.ascii_only:
                yield Segment(_shaded(upper, lower))
            elif coloured:
                for ink, paper in zip(upper, lower):
                    yield Segment("▀", Style(color=_hex(ink), bgcolor=_hex(paper)))
            else:
                yield Segment(_inked(upper, lower))
            yield Segment.line()

    def __rich_measure__(self, console: "Console", options: "ConsoleOptions"):
        """Say how wide the drawing is, so that pictures can stand beside each other."""
        from rich.measure import Measurement

        width = self._brightness.shape[1]
        return Measurement(width, width)


def _resized(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the image in another size, each new pixel interpolated between the nearest centres of old ones."""
    for axis, size in enumerate((height, width)):
        old = pixels.shape[axis]
        places = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
        below = np.floor(places).astype(int)
        above = np.minimum(below + 1, old - 1)
        share = np.expand_dims(places - below, tuple(other for other in range(pixels.ndim) if other != axis))
        pixels = np.take(pixels, below, axis) * (1 - share) + np.take(pixels, above, axis) * share
    return pixels


def _shaded(upper: np.ndarray, lower: np.ndarray) -> str:
    brightness = (upper + lower).mean(axis=-1) / 2
    return "".join(_ASCII_SHADES[round(value * (len(_ASCII_SHADES) - 1))] for value in brightness)


def _inked(upper: np.ndarray, lower: np.ndarray) -> str:
    inked = (upper.mean(axis=-1) > 0.5) + 2 * (lower.mean(axis=-1) > 0.5)
    return "".join(_HALF_BLOCKS[value] for value in inked)


def _hex(pixel: np.ndarray) -> str:
    red, green, blue = np.round(np.broadcast_to(pixel, 3) * 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
