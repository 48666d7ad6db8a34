"""What the progress of training looks like, in a terminal and in a log."""

import io
import re

import pytest

from lamina.callbacks import ProgbarLogger


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, stream, verbose=1, epochs=2):
    """Return what an epoch of ten steps of 32 rows writes, half a second a step."""
    now = iter(range(10**6))
    monkeypatch.setattr("lamina.callbacks.progbar_logger.time.perf_counter", lambda: next(now) / 4)
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "100")
    bar = ProgbarLogger()
    bar.set_params({"verbose": verbose, "epochs": epochs, "steps": 10})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    bar.on_compiling("train")
    for done in (1, 5, 10):
        bar.on_steps("train", done, 10, {"loss": 0.5}, 32)
        bar.on_steps("test", done, 20, {"loss": 9.0}, 32)  # validation has no line of its own
    bar.on_epoch_end(0, {"loss": 0.25, "val_loss": 1.5, "accuracy": 0.00012})
    bar.on_train_end()
    return stream.getvalue()


def test_a_log_gets_one_plain_line_an_epoch(monkeypatch):
    written = shown(monkeypatch, io.StringIO())
    assert re.fullmatch(
        r"Epoch 1/2 10/10 \ds \d+ms/step - accuracy: 1.2000e-04 - loss: 0.2500 - val_loss: 1.5000\n", written
    )


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_verbose_2_is_the_same_everywhere(monkeypatch, stream):
    written = shown(monkeypatch, stream(), verbose=2)
    assert re.fullmatch(r"Epoch 1/2\n10/10 \ds \d+ms/step - accuracy.*val_loss: 1.5000\n", written)


def test_verbose_0_is_silent(monkeypatch):
    assert shown(monkeypatch, Terminal(), verbose=0) == ""


def test_a_terminal_gets_a_line_that_grows(monkeypatch):
    lines = re.split(r"[\r\n]+", shown(monkeypatch, Terminal()))
    assert lines[:2] == ["Epoch 1/2", "compiling…"]
    assert re.fullmatch(r" 1/10 ━━─{18} loss: 0.5000 *", lines[2])  # how long a step takes is not known yet
    assert re.fullmatch(r" 5/10 ━{10}─{10} \ds \d+ms/step [\d,]+ samples/s - loss: 0.5000 *", lines[3])
    assert re.fullmatch(r"10/10 ━{5,20} \ds \d+ms/step - accuracy: .* - val_loss: 1.5000 *", lines[-2])
    assert all(len(line) <= 100 for line in lines)


def test_a_single_epoch_is_not_numbered(monkeypatch):
    assert shown(monkeypatch, io.StringIO(), epochs=1).startswith("10/10 ")
