import io
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from lamina.visualization import learning_curves, save_learning_curves

HISTORY = {
    "accuracy": [0.5, 0.8, 0.9],
    "loss": [1.0, 0.5, 0.4],
    "val_accuracy": [0.6, 0.7, 0.8],
    "val_loss": [1.1, 0.8, 0.7],
    "learning_rate": [0.001, 0.001, 0.001],
}


def _drawn(renderable, width):
    console = Console(file=io.StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue()


def test_loss_and_metrics_have_a_chart_each():
    lines = _drawn(learning_curves(HISTORY, width=80), 80).splitlines()
    assert lines[0].split() == ["loss", "──", "training", "╌╌", "validation"] + [
        "accuracy", "──", "training", "╌╌", "validation",
    ]  # fmt: skip
    assert "learning_rate" not in "".join(lines)
    assert max(len(line.rstrip()) for line in lines) <= 80


def test_charts_stand_below_each_other_in_a_narrow_window():
    text = _drawn(learning_curves(HISTORY, width=45), 45)
    assert len(text.splitlines()) == 24
    assert text.index("loss") < text.index("accuracy")


def test_takes_what_fit_returns():
    assert _drawn(learning_curves(SimpleNamespace(history=HISTORY)), 80) == _drawn(learning_curves(HISTORY), 80)


def test_an_empty_history_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="history is empty"):
        learning_curves({})
    with pytest.raises(ValueError, match="history is empty"):
        save_learning_curves({"loss": []}, tmp_path / "curves.png")


def test_saves_a_picture_file(tmp_path):
    save_learning_curves(HISTORY, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_says_which_extra_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'lamina\[plot\]'"):
        save_learning_curves(HISTORY, tmp_path / "curves.png")
