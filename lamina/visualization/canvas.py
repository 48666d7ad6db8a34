"""A canvas of dots in the terminal: each character cell holds 2×4 dots of a braille pattern, or one plain character."""

# Bits of the eight dots of a braille cell, by row and column (Unicode block 2800).
_DOT_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK_PATTERN = 0x2800


class Canvas:
    """A grid of dots with the origin at the bottom left and one style for each character cell.

    Where lines of different styles meet in a cell, the dots of both stay and the style is that of the one drawn last.

    Args:
        columns: width in characters.
        rows: height in characters.
        ascii_only: True draws with plain characters, one dot for each cell, False with braille, 2×4 dots for each.
    """

    def __init__(self, columns: int, rows: int, ascii_only: bool = False):
        self._ascii_only = ascii_only
        self._dots_across, self._dots_down = (1, 1) if ascii_only else (2, 4)
        self.width = columns * self._dots_across
        self.height = rows * self._dots_down
        self._cells = [[(" ", "")] * columns for _ in range(rows)]

    def dot(self, x: int, y: int, style: str = "", mark: str = "*") -> None:
        """Set the dot at column `x` from the left and row `y` from the bottom; `mark` is its character in ASCII."""
        row, dot_row = divmod(self.height - 1 - y, self._dots_down)
        column, dot_column = divmod(x, self._dots_across)
        if not self._ascii_only:
            drawn, _ = self._cells[row][column]
            pattern = _BLANK_PATTERN if drawn == " " else ord(drawn)
            mark = chr(pattern | _DOT_BITS[dot_row][dot_column])
        self._cells[row][column] = (mark, style)

    def line(
        self, start: tuple[int, int], end: tuple[int, int], style: str = "", mark: str = "*", dash: int = 0
    ) -> None:
        """Draw a straight line, both ends included.

        Args:
            start: `(x, y)` in dots.
            end: `(x, y)` in dots.
            style: style of the cells touched, in rich's words.
            mark: the character drawn in ASCII.
            dash: length in dots of the dashes and of the gaps between them; 0 draws a solid line.
        """
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            x = x0 + round((x1 - x0) * step / steps)
            y = y0 + round((y1 - y0) * step / steps)
            # Dashes follow the axis, not the segment, so that they run on where the next segment begins.
            if not dash or (x // dash) % 2 == 0:
                self.dot(x, y, style, mark)

    def rows(self) -> list[list[tuple[str, str]]]:
        """Return the rows from the top, each a list of `(character, style)`."""
        return self._cells
