import subprocess
import sys
import traceback
import types

import numpy as np
import pytest

import lamina
from lamina.core import tracebacks
from lamina.layers import Dense, Layer


@pytest.fixture(autouse=True)
def filtering():
    lamina.config.enable_traceback_filtering()
    yield
    lamina.config.disable_traceback_filtering()


def files_of(error):
    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


def model():
    return lamina.Sequential([lamina.Input((4,)), Dense(3)])


def test_frames_below_the_users_line_are_left_out():
    with pytest.raises(ValueError, match="declared with shape") as caught:
        model().predict(np.ones((2, 5, 5)), verbose=0)
    assert files_of(caught.value) == [__file__]


def test_the_users_own_frames_stay():
    class Broken(Layer):
        def call(self, x):
            return x @ np.ones((7, 7), "float32")

    with pytest.raises(TypeError) as caught:
        lamina.Sequential([lamina.Input((4,)), Broken()])
    assert [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)][-1] == "call"
    assert files_of(caught.value).count(__file__) == 2
    assert any("in layer" in note and "Broken" in note for note in caught.value.__notes__)
    assert not any("JAX_TRACEBACK_FILTERING" in note for note in caught.value.__notes__)


def test_the_full_one_on_request():
    lamina.config.disable_traceback_filtering()
    with pytest.raises(ValueError) as caught:
        model().predict(np.ones((2, 5, 5)), verbose=0)
    assert len(files_of(caught.value)) > 4
    assert not lamina.config.is_traceback_filtering_enabled()


def test_causes_are_shortened_as_well():
    class Wrapped(Layer):
        def __init__(self):
            super().__init__()
            self.inner = model()

        def call(self, x):
            try:
                return self.inner(x)
            except ValueError as error:
                raise RuntimeError("mine") from error

    with pytest.raises(RuntimeError, match="mine") as caught:
        Wrapped()(np.ones((2, 3, 4), "float32"))
    assert isinstance(caught.value.__cause__, ValueError)
    assert sum(file != __file__ for file in files_of(caught.value.__cause__)) <= 1


def test_errors_without_lamina_are_left_alone():
    try:
        {}["a"]
    except KeyError as error:
        before = error.__traceback__
        assert not tracebacks._passes_lamina(before)


SCRIPT = """
import numpy as np, lamina as keras
from lamina.layers import Dense
model = keras.Sequential([keras.Input((4,)), Dense(3)])
{line}
"""


def run(line):
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(line=line)], capture_output=True, text=True, timeout=120, check=False
    )
    assert found.returncode == 1
    return found.stderr.strip().splitlines()


def test_a_script_ends_in_its_own_line():
    lines = run("model.predict(np.ones((2, 5, 5)), verbose=0)")
    assert lines[0] == "Traceback (most recent call last):"
    assert [line for line in lines if line.lstrip().startswith("File")] == ['  File "<string>", line 5, in <module>']
    assert lines[2].startswith("ValueError: The input")


@pytest.mark.parametrize(
    "make, advice",
    [
        (lambda: lamina.Sequential().add(Dense(3)).add(Dense(1)), "add, build or compile.*model.add"),
        (lambda: model().fit(X_train, y_train), "X_train must hold data before it is used"),  # noqa: F821
        (lambda: lamina.ops.jnp_log_is_not_here, None),
    ],
)
def test_pythons_own_errors_are_explained(make, advice):
    with pytest.raises((AttributeError, NameError)) as caught:
        make()
    tracebacks.explain(caught.value)
    tracebacks.explain(caught.value)
    notes = getattr(caught.value, "__notes__", [])
    assert len(notes) == (advice is not None)
    if advice:
        caught.match(advice)


def test_ipython_shows_the_short_one(monkeypatch):
    shown = []

    class Shell:
        custom_exceptions = ()

        def set_custom_exc(self, kinds, handler):
            self.handler = types.MethodType(handler, self)

        def showtraceback(self, info, tb_offset):
            shown.append(info)

    shell = Shell()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
        patch.setattr("builtins.get_ipython", lambda: shell, raising=False)
        tracebacks.install()
    try:
        model().predict(np.ones((2, 5, 5)), verbose=0)
    except ValueError as error:
        shell.handler(type(error), error, error.__traceback__, None)
    assert [frame.filename for frame in traceback.extract_tb(shown[0][2])] == [__file__]
