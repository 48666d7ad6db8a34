"""Wording that several error messages share."""

import difflib
import linecache
import os
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import jaxlib
import numpy as np

_LONGEST_REPR = 80

ROOT = str(Path(__file__).parent) + os.sep
"""The folder of lamina. With the separator at its end, so that no folder whose name only begins so is meant."""

LIBRARIES = (
    ROOT,
    *(str(Path(str(module.__file__)).parent) + os.sep for module in (jax, jaxlib, np)),
    str(Path(jax.__file__).parent.with_name("opt_einsum")) + os.sep,  # checks the products of jax.numpy.einsum
    "<frozen ",
)
"""What the files of lamina and of what it is made of begin with."""

_PYTHON = str(Path(linecache.__file__).parent) + os.sep  # packages that were installed lie in it, too


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


def plural(count: int, noun: str, several: str | None = None) -> str:
    """Return `count` and the noun in the right number: `1 row`, `2 rows`."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def warn(message: str) -> None:
    """Warn in the line of the user's that led here, however many functions of lamina and JAX lie between.

    Args:
        message: what is seldom meant, where, and what to do.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_hidden(frame):
        frame = frame.f_back
    registry = frame.f_globals.setdefault("__warningregistry__", {})  # said once a line, as by Python
    module = frame.f_globals.get("__name__", "__main__")
    warnings.warn_explicit(message, UserWarning, frame.f_code.co_filename, frame.f_lineno, module, registry)


def _is_hidden(frame: types.FrameType) -> bool:
    """Tell frames of lamina and of what it is made of, and those of Python's own library that they went through."""
    file, caller = frame.f_code.co_filename, frame.f_back
    return file.startswith(LIBRARIES) or (of_python(file) and caller is not None and _is_hidden(caller))


def of_python(file: str) -> bool:
    """Tell whether a file is one of Python's own library."""
    return file.startswith(_PYTHON) and "site-packages" not in file


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
        told = _about_traced_value(error)
        if told is not None:
            raise told from None
        if len(error.args) == 1 and isinstance(error.args[0], str):
            error.args = (in_users_words(rewrite(error.args[0])),)
        if hasattr(error, "__notes__"):
            error.__notes__ = [rewrite(note) for note in error.__notes__ if "JAX_TRACEBACK_FILTERING" not in note]
        raise


def in_users_words(text: str) -> str:
    """Return a message of JAX in words that say what to look at, where it is one that has such; else as it is."""
    return re.sub(
        r"^dot_general requires contracting dimensions to have the same shape, got (.*)\.$",
        r"A product of arrays sums over axes of one size, got \1: the last axis of the left array must be as long as "
        r"the first of the right one.",
        text,
    )


_TRACED = (
    "{what} the value of an array, which is not known while the model is compiled{where}. {instead} To run operation "
    "by operation for debugging: compile(..., run_eagerly=True)."
)
_KEPT = (
    "{what} that `call` computed while the model was compiled is used after it{where}. It holds no numbers any more. "
    "Return it from `call` as one more output; or keep it in a weight: self.last = self.add_weight(shape=..., "
    "trainable=False) in __init__, and self.last.assign(value) in `call`."
)
_USES: tuple[tuple[type[Exception], str, str], ...] = (
    (
        jax.errors.TracerBoolConversionError,
        "Python's `if`, `while`, `and`, `or` or `not` asks for",
        "Use lamina.ops.where(condition, a, b), lamina.ops.cond(condition, f, g) or lamina.ops.while_loop.",
    ),
    (
        jax.errors.TracerIntegerConversionError,
        "Python asks for a whole number, as range() and the index of a list do, and so for",
        "Use lamina.ops.take, lamina.ops.fori_loop, or the sizes in x.shape, which are known.",
    ),
    (
        jax.errors.TracerArrayConversionError,
        "NumPy asks for",
        "Use the function of lamina.ops (or jax.numpy) of the same name in the place of NumPy's, and no .numpy().",
    ),
    (
        jax.errors.ConcretizationTypeError,
        "float(), int() or .item() asks for",
        "Compute with the array itself; lamina.ops.cast changes its type.",
    ),
)


def _about_traced_value(error: Exception) -> TypeError | None:
    """Return an error in plain words if Python was asked for a value that a trace does not have."""
    if isinstance(error, jax.errors.UnexpectedTracerError):
        return about_kept_value(error)
    found = next(((what, instead) for kind, what, instead in _USES if isinstance(error, kind)), None)
    if found is None:
        if not _asks_by_name(error):
            return None
        found = (".numpy(), or a format such as {x:.2f}, asks for", "Compute with the array itself.")
    told = TypeError(_TRACED.format(what=found[0], instead=found[1], where=_users_line(error.__traceback__)))
    return _with_notes_of(error, told)


def about_kept_value(error: BaseException) -> TypeError | None:
    """Return an error in plain words if a value was used after the trace that it belongs to had ended.

    Args:
        error: as JAX raised it, outside of any trace.
    """
    asks_for_value = any(isinstance(error, kind) for kind, _, _ in _USES) or _asks_by_name(error)
    if not isinstance(error, jax.errors.UnexpectedTracerError) and not (asks_for_value and _from_users_line(error)):
        return None
    told = TypeError(_KEPT.format(what="A value", where=_users_line(error.__traceback__)))
    return _with_notes_of(error, told)


def kept_value(place: str) -> TypeError:
    """Return the error for the use of a value that was kept in an attribute."""
    return TypeError(_KEPT.format(what=f"The value in {place}", where=""))


def _asks_by_name(error: BaseException) -> bool:
    """Tell errors that only their text tells from others."""
    if isinstance(error, AttributeError):
        return bool(re.search(r"Tracer.* has no attribute \W?numpy", str(error)))
    return isinstance(error, TypeError) and bool(re.search(r"Tracer\S*__format__", str(error)))


def _from_users_line(error: BaseException) -> bool:
    """Tell whether the user's line itself asked, and no function of theirs that a library was tracing."""
    inside, traceback = False, error.__traceback__
    while traceback is not None:
        hidden = traceback.tb_frame.f_code.co_filename.startswith(LIBRARIES)
        if inside and not hidden:
            return False
        inside = inside or hidden
        traceback = traceback.tb_next
    return True


def _with_notes_of(error: BaseException, told: TypeError) -> TypeError:
    for note in getattr(error, "__notes__", []):
        if "JAX_TRACEBACK_FILTERING" not in note:
            told.add_note(note)
    return told.with_traceback(error.__traceback__)


def _users_line(traceback: types.TracebackType | None) -> str:
    """Say in which line of the user's own code an error arose; nothing if it was in none."""
    line, in_package = "", False
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        of_package = "site-packages" in file  # of somebody else; the line that called it says more
        if not file.startswith(LIBRARIES) and (not of_package or in_package or not line):
            source = linecache.getline(file, traceback.tb_lineno).strip()
            line = f", in line {traceback.tb_lineno} of {Path(file).name}" + (f": `{source}`" if source else "")
            in_package = of_package
        traceback = traceback.tb_next
    return line
