"""A diagram as SVG: cards with coloured heads, frames around nested models, lines with rounded corners."""

from __future__ import annotations

import dataclasses
import itertools
import math
import unicodedata
from collections.abc import Iterator
from html import escape

from lamina.visualization.diagram import Box, Diagram, Wire
from lamina.visualization.layering import Leg, Line, place

# Colour of the head's ground and of its edge by family of layers: quiet, told apart in grey as well by the words.
_COLOURS = {
    "input": ("#e2e8f0", "#64748b"),
    "core": ("#dbeafe", "#2563eb"),
    "convolutional": ("#e0e7ff", "#4f46e5"),
    "pooling": ("#cffafe", "#0891b2"),
    "normalization": ("#dcfce7", "#16a34a"),
    "regularization": ("#f1f5f9", "#94a3b8"),
    "activations": ("#fef3c7", "#d97706"),
    "attention": ("#fce7f3", "#db2777"),
    "rnn": ("#ede9fe", "#7c3aed"),
    "merging": ("#ffedd5", "#ea580c"),
    "reshaping": ("#f1f5f9", "#64748b"),
    "preprocessing": ("#ecfccb", "#65a30d"),
    "operation": ("#ffedd5", "#ea580c"),
    "model": ("#ffe4e6", "#e11d48"),
}
_OWN = ("#f3e8ff", "#9333ea")
_LINE, _TEXT, _QUIET, _CARD, _CARD_EDGE, _FRAME, _FRAME_EDGE = (
    "#64748b", "#0f172a", "#64748b", "#ffffff", "#cbd5e1", "#94a3b8", "#94a3b8"
)  # fmt: skip
_FONT = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif"
_PADDING, _TITLE, _NAME, _ROW = 12.0, 20.0, 15.0, 17.0
_FRAME_PADDING, _FRAME_TITLE, _MARGIN = 14.0, 26.0, 16.0
_RADIUS = 7.0
DIRECTIONS = ("TB", "LR", "BT", "RL")
SPLINES = ("ortho", "curved", "polyline", "spline", "line")


@dataclasses.dataclass
class _Drawn:
    """A drawing at the origin: elements, size, and where lines come in and go out, across the flow."""

    elements: list[str]
    width: float
    height: float
    entries: list[float]
    exits: list[float]


def svg(diagram: Diagram, rankdir: str = "TB", splines: str = "ortho", scale: float = 1.0) -> str:
    """Return a diagram as the text of an SVG file, which needs nothing else to be shown.

    Args:
        diagram: what to draw.
        rankdir: where the flow goes: "TB" (from top to bottom), "LR" (from left to right), "BT" or "RL".
        splines: lines with right angles ("ortho"), "curved" (or "spline"), or straight ("polyline" or "line").
        scale: how large a unit is, in pixels of 1/96 inch.
    """
    drawn = _Painter(rankdir, splines).draw(diagram, framed=False)
    width, height = drawn.width + 2 * _MARGIN, drawn.height + 2 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width * scale)}" height="{_n(height * scale)}" '
            f'viewBox="0 0 {_n(width)} {_n(height)}" font-family="{escape(_FONT)}" role="img">',
            f"<title>{_text(diagram.name)}</title>",
            f'<g transform="translate({_n(_MARGIN)},{_n(_MARGIN)})">',
            *drawn.elements,
            "</g>",
            "</svg>",
        ]
    )


