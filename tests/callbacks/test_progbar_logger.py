"""What the progress of training looks like, in a terminal, in a notebook and in a log."""

import io
import re
import signal

import numpy as np
import pytest
from rich.console import Console
from rich.live import Live

import lamina
from lamina.callbacks import LambdaCallback, ProgbarLogger
from lamina.layers import Dense

from .screens import Notebook, Terminal


def run_an_epoch(monkeypatch, verbose=1, epochs=2, logs=None):
    """Let a logger show an epoch of ten steps of 32 rows, a quarter of a second for each look at the clock."""
    now = iter(range(10**6))
    monkeypatch.setattr("lamina.callbacks.progbar_logger.time.perf_counter", lambda: next(now) / 4)
    bar = ProgbarLogger()
    bar.set_params({"verbose": verbose, "epochs": epochs, "steps": 10})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    bar.on_compiling("train")
    for done in (1, 5, 10):
        bar.on_steps("train", done, 10, {"loss": 0.5, **(logs or {})}, 32)
        bar.on_steps("test", done, 20, {"loss": 9.0}, 32)  # validation has no line of its own
    bar.on_epoch_end(0, {"loss": 0.25, "val_loss": 1.5, "accuracy": 0.00012, **(logs or {})})
    bar.on_train_end()


def test_a_log_gets_one_plain_line_an_epoch(monkeypatch, capsys):
    run_an_epoch(monkeypatch)
    assert re.fullmatch(
        r"Epoch 1/2 10/10 \ds \d+ms/step - accuracy: 1.2000e-04 - loss: 0.2500 - val_loss: 1.5000\n",
        capsys.readouterr().out,
    )


@pytest.mark.parametrize("live", [False, True])
def test_verbose_2_is_the_same_everywhere(monkeypatch, capsys, live):
    stream = Terminal(monkeypatch) if live else io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    run_an_epoch(monkeypatch, verbose=2)
    assert re.fullmatch(r"Epoch 1/2\n10/10 \ds \d+ms/step - accuracy.*val_loss: 1.5000\n", stream.getvalue())


def test_verbose_0_is_silent(monkeypatch):
    terminal = Terminal(monkeypatch)
    run_an_epoch(monkeypatch, verbose=0)
    assert terminal.getvalue() == ""


def test_a_terminal_gets_a_line_that_grows(monkeypatch):
    terminal = Terminal(monkeypatch)
    run_an_epoch(monkeypatch)
    head, compiling, first, middle, *_, last = terminal.drawn
    assert (head, compiling) == ("Epoch 1/2", "compiling…")
    assert re.fullmatch(r" 1/10 ━━╺━{17} loss: 0.5000", first)  # how long a step takes is not known yet
    assert re.fullmatch(r" 5/10 ━{10}╺━{9} \ds \d+ms/step [\d,]+ samples/s - loss: 0.5000", middle)
    assert re.fullmatch(r"10/10 ━{5,20} \ds \d+ms/step - accuracy: .* - val_loss: 1.5000", last)
    assert terminal.rows == ["Epoch 1/2", last, ""]
    assert "\x1b[32m━" in terminal.getvalue()  # green, as people know it


def test_a_single_epoch_is_not_numbered(monkeypatch, capsys):
    run_an_epoch(monkeypatch, epochs=1)
    assert capsys.readouterr().out.startswith("10/10 ")


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_what_grows_keeps_to_one_row_of_a_narrow_terminal(monkeypatch, columns):
    terminal = Terminal(monkeypatch, columns=columns)
    run_an_epoch(monkeypatch)
    assert all(len(row) < columns for row in terminal.drawn[:-1])
    assert terminal.rows[-2].endswith("val_loss: 1.5000")  # the finished line is whole


