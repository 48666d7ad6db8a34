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
from types import TracebackType
from typing import Any, TypeVar

from lamina import config
from lamina.errors import LIBRARIES, ROOT, about_kept_value, of_python

_Function = TypeVar("_Function", bound=Callable[..., Any])

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
    error.__traceback__ = users_frames(traceback)
    if hasattr(error, "__notes__"):
        error.__notes__ = [note for note in error.__notes__ if "JAX_TRACEBACK_FILTERING" not in note]
    seen = {id(error)}
    while True:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or id(cause) in seen:
            return
        seen.add(id(cause))
        users = users_frames(cause.__traceback__)
        if users is None:  # it came up and was handled inside of lamina: a detail of how, not of what the user did
            error.__cause__, error.__suppress_context__ = None, True
            return
        cause.__traceback__ = users
        error = cause


def install() -> None:
    """Let uncaught errors be shown without hidden frames, in scripts and, where there is one, in IPython."""
    if sys.excepthook is not _hook:
        _hook.previous = sys.excepthook  # type: ignore[attr-defined]
        sys.excepthook = _hook
    shell = getattr(builtins, "get_ipython", lambda: None)() if "IPython" in sys.modules else None
    if shell is not None and hasattr(shell, "set_custom_exc") and not shell.custom_exceptions:
        shell.set_custom_exc((Exception,), _show_in_ipython)


def show(error: BaseException) -> None:
    """Print an error as it is printed where nothing catches it."""
    _hook(type(error), error, error.__traceback__)


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    error = _told(error, traceback)
    _hook.previous(type(error), error, error.__traceback__)  # type: ignore[attr-defined]


_hook.previous = sys.__excepthook__  # type: ignore[attr-defined]


def _show_in_ipython(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any
) -> None:
    error = _told(error, traceback)
    shell.showtraceback((type(error), error, error.__traceback__), tb_offset=tb_offset)


def _told(error: BaseException, traceback: TracebackType | None) -> BaseException:
    """Return the error to show in the place of an uncaught one."""
    error.__traceback__ = traceback
    if not config.is_traceback_filtering_enabled() or not isinstance(error, Exception):
        return error
    told = explain(error)
    if told is not error or _passes_lamina(traceback):
        shorten(told, traceback)
    return told


def explain(error: BaseException) -> BaseException:
    """Return an error with what to do, where Python itself or JAX raises it for a model that is used wrongly."""
    told = about_kept_value(error)
    if told is not None:
        return told
    advice = _advice(error)
    if advice and advice not in getattr(error, "__notes__", ()):
        error.add_note(advice)
    return error


def _advice(error: BaseException) -> str:
    if isinstance(error, AttributeError) and error.obj is None and error.name in _METHODS_OF_MODELS:
        return (
            "`None` came from a method that changes the model and returns nothing, such as add, build or compile. "
            f"Write them on lines of their own: model.add(...), then model.{error.name}(...)."
        )
    if isinstance(error, NameError) and re.fullmatch(r"(?i)[xy]_?\w*|\w*(data|labels|train|test)\w*", error.name or ""):
        return f"{error.name} must hold data before it is used: read them first, as NumPy arrays or a table."
    unbuilt = isinstance(error, AttributeError) and getattr(error.obj, "built", None) is False
    if unbuilt and "object has no attribute" in str(error):
        return (
            "It has no weights yet: they are made when the shape of its input is known (Input(shape), build or a call)."
        )
    if isinstance(error, TypeError) and "add_weight() got multiple values for argument 'shape'" in str(error):
        return "The shape comes first, and the rest by name: self.add_weight(shape=..., name='w')."
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


def of_lamina(traceback: TracebackType) -> bool:
    """Tell whether the first frame of a traceback is lamina's."""
    return traceback.tb_frame.f_code.co_filename.startswith(ROOT)


def _passes_lamina(traceback: TracebackType | None) -> bool:
    while traceback is not None:
        if of_lamina(traceback):
            return True
        traceback = traceback.tb_next
    return False


def users_frames(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback of the frames that are neither lamina's nor of what it is made of."""
    kept: list[TracebackType] = []
    hidden = False
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        hidden = file.startswith(LIBRARIES) or (hidden and of_python(file))
        if not hidden:
            kept.append(traceback)
        traceback = traceback.tb_next
    result: TracebackType | None = None
    for entry in reversed(kept):
        result = TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result
