"""The command line itself: what it says, and its exit codes, whatever the subcommand does."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import lamina
from lamina.cli import main as command_line


@pytest.fixture
def command(monkeypatch):
    """Put in a subcommand `work` that does what the test says."""

    def put_in(work):
        def register(subparsers):
            subparsers.add_parser("work", help="works").set_defaults(run=work)

        monkeypatch.setattr(command_line, "_COMMANDS", (SimpleNamespace(register=register),))

    return put_in


def _raising(error):
    def work(arguments):
        raise error

    return work


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"lamina {lamina.__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], []])
def test_help_names_the_commands(arguments, capsys):
    try:
        code = command_line.main(arguments)
    except SystemExit as stop:
        code = stop.code
    said = capsys.readouterr().out
    assert code == 0
    assert "usage: lamina" in said and "demo" in said and "--version" in said


def test_help_of_a_command(capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main(["demo", "--help"])
    assert stop.value.code == 0
    assert "--output FOLDER" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["dmeo"], "invalid choice: 'dmeo'"),
        (["--nothing"], "unrecognized arguments: --nothing"),
        (["demo", "--epochs", "0"], "--epochs: must be at least 1, got 0"),
        (["demo", "--epochs", "many"], "--epochs: expected a whole number, got 'many'"),
        (["demo", "--seed", "-1"], "--seed: must be from 0 to 4,294,967,295, got -1"),
    ],
)
def test_a_wrong_command_line_exits_with_2(arguments, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        command_line.main(arguments)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_exit_code_is_the_command_s(command):
    command(lambda arguments: 7)
    assert command_line.main(["work"]) == 7


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("units must be positive."), "lamina: error: units must be positive.\n"),
        (PermissionError(13, "Permission denied", "models"), "lamina: error: models: Permission denied\n"),
        (OSError("the disk is full"), "lamina: error: the disk is full\n"),
        (KeyError("loss"), "lamina: error: KeyError: 'loss'\n"),
        (RuntimeError(), "lamina: error: RuntimeError: no message; `lamina --traceback ...` shows where it happened\n"),
    ],
)
def test_errors_are_one_line_without_a_traceback(error, said, command, capsys):
    command(_raising(error))
    assert command_line.main(["work"]) == 1
    assert capsys.readouterr().err == said


def test_notes_of_an_error_are_shown(command, capsys):
    error = ValueError("expected 4 columns, received 3.")
    error.add_note("in layer 'dense'")
    command(_raising(error))
    assert command_line.main(["work"]) == 1
    assert capsys.readouterr().err == "lamina: error: expected 4 columns, received 3.\nin layer 'dense'\n"


def test_traceback_on_request(command):
    command(_raising(ValueError("bad")))
    with pytest.raises(ValueError, match="bad"):
        command_line.main(["--traceback", "work"])


def test_ctrl_c_is_clean(command, capsys):
    command(_raising(KeyboardInterrupt()))
    assert command_line.main(["work"]) == 130
    assert capsys.readouterr().err == "\nInterrupted.\n"


def test_python_m_lamina_is_the_same_command():
    done = subprocess.run([sys.executable, "-m", "lamina", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"lamina {lamina.__version__}\n", "")


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_a_reader_that_leaves_early_is_no_error():
    program = (
        "import sys; from lamina.cli import main as m; from types import SimpleNamespace\n"
        "def work(arguments):\n"
        "    for _ in range(100_000): print('a line of output that nobody reads any more')\n"
        "    return 0\n"
        "m._COMMANDS = (SimpleNamespace(register=lambda s: s.add_parser('work').set_defaults(run=work)),)\n"
        "sys.exit(m.main(['work']))"
    )
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdout.readline()
    running.stdout.close()
    complaints = running.stderr.read()
    running.stderr.close()
    assert running.wait() == 141
    assert complaints == b""