@pytest.mark.parametrize(
    ("environment", "live", "coloured"),
    [
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_the_environment_is_heeded(monkeypatch, environment, live, coloured):
    terminal = Terminal(monkeypatch, **environment)
    run_an_epoch(monkeypatch)
    assert ("\r" in terminal.getvalue()) == live
    assert ("\x1b[32m" in terminal.getvalue()) == coloured
    assert terminal.rows[-2].endswith("val_loss: 1.5000")


def test_colours_forced_by_a_build_server_do_not_make_its_log_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    run_an_epoch(monkeypatch)
    assert re.fullmatch(r"[ -~]+\n", capsys.readouterr().out)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_an_encoding_lacks_does_not_end_the_run(monkeypatch, encoding):
    terminal = Terminal(monkeypatch, encoding=encoding)
    run_an_epoch(monkeypatch, logs={"Genauigkeit→": 1.0})
    assert terminal.drawn[1] == "compiling..."
    assert terminal.drawn[3].startswith(" 5/10 ---")
    assert "Genauigkeit?: 1.0000" in terminal.rows[-2]


def test_names_and_values_are_shown_as_they_are(monkeypatch):
    terminal = Terminal(monkeypatch)
    logs = {"[red]a[/red]": 1.0, "幅": 2, ":smile:": np.float32(3), "text": np.array("two\nlines"), "bell\a": 0.5}
    run_an_epoch(monkeypatch, logs=logs)
    for shown in ("[red]a[/red]: 1.0000", "幅: 2.0000", ":smile:: 3.0000", "text: two lines", "bell: 0.5000"):
        assert shown in terminal.rows[-2]


def test_a_notebook_gets_one_output_that_grows(monkeypatch):
    notebook = Notebook(monkeypatch)
    run_an_epoch(monkeypatch)
    [output] = notebook.outputs
    assert re.fullmatch(r"Epoch 1/2\n10/10 ━{20} \ds \d+ms/step - accuracy: .* - val_loss: 1.5000\n", output)
    assert notebook.drawings >= 4


def test_many_epochs_in_a_notebook_make_few_outputs_and_drawings(monkeypatch):
    notebook = Notebook(monkeypatch)
    monkeypatch.setattr("lamina.callbacks.progbar_logger.time.perf_counter", lambda: 1.0)
    bar = ProgbarLogger()
    bar.set_params({"verbose": 1, "epochs": 60, "steps": 1})
    bar.on_train_begin()
    for epoch in range(60):
        bar.on_epoch_begin(epoch)
        bar.on_epoch_end(epoch, {"loss": 0.5})
    bar.on_train_end()
    assert len(notebook.outputs) == 3
    assert notebook.drawings <= 4
    lines = "".join(notebook.outputs).splitlines()
    assert lines[::2] == [f"Epoch {epoch}/60" for epoch in range(1, 61)]


def test_output_that_a_notebook_redirects_is_plain(monkeypatch, capsys):
    notebook = Notebook(monkeypatch)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    run_an_epoch(monkeypatch)
    assert notebook.outputs == []


# In training


@pytest.fixture(scope="module")
def small():
    model = lamina.Sequential([lamina.Input((2,)), Dense(1)])
    model.compile("sgd", "mse")
    return model


X, Y = np.ones((32, 2), "float32"), np.ones((32, 1), "float32")


def interrupt(batch, logs):
    if batch == 4:
        signal.raise_signal(signal.SIGINT)


def fail(batch, logs):
    if batch == 4:
        raise RuntimeError("of the user's")


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("hook", "error"), [(interrupt, KeyboardInterrupt), (fail, RuntimeError)])
def test_a_run_that_is_broken_off_leaves_the_terminal_as_it_was(small, hook, error, monkeypatch):
    terminal = Terminal(monkeypatch)
    with pytest.raises(error):
        small.fit(X, Y, 4, epochs=2, callbacks=[LambdaCallback(on_train_batch_end=hook)])
    print("Traceback")
    assert terminal.rows[0] == "Epoch 1/2"
    assert terminal.rows[1].lstrip().split("/")[1].startswith("8 ")
    assert terminal.rows[2:] == ["Traceback", ""]  # a line of its own
    assert set(re.findall(r"\x1b\[[0-9;?]*[^0-9;?m]", terminal.getvalue())) == {"\x1b[2K"}  # no cursor was hidden


def test_an_evaluation_of_the_users_takes_the_row_in_between(small, monkeypatch):
    terminal = Terminal(monkeypatch)
    small.fit(X, Y, 4, epochs=1, callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: small.evaluate(X, Y))])
    assert [row[:4] for row in terminal.rows] == ["1/1 ", "8/8 ", ""]


def test_prints_of_the_users_stand_where_they_are_made(small, monkeypatch):
    terminal = Terminal(monkeypatch)
    small.fit(X, Y, 4, epochs=1, callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: print("\nhello"))])
    assert terminal.rows[1] == "hello"
    assert terminal.rows[2].startswith("8/8 ")


def test_lines_go_above_a_live_display_of_the_users(small, monkeypatch):
    terminal = Terminal(monkeypatch)
    console = Console(file=terminal)
    with Live("mine", console=console, auto_refresh=False):
        small.fit(X, Y, 4, epochs=2)
    assert re.search(r"Epoch 1/2 8/8 [^\r\n]* loss: [\d.e+-]+\n", terminal.getvalue())
    assert "━" not in terminal.getvalue()


def test_predict_says_what_it_waits_for(monkeypatch):
    terminal = Terminal(monkeypatch)
    model = lamina.Sequential([lamina.Input((2,)), Dense(1)])
    model.predict(X, batch_size=4)
    model.predict(X[:5], batch_size=8)
    model.predict(X[:5], batch_size=8)
    assert terminal.drawn[0] == "compiling…"
    assert [row[:3] for row in terminal.rows] == ["8/8", "1/1", "1/1", ""]
