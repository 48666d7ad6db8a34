"""`lamina run`: runs a script written for Keras or TensorFlow on lamina."""

import argparse
import os
import runpy
import sys
from pathlib import Path

import lamina
from lamina import compat
from lamina.core import tracebacks

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


def set_filtering(on: bool) -> None:
    """Leave lamina's own lines out of tracebacks, or show them."""
    (lamina.config.enable_traceback_filtering if on else lamina.config.disable_traceback_filtering)()


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
    set_filtering(not arguments.traceback)
    compat.install()
    try:
        runpy.run_path(script, run_name="__main__")
    except Exception as error:
        sys.stdout.flush()
        tracebacks.show(error)
        return _EXIT_FAILED
    finally:
        if not was_installed:
            compat.uninstall()
        sys.argv, sys.path[:] = before
        set_filtering(filtered)
    return 0