class _Painter:
    """Draws diagrams, the inner ones first: a drawn one is a box of the one around it."""

    def __init__(self, rankdir: str, splines: str) -> None:
        self.sideways = rankdir in ("LR", "RL")
        self.backwards = rankdir in ("BT", "RL")
        self.splines = splines

    def draw(self, diagram: Diagram, framed: bool) -> _Drawn:
        inner = [self._framed(box) if box.inner else None for box in diagram.boxes]
        sizes = [
            self._turned(*(drawn.width, drawn.height) if drawn else _card_size(box))
            for box, drawn in zip(diagram.boxes, inner, strict=True)
        ]
        lines = [Line(w.source, w.target, *self._ports(w, sizes, inner)) for w in diagram.wires]
        arrows = [inner[wire.target] is None for wire in diagram.wires]
        entries, exits = [], []
        for box, slot in diagram.entries if framed else ():
            entries.append(len(sizes) + len(entries))
            lines.append(Line(entries[-1], box, 0.0, self._ports(Wire(box, 0, box, slot), sizes, inner)[1]))
            arrows.append(inner[box] is None)
        for box, slot in diagram.exits if framed else ():
            exits.append(len(sizes) + len(entries) + len(exits))
            lines.append(Line(box, exits[-1], self._ports(Wire(box, slot, box, 0), sizes, inner)[0], 0.0))
            arrows.append(False)
        placed = place([*sizes, *[(0.0, 0.0)] * (len(entries) + len(exits))], lines, entries, exits)
        elements = []
        for legs, arrow in zip(placed.routes if diagram.wired else (), arrows, strict=False):
            elements.append(self._line(legs, placed.along, arrow))
        for box, drawn, corner, size in zip(diagram.boxes, inner, placed.corners, sizes, strict=False):
            across, along = corner
            along = placed.along - along - size[1] if self.backwards else along
            x, y = self._turned(across, along)
            elements.append(f'<g transform="translate({_n(x)},{_n(y)})">')
            elements.extend(drawn.elements if drawn else _card(box))
            elements.append("</g>")
        width, height = self._turned(placed.across, placed.along)
        return _Drawn(
            elements,
            width,
            height,
            [placed.corners[node][0] for node in entries],
            [placed.corners[node][0] for node in exits],
        )

    def _framed(self, box: Box) -> _Drawn:
        """Draw a nested model in a frame that has its class and name at the top."""
        assert box.inner is not None
        drawn = self.draw(box.inner, framed=True)
        subtitle = _subtitle(box)
        label = f"{box.title}  {subtitle}"
        width = max(drawn.width + 2 * _FRAME_PADDING, _width(label, 12, bold=True) + 2 * _PADDING)
        height = drawn.height + _FRAME_TITLE + _FRAME_PADDING
        left, top = (width - drawn.width) / 2, _FRAME_TITLE
        ground, edge = _COLOURS.get(box.family, _OWN)
        elements = [
            f'<rect width="{_n(width)}" height="{_n(height)}" rx="10" fill="{_FRAME}" fill-opacity="0.08" '
            f'stroke="{_FRAME_EDGE}" stroke-dasharray="5 4"><title>{_text(box.details)}</title></rect>'
        ]
        offset = top if self.sideways else left
        entries, exits = ([offset + port for port in ports] for ports in (drawn.entries, drawn.exits))
        # From the frame's edge to where the inner drawing begins and ends.
        extent = width if self.sideways else height
        near, far = (left, left) if self.sideways else (top, _FRAME_PADDING)
        near, far = (far, near) if self.backwards else (near, far)
        for port in entries if box.inner.wired else ():
            elements.append(self._stub(port, extent - near if self.backwards else 0.0, near))
        for port in exits if box.inner.wired else ():
            elements.append(self._stub(port, 0.0 if self.backwards else extent - far, far))
        elements += [f'<g transform="translate({_n(left)},{_n(top)})">', *drawn.elements, "</g>"]
        tab, low = _width(label, 12, bold=True) + 16, _n(_FRAME_TITLE - 6)
        elements += [
            f'<path d="M0,{low} V10 A10,10 0 0 1 10,0 H{_n(tab)} L{_n(tab - 6)},{low} Z" fill="{ground}"/>',
            f'<text x="10" y="14.5" font-size="12" font-weight="600" fill="{edge}">{_text(box.title)}'
            f'<tspan font-weight="400" dx="6">{_text(subtitle)}</tspan></text>',
        ]
        return _Drawn(elements, width, height, entries, exits)

    def _stub(self, across: float, start: float, length: float) -> str:
        points = [self._turned(across, start), self._turned(across, start + length)]
        return _path(f"M{_pair(points[0])} L{_pair(points[1])}")

    def _ports(self, wire: Wire, sizes: list[tuple[float, float]], inner: list[_Drawn | None]) -> tuple[float, float]:
        """Return how far across the source a wire leaves and how far across the target it enters."""
        source, target = inner[wire.source], inner[wire.target]
        leaves, enters = sizes[wire.source][0] / 2, sizes[wire.target][0] / 2
        if source and wire.output < len(source.exits):
            leaves = source.exits[wire.output]
        if target and wire.input < len(target.entries):
            enters = target.entries[wire.input]
        return leaves, enters

    def _turned(self, across: float, along: float) -> tuple[float, float]:
        return (along, across) if self.sideways else (across, along)

    def _line(self, legs: list[Leg], along: float, arrow: bool) -> str:
        def turned(point: tuple[float, float]) -> tuple[float, float]:
            return self._turned(point[0], along - point[1] if self.backwards else point[1])

        if self.splines in ("curved", "spline"):
            parts = [f"M{_pair(turned(legs[0].start))}"]
            for leg in legs:
                (x1, y1), (x2, y2) = leg.start, leg.end
                middle = (y1 + y2) / 2
                controls = _pair(turned((x1, middle))), _pair(turned((x2, middle)))
                # The straight part through a rank that the line passes, then the bend.
                parts.append(f"L{_pair(turned(leg.start))} C{controls[0]} {controls[1]} {_pair(turned(leg.end))}")
            (x, y), end = legs[-1].end, turned(legs[-1].end)
            return _path(" ".join(parts), (turned((x, y - 1)), end) if arrow else None)
        corners: list[tuple[float, float]] = []
        for (x1, y1), (x2, y2), track in legs:
            bent = self.splines == "ortho" and abs(x1 - x2) > 0.5
            middle = [(x1, track), (x2, track)] if bent else []
            corners += [(x1, y1), *middle, (x2 if self.splines != "ortho" or bent else x1, y2)]
        points = [turned(corner) for corner in _straightened(corners)]
        return _path(_rounded(points), (points[-2], points[-1]) if arrow else None)


