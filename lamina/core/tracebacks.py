"""Tracebacks that end in the user's line: frames of lamina and of what it is made of are left out.

An error keeps its type, message and notes; only frames go. `lamina.config.disable_traceback_filtering()` brings them
back.
"""

from __future__ import annotations

import builtins
import functools
import linecache
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import jax
import jaxlib

from lamina import config

_Function = TypeVar("_Function", bound=Callable[..., Any])

_ROOT = str(Path(__file__).parents[1])
_HIDDEN = (_ROOT, str(Path(jax.__file__).parent), str(Path(jaxlib.__file__).parent), "<frozen ")
_BETWEEN = ("contextlib.py", "functools.py", "runpy.py")  # of the standard library, and only in between
_METHODS_OF_MODELS = ("add", "build", "compile", "evaluate", "fit", "predict", "save", "summary")


def filtered(function: _Function) -> _Function:
    """Make a public function whose errors come without the frames below it.

    Its own frame can't be left out by itself: pytest and IPython hide it, and the hook of `install` drops it.
    """

    @functools.wraps(function)
    def entry(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if not config.is_traceback_filtering_enabled():
                raise
            below = error.__traceback__.tb_next if error.__traceback__ is not None else None
            shorten(error, below)
            raise

    return entry  # type: ignore[return-value]


def shorten(error: BaseException, traceback: TracebackType | None) -> None:
    """Give an error the frames of `traceback` that are the user's, and its causes theirs."""
    error.__traceback__ = _users(traceback)
    if hasattr(error, "__notes__"):
        error.__notes__ = [note for note in error.__notes__ if "JAX_TRACEBACK_FILTERING" not in note]
    seen = {id(error)}
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        cause.__traceback__ = _users(cause.__traceback__) or cause.__traceback__
        cause = cause.__cause__ or cause.__context__


def install() -> None:
    """Let uncaught errors be shown without hidden frames, in scripts and, where there is one, in IPython."""
    if sys.excepthook is not _hook:
        _hook.previous = sys.excepthook  # type: ignore[attr-defined]
        sys.excepthook = _hook
    shell = getattr(builtins, "get_ipython", lambda: None)() if "IPython" in sys.modules else None
    if shell is not None and hasattr(shell, "set_custom_exc") and not shell.custom_exceptions:
        shell.set_custom_exc((Exception,), _show_in_ipython)


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if config.is_traceback_filtering_enabled() and isinstance(error, Exception):
        if _passes_lamina(traceback):
            shorten(error, traceback)
            traceback = error.__traceback__
        explain(error)
    _hook.previous(kind, error, traceback)  # type: ignore[attr-defined]


_hook.previous = sys.__excepthook__  # type: ignore[attr-defined]


def _show_in_ipython(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any
) -> None:
    if config.is_traceback_filtering_enabled():
        if _passes_lamina(traceback):
            shorten(error, traceback)
            traceback = error.__traceback__
        explain(error)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def explain(error: BaseException) -> None:
    """Add what to do to errors that Python itself raises where a model is used wrongly."""
    advice = _advice(error)
    if advice and advice not in getattr(error, "__notes__", ()):
        error.add_note(advice)


def _advice(error: BaseException) -> str:
    if isinstance(error, AttributeError) and error.obj is None and error.name in _METHODS_OF_MODELS:
        return (
            "`None` came from a method that changes the model and returns nothing, such as add, build or compile. "
            f"Write them on lines of their own: model.add(...), then model.{error.name}(...)."
        )
    if isinstance(error, NameError) and re.fullmatch(r"(?i)[xy]_?\w*|\w*(data|labels|train|test)\w*", error.name or ""):
        return f"{error.name} must hold data before it is used: read them first, as NumPy arrays or a table."
    line = _last_line(error)
    if isinstance(error, TypeError) and "unpack" in str(error) and "evaluate(" in line:
        return "evaluate returns one number where there are no metrics: compile(..., metrics=['accuracy']) gives two."
    if isinstance(error, TypeError | ValueError) and "KerasTensor" in str(error) and "array" in str(error):
        return "An Input has no values yet: use lamina.ops functions or layers on it instead of jax.numpy."
    return ""


def _last_line(error: BaseException) -> str:
    traceback, line = error.__traceback__, ""
    while traceback is not None:
        line = linecache.getline(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return line


def _passes_lamina(traceback: TracebackType | None) -> bool:
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.startswith(_ROOT):
            return True
        traceback = traceback.tb_next
    return False


def _users(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback of the frames that are neither lamina's nor of what it is made of."""
    kept: list[TracebackType] = []
    hidden = False
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        hidden = file.startswith(_HIDDEN) or (hidden and file.endswith(_BETWEEN))
        if not hidden:
            kept.append(traceback)
        traceback = traceback.tb_next
    result: TracebackType | None = None
    for entry in reversed(kept):
        result = TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result
