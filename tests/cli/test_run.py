"""`lamina run`: the script's own output, arguments, `__main__`, exit codes and tracebacks."""

import re
import sys
import textwrap
from pathlib import Path

import pytest

from lamina import compat
from lamina.cli.main import main

pytestmark = pytest.mark.filterwarnings("ignore:.*had been imported before:UserWarning")


@pytest.fixture
def script(tmp_path):
    def write(text, name="script.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return str(path)

    return write


def test_a_script_sees_what_python_would_show_it(script, capsys, tmp_path):
    script("VALUE = 5", "beside.py")
    path = script(
        """
        import sys
        import beside
        from tensorflow import keras
        print(__name__, sys.argv[1:], beside.VALUE, keras.layers.Dense.__module__)
        print(sys.argv[0] == __file__, sys.modules["__main__"].__dict__ is globals())
        """
    )
    before = list(sys.path), list(sys.argv), sys.modules["__main__"]
    try:
        assert main(["run", path, "--smoke", "-x", "--", "a b"]) == 0
    finally:
        sys.modules.pop("beside", None)
    said = capsys.readouterr().out
    assert said == "__main__ ['--smoke', '-x', '--', 'a b'] 5 lamina.layers.core.dense\nTrue True\n"
    assert (sys.path, sys.argv, sys.modules["__main__"]) == before
    assert not compat.installed()


@pytest.mark.parametrize(("last", "code"), [("sys.exit()", None), ("sys.exit(3)", 3), ("sys.exit('why')", "why")])
def test_exit_codes_are_the_scripts(script, last, code):
    with pytest.raises(SystemExit) as stop:
        main(["run", script(f"import sys; {last}")])
    assert stop.value.code == code
    assert not compat.installed()


WRONG = """
    from tensorflow import keras

    def train():
        model = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))])
        model.compile("adam", "mse")
        model.fit([[1.0, 2.0]], [[1.0, 2.0]], verbose=0)

    train()
"""


def test_a_traceback_ends_in_the_users_line(script, capsys):
    path = script(WRONG)
    assert main(["run", path]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{path}", line 9, in <module>'
    assert [line for line in lines if line.startswith("  File")][-1] == f'  File "{path}", line 7, in train'
    assert "ValueError: Layer 'dense': expected an input whose axis -1 has size 3" in "\n".join(lines)


def test_lines_of_the_script_that_lamina_calls_are_shown(script, capsys):
    path = script(
        """
        from keras import layers
        class Mine(layers.Layer):
            def call(self, x):
                return x.no_such_thing
        Mine()([[1.0]])
        """
    )
    assert main(["run", path]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("  File")]
    assert lines == [f'  File "{path}", line 6, in <module>', f'  File "{path}", line 5, in call']


def test_the_whole_traceback_on_request(script, capsys):
    assert main(["--traceback", "run", script(WRONG)]) == 1
    assert "fitting.py" in capsys.readouterr().err


def test_causes_of_the_script_are_shown_and_those_inside_are_not(script, capsys):
    path = script(
        """
        def load():
            raise KeyError("first")
        try:
            load()
        except KeyError as error:
            raise RuntimeError("second") from error
        """
    )
    assert main(["run", path]) == 1
    said = capsys.readouterr().err
    assert "KeyError: 'first'" in said and "direct cause" in said and "RuntimeError: second" in said
    assert main(["run", script("import keras.no_such_thing")]) == 1
    said = capsys.readouterr().err
    assert said.count("Traceback") == 1 and said.count("  File") == 1
    assert "ModuleNotFoundError: lamina has no keras.no_such_thing." in said
    path = script("import json; json.loads('{')")
    assert main(["run", path]) == 1
    said = capsys.readouterr().err
    assert "JSONDecodeError" in said
    first, *others = re.findall(r'File "(.*?)"', said)
    assert first == path and {Path(file).parent.name for file in others} == {"json"}  # of the library that was called


def test_a_syntax_error_shows_its_line(script, capsys):
    assert main(["run", script("x = = 1")]) == 1
    said = capsys.readouterr().err
    assert "x = = 1" in said and "SyntaxError" in said and "runpy" not in said


def test_no_script(capsys):
    assert main(["run", "nowhere.py"]) == 1
    assert capsys.readouterr().err == "lamina: error: nowhere.py: No such file or directory\n"
    with pytest.raises(SystemExit):
        main(["run"])


def test_a_folder_with_main(script, capsys, tmp_path):
    script("import tensorflow as tf; print(tf.reduce_sum([1, 2]).numpy())", "__main__.py")
    assert main(["run", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "3\n"
