"""Wording that several error messages share."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

_LONGEST_REPR = 80


def nearest(name: object, known: Iterable[str]) -> str:
    """Return a sentence that suggests the known name closest to `name`, or lists the known ones.

    Args:
        name: what the user wrote.
        known: the names that would have been right.
    """
    known = list(known)
    by_lowercase = {option.lower(): option for option in known}
    close = difflib.get_close_matches(str(name).lower(), by_lowercase, n=1)
    if close:
        return f"Did you mean {by_lowercase[close[0]]!r}?"
    return f"Known names: {', '.join(sorted(map(str, known)))}."


def brief(value: object) -> str:
    """Return what a value is in a few words: of an array its shape and dtype, of anything else a short repr."""
    if hasattr(value, "shape") and hasattr(value, "dtype") and len(repr(value)) > _LONGEST_REPR:
        return f"an array of shape {tuple(value.shape)} and dtype {value.dtype}"  # type: ignore[attr-defined]
    text = repr(value)
    return text if len(text) <= _LONGEST_REPR else f"{text[:_LONGEST_REPR]}…"


def plural(count: int, noun: str) -> str:
    """Return `count` and the noun in the right number: `1 row`, `2 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


@contextmanager
def plain_errors(rewrite: Callable[[str], str] = str) -> Iterator[None]:
    """Let errors out of traced code without JAX's remark on its tracebacks.

    Args:
        rewrite: applied to the text and the notes of an error, to say what the user knows in the place of what stood in
            for it.
    """
    try:
        yield
    except Exception as error:
        if len(error.args) == 1 and isinstance(error.args[0], str):
            error.args = (rewrite(error.args[0]),)
        if hasattr(error, "__notes__"):
            error.__notes__ = [rewrite(note) for note in error.__notes__ if "JAX_TRACEBACK_FILTERING" not in note]
        raise
