"""JSON as model files hold it: one meaning only, and no tricks."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from lamina.saving.errors import LoadError

_LARGEST = 2**64
# A list takes sixty bytes of memory and two of text: so many of them are more than the largest models have.
_MOST_OBJECTS = 320_000
_MOST_ITEMS = 4_000_000
_LONGEST_NAME = 1_000


def parse(text: bytes | str, name: str) -> Any:
    """Return the value of a JSON text.

    Args:
        text: the text, UTF-8 where it is bytes.
        name: what messages call it.

    Raises:
        LoadError: if it is no JSON, nested too deeply, repeats a key, or holds NaN, a number of a size or a number of
            objects that no model has.
    """

    def fail(problem: str) -> NoReturn:
        raise LoadError(f"{name}: {problem}")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))
            fail(f"the key {twice!r} stands twice in one object.")
        if isinstance(name := found.get("name"), str) and len(name) > _LONGEST_NAME:
            fail(f"it holds a name of {len(name):,} letters, which would stand in every path below.")
        return found

    def constant(word: str) -> float:
        if word == "NaN":
            fail("it holds NaN, which no argument of a layer can be.")
        return float(word)  # attention masks and clipping do use infinity

    def whole(digits: str) -> int:
        if len(digits) > 21 or abs(number := int(digits)) > _LARGEST:
            fail(f"it holds a number of {len(digits)} digits.")
        return number

    def real(digits: str) -> float:
        if len(digits) > 64 or not math.isfinite(number := float(digits)):
            fail(f"it holds the number {digits[:24]}…, which is out of range.")
        return number

    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        if text.count("{") + text.count("[") > _MOST_OBJECTS or text.count(",") > _MOST_ITEMS:
            fail(f"it describes more than {_MOST_OBJECTS:,} objects or {_MOST_ITEMS:,} values; models have thousands.")
        return json.loads(text, object_pairs_hook=members, parse_constant=constant, parse_int=whole, parse_float=real)
    except UnicodeDecodeError:
        fail("it is no UTF-8 text.")
    except json.JSONDecodeError as error:
        fail(f"it is no JSON: {error.msg} in line {error.lineno}.")
    except RecursionError:
        fail("its objects are nested too deeply.")