def _card_size(box: Box) -> tuple[float, float]:
    labels = max((_width(label, 11) for label, _ in box.rows), default=0.0)
    values = max((_width(value, 11) for _, value in box.rows), default=0.0)
    width = max(_width(box.title, 13, bold=True), _width(_subtitle(box), 11), labels + 10 + values if box.rows else 0)
    return max(width + 2 * _PADDING + 2, 84.0), _head_height(box) + (len(box.rows) * _ROW + 8 if box.rows else 0)


def _subtitle(box: Box) -> str:
    return " · ".join(part for part in (box.name, box.call) if part)


def _head_height(box: Box) -> float:
    return _TITLE + (_NAME if _subtitle(box) else 0) + 10


def _card(box: Box) -> Iterator[str]:
    ground, edge = _COLOURS.get(box.family, _OWN)
    width, height = _card_size(box)
    head = _head_height(box)
    yield f"<title>{_text(box.details)}</title>"
    if box.family == "model":  # a pile of cards: there are layers inside
        yield (
            f'<rect x="4" y="4" width="{_n(width)}" height="{_n(height)}" rx="{_n(_RADIUS)}" fill="{ground}" '
            f'stroke="{edge}" stroke-opacity="0.5"/>'
        )
    shape = f'width="{_n(width)}" height="{_n(height)}" rx="{_n(_RADIUS)}"'
    yield f'<rect {shape} fill="{_CARD}"/>'
    if box.rows:
        r = _n(_RADIUS)
        yield (
            f'<path d="M0,{_n(head)} V{r} A{r},{r} 0 0 1 {r},0 H{_n(width - _RADIUS)} A{r},{r} 0 0 1 {_n(width)},{r} '
            f'V{_n(head)} Z" fill="{ground}"/>'
        )
    else:
        yield f'<rect {shape} fill="{ground}"/>'
    yield f'<rect {shape} fill="none" stroke="{edge}" stroke-opacity="0.55"/>'
    yield (
        f'<text x="{_n(width / 2)}" y="19.5" font-size="13" font-weight="600" fill="{_TEXT}" text-anchor="middle">'
        f"{_text(box.title)}</text>"
    )
    subtitle = _subtitle(box)
    if subtitle:
        yield (
            f'<text x="{_n(width / 2)}" y="35" font-size="11" fill="{edge}" text-anchor="middle">'
            f"{_text(subtitle)}</text>"
        )
    for index, (label, value) in enumerate(box.rows):
        y = _n(head + 16 + index * _ROW)
        yield f'<text x="{_n(_PADDING)}" y="{y}" font-size="11" fill="{_QUIET}">{_text(label)}</text>'
        yield (
            f'<text x="{_n(width - _PADDING)}" y="{y}" font-size="11" fill="{_TEXT}" text-anchor="end">'
            f"{_text(value)}</text>"
        )


def _straightened(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Drop the points between which a line goes straight on."""
    kept = points[:1]
    for point, following in itertools.pairwise(points[1:]):
        (x0, y0), (x1, y1), (x2, y2) = kept[-1], point, following
        if abs((x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)) > 1e-3:
            kept.append(point)
    return [*kept, points[-1]]


def _rounded(points: list[tuple[float, float]]) -> str:
    parts = [f"M{_pair(points[0])}"]
    for before, corner, behind in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, behind)
        parts.append(f"L{_pair(start)} Q{_pair(corner)} {_pair(end)}")
    return " ".join([*parts, f"L{_pair(points[-1])}"])


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    distance = ((other[0] - corner[0]) ** 2 + (other[1] - corner[1]) ** 2) ** 0.5
    share = min(_RADIUS, distance / 2) / distance if distance else 0.0
    return corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share


def _path(d: str, arrow: tuple[tuple[float, float], tuple[float, float]] | None = None) -> str:
    """Draw a path; `arrow` is where its head comes from and where its tip is."""
    line = f'<path d="{d}" fill="none" stroke="{_LINE}" stroke-width="1.4"/>'
    if arrow is None:
        return line
    # Drawn, not a marker: two pictures on a page would share the marker's id, and one of them may be hidden.
    (x0, y0), (x1, y1) = arrow
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    head = f'<path class="arrow" d="M-10,-5 L0,0 L-10,5 L-7.5,0 Z" fill="{_LINE}"'
    return f'{line}{head} transform="translate({_pair(arrow[1])}) rotate({_n(angle)})"/>'


def _pair(point: tuple[float, float]) -> str:
    return f"{_n(point[0])},{_n(point[1])}"


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    """Escape text, which may come from a file, and drop the control characters that XML has no place for."""
    return escape("".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs")))


# Widths of characters in a wide sans serif, in sizes of the font.
_NARROW, _WIDE = frozenset("ijl.,:;'|! "), frozenset("mwMW@%")


def _width(text: str, size: float, bold: bool = False) -> float:
    width = 0.0
    for char in text:
        if char in _NARROW:
            width += 0.32
        elif char in _WIDE:
            width += 0.94
        elif unicodedata.east_asian_width(char) in "WF":
            width += 1.0
        elif char in "()frt[]{}-/":
            width += 0.4
        else:
            width += 0.68 if char.isupper() else 0.61
    return width * size * (1.08 if bold else 1.0)
