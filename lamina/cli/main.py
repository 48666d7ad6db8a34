"""The `lamina` command line: finds the subcommand and turns its failures into exit codes and one-line messages."""

import argparse
import os
import sys
from collections.abc import Sequence

import lamina
from lamina.cli import demo, inspect_file, run, trace

# A subcommand is a module with `register(subparsers)`, which adds its parser and sets its `run(arguments) -> int`.
_COMMANDS = (demo, inspect_file, run, trace)

_EXIT_FAILED = 1
_EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
_EXIT_PIPE_CLOSED = 141  # 128 + SIGPIPE

_EPILOG = "Exit codes: 0 done, 1 failed, 2 the command line is wrong, 130 interrupted."


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(prog="lamina", description=lamina.__doc__, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"lamina {lamina.__version__}")
    parser.add_argument("--traceback", action="store_true", help="when something fails, show where in the code")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _COMMANDS:
        command.register(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: the words after `lamina`; None takes them from `sys.argv`.

    Returns:
        0 when done, 1 when the command failed, 130 after Ctrl-C. A command line that cannot be understood, `--help`
        and `--version` end the process themselves, as argparse does, with 2, 0 and 0.
    """
    parser = build_parser()
    options = parser.parse_args(arguments)
    if "run" not in options:
        parser.print_help()
        return 0
    try:
        exit_code = options.run(options)
        sys.stdout.flush()
        return exit_code
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return _EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`lamina demo | head`) has seen enough. The interpreter flushes once more at exit: let it, nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_PIPE_CLOSED
    except Exception as error:
        if options.traceback:
            raise
        print(f"lamina: error: {_in_words(error)}", file=sys.stderr)
        return _EXIT_FAILED


def _in_words(error: Exception) -> str:
    message = str(error) or "no message; `lamina --traceback ...` shows where it happened"
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        message = f"{error.filename}: {error.strerror}"
    elif not isinstance(error, ValueError | OSError | ImportError):
        message = f"{type(error).__name__}: {message}"
    return "\n".join([message, *getattr(error, "__notes__", [])])
