"""`ProgressLine`: one line of text that grows, drawn by rich in a terminal and in a notebook."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from lamina import config

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_NARROWEST = 5  # bar that still tells something
_LINES_OF_OUTPUT = 50
SECONDS_BETWEEN = 0.05  # drawings: an eye sees no more, and a terminal takes time for each


class ProgressLine:
    """A line that is drawn over the one before until it is finished; in a log or a pipe, finished lines alone.

    It is made when a run begins, since standard output may be another one in the next.

    Args:
        verbose: 1 for a line that grows where that is possible; else finished lines without a bar.
        width: characters of the bar.
    """

    def __init__(self, verbose: int, width: int = 20) -> None:
        self._width = width
        self._screen = _screen() if verbose == 1 else None

    @property
    def is_live(self) -> bool:
        """Whether something is seen of a line before it is finished."""
        return self._screen is not None

    def say(self, words: str, *, finished: bool = False) -> None:
        """Show plain words."""
        if self._screen is not None:
            self._screen.draw(_text(_writable(words, self._screen.console.file)), finished)
        elif finished:
            _write(f"{words}\n")

    def show(self, done: int, total: int | None, details: str, *, head: str = "", finished: bool = False) -> None:
        """Show that `done` steps of `total` (None if that is not known) were made, and details.

        A plain line begins with `head`.
        """
        of = str(total) if total else "?"
        counted = f"{done:>{len(of)}}/{of}"
        if self._screen is not None:
            details = _writable(details, self._screen.console.file)
            bar = self._bar(done, total, self._screen.room_beside(f"{counted}  {details}"))
            self._screen.draw(_text((counted, "bold"), bar, f" {details}"), finished)
        elif finished:
            _write(f"{head} {counted} {details}\n".lstrip())

    def close(self) -> None:
        """End the run: what comes next, such as the traceback of an error, begins a line of its own."""
        if self._screen is not None:
            self._screen.close()

    def _bar(self, done: int, total: int | None, room: int) -> Text:
        """Return a space and the bar, which gives way to the numbers where the terminal is narrow."""
        from rich.progress_bar import ProgressBar

        assert self._screen is not None
        console, width = self._screen.console, min(self._width, room)
        if width < _NARROWEST:
            return _text()
        bar = ProgressBar(total or None, done, width, complete_style="green", finished_style="green")
        [segments] = console.render_lines(bar, console.options.update_width(width))
        return _text(" ", *((segment.text, segment.style or "") for segment in segments))


class _Terminal:
    """A terminal, whose last line is drawn over after a carriage return.

    Nothing else of it is changed, so that nothing has to be put back when a run is broken off.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._open = False

    def room_beside(self, words: str) -> int:
        from rich.cells import cell_len

        return self.console.width - 1 - cell_len(words)

    def draw(self, line: Text, finished: bool) -> None:
        from rich.control import Control
        from rich.segment import ControlType

        if not finished:  # cut: what runs over into a second row could not be drawn over
            line.truncate(self.console.width - 1)
        anew = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
        self._open = not finished
        self.console.print(anew, line, end="\n" if finished else "", soft_wrap=True)

    def close(self) -> None:
        if self._open:
            self._open = False
            self.console.file.write("\n")


class _Notebook:
    """The output of a notebook's cell.

    Many lines make one output, since JupyterLab shows the first 50 outputs of a cell. Lines that are finished soon wait
    for the next one or the end: drawing takes longer than an epoch of a small model.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._finished: list[Text] = []
        self._output: Any = None
        self._drawn_at = 0.0
        self._open = False

    def room_beside(self, words: str) -> int:
        return sys.maxsize

    def draw(self, line: Text, finished: bool) -> None:
        self._open = not finished
        if not finished:
            self._show([*self._finished, line])
            return
        self._finished.append(line)
        if len(self._finished) == _LINES_OF_OUTPUT:
            self.close()
        elif time.perf_counter() >= self._drawn_at + SECONDS_BETWEEN:
            self._show(self._finished)

    def close(self) -> None:
        if self._finished and not self._open:
            self._show(self._finished)
        self._finished, self._output, self._open = [], None, False

    def _show(self, lines: list[Text]) -> None:
        from IPython.display import display  # pyright: ignore[reportMissingImports]
        from rich.text import Text

        text = Text("\n", no_wrap=True, overflow="ignore").join(lines)
        if self._output is None:
            self._output = display(text, display_id=True)
        else:
            self._output.update(text)
        self._drawn_at = time.perf_counter()


def duration(seconds: float) -> str:
    """Return how long a step takes, in the largest unit of which it is one."""
    if seconds >= 1:
        return f"{seconds:.0f}s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms"
    return f"{seconds * 1e6:.0f}us"


def time_left(seconds: float) -> str:
    """Return a time as `12s`, `3:05` or `1:02:03`."""
    if seconds >= 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{seconds % 60:02.0f}"
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f}" if seconds >= 60 else f"{seconds:.0f}s"


def number(value: Any) -> str:
    """Return a value of the logs in four digits, or what is no number in one line."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return " ".join(str(value).split())
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"


def _screen() -> _Terminal | _Notebook | None:
    """Return where what was written to standard output can be drawn over, else None.

    rich is asked last, since importing it takes a while.
    """
    stream = sys.stdout
    if not config.is_interactive_logging_enabled() or hasattr(stream, "rich_proxied_file"):
        return None  # within a rich.live of the user's, finished lines go above what it shows
    if not type(stream).__module__.startswith("ipykernel.") and not getattr(stream, "isatty", bool)():
        return None
    from rich.console import Console

    console = Console(file=stream)
    if console.is_jupyter:
        return _Notebook(console)
    return _Terminal(console) if console.is_interactive else None


def _text(*parts: Any) -> Text:
    from rich.text import Text

    return Text.assemble(*parts, end="")


def _writable(text: str, stream: Any) -> str:
    """Return text without what the encoding of a stream does not have: a name must not end a run."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.replace("…", "...").encode(encoding, "replace").decode(encoding)
    return text


def _write(text: str) -> None:
    if not config.is_interactive_logging_enabled():
        logging.getLogger("lamina").info(text.strip())
        return
    stream = sys.stdout
    stream.write(_writable(text, stream))
    stream.flush()
