"""`lamina run`: runs a script written for Keras or TensorFlow on lamina."""

import argparse
import os
import runpy
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import jax
import jaxlib
import numpy as np

import lamina
from lamina import compat

_EXIT_FAILED = 1


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `run` to the command line."""
    parser = subparsers.add_parser(
        "run",
        help="run a script written for Keras or TensorFlow, unchanged",
        description="Runs a Python script in which `import keras`, `from tensorflow import keras`, `import tensorflow "
        "as tf` … give lamina. Neither needs to be installed. What the script prints, reads and exits with is its own; "
        "an error shows the lines of the script (`lamina --traceback run …` shows all).",
    )
    parser.add_argument("script", metavar="SCRIPT", help="a Python file, or a folder or zip file with a __main__.py")
    parser.add_argument("arguments", metavar="ARGUMENTS", nargs=argparse.REMAINDER, help="passed on to the script")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the script as `python SCRIPT ARGUMENTS` would; returns 0, or 1 after an uncaught exception."""
    script: str = arguments.script
    if not Path(script).exists():
        raise FileNotFoundError(2, os.strerror(2), script)
    is_file = Path(script).is_file()
    before = sys.argv, list(sys.path)
    sys.argv = [script, *arguments.arguments]
    if is_file and not getattr(sys.flags, "safe_path", False):
        sys.path[0:1] = [str(Path(script).resolve().parent)]  # runpy does it for folders and zip files only
    was_installed, filtered = compat.installed(), lamina.config.is_traceback_filtering_enabled()
    if arguments.traceback:
        lamina.config.disable_traceback_filtering()
    compat.install()
    try:
        runpy.run_path(script, run_name="__main__")
    except Exception as error:
        sys.stdout.flush()
        _show(error, everything=arguments.traceback)
        return _EXIT_FAILED
    finally:
        if not was_installed:
            compat.uninstall()
        sys.argv, sys.path[:] = before
        if filtered:
            lamina.config.enable_traceback_filtering()
    return 0


def _show(error: Exception, everything: bool) -> None:
    """Print an exception; unless everything is asked for, only the lines of the script and of what it imports."""
    for part in [] if everything else _chain(error):
        part.__traceback__ = _of_the_user(part.__traceback__)
    traceback.print_exception(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    part: BaseException | None = error
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        cause = part.__cause__ or (None if part.__suppress_context__ else part.__context__)
        if cause is not None and _of_the_user(cause.__traceback__) is None:
            # It came up and was handled inside of lamina: a detail of how, not of what the script did.
            part.__cause__, part.__suppress_context__, cause = None, True, None
        yield part
        part = cause


_INSIDE = tuple(
    str(Path(module.__file__).parent) + os.sep for module in (lamina, jax, jaxlib, np, os) if module.__file__
)
"""Folders whose lines are not the user's; that of `os` holds Python's own library."""


def _of_the_user(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the lines inside of lamina and what it calls; None if nothing is left."""
    kept: list[TracebackType] = []
    while trace is not None:
        if _is_of_the_user(trace):
            kept.append(trace)
        trace = trace.tb_next
    for one, after in zip(kept, [*kept[1:], None]):
        one.tb_next = after
    return kept[0] if kept else None


def _is_of_the_user(trace: TracebackType) -> bool:
    name = trace.tb_frame.f_code.co_filename
    return not name.startswith(_INSIDE) and not name.startswith("<frozen ")
