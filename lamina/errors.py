"""Wording that several error messages share."""

import difflib
from collections.abc import Iterable


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


def plural(count: int, noun: str) -> str:
    """Return `count` and the noun in the right number: `1 row`, `2 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
