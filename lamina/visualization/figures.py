"""Figures of matplotlib, made without a window system."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(who: str, width: float = 6.4, height: float = 4.0) -> "Figure":
    """Return an empty figure: not pyplot's, so that no window system is asked for and none stays open.

    Args:
        who: the function that needs it, for the error.
        width, height: in inches.

    Raises:
        ImportError: without matplotlib (`pip install 'lamina[plot]'`).
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"{who} needs matplotlib: pip install 'lamina[plot]'") from error
    return Figure(figsize=(width, height), layout="constrained")


def as_svg(figure: "Figure") -> str:
    """Return a figure as an SVG element to stand in a page; its text stays text."""
    import matplotlib

    text = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "lamina", "font.family": "sans-serif"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
