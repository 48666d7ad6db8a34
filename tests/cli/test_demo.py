import io
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console

import lamina
from lamina.cli import demo
from lamina.cli.main import main
from lamina.datasets import digits


def _run(folder, *options, **environment):
    return subprocess.run(
        [sys.executable, "-m", "lamina", "demo", *options],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
        cwd=folder,
    )


def test_the_whole_demonstration(tmp_path):
    done = _run(tmp_path, PYTHONIOENCODING="utf-8", COLUMNS="80")
    said = done.stdout.decode("utf-8")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f]", said) is None, "no control characters in a pipe"

    order = ["Conv2D", "Total parameters", "Epoch 20/20", "Accuracy", "loss  ──", "Saved and reloaded", "bit for bit"]
    places = [said.index(words) for words in order]
    assert places == sorted(places)
    assert float(re.search(r"Accuracy ([\d.]+)%", said)[1]) >= 97
    assert len(re.findall("right|wrong: a", said)) >= 4
    assert max(len(line) for line in said.splitlines() if "/step" not in line) <= 80

    assert (tmp_path / "lamina-demo" / "learning_curves.png").read_bytes().startswith(b"\x89PNG")
    model = lamina.models.load_model(tmp_path / "lamina-demo" / "digits.keras")
    _, (x_test, y_test) = digits.load_data()
    assert model.evaluate(x_test[..., None], y_test, verbose=0)[1] >= 0.97


def test_an_output_that_is_not_utf8_gets_plain_characters(tmp_path):
    done = _run(tmp_path, "--epochs", "1", "--output", "[bold]é", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode("ascii")
    assert "[bold]?" in said and said.count("?") == 2, "only the two paths hold something that ASCII lacks"
    assert "*" in said and "@" in said
    assert (tmp_path / "[bold]é" / "digits.keras").is_file()


def test_a_folder_that_cannot_be_made_is_said_before_training(tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert main(["demo", "--output", str(tmp_path / "taken" / "below")]) == 1
    captured = capsys.readouterr()
    assert "Epoch" not in captured.out
    assert captured.err.startswith("lamina: error: ") and "taken" in captured.err


def test_a_file_in_the_place_of_the_folder(tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert main(["demo", "--output", str(tmp_path / "taken")]) == 1
    assert "taken is a file; name a folder" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "a file"


def test_shows_the_sure_ones_and_the_worst():
    labels = np.array([3, 1, 4, 1])
    probabilities = np.full((4, 10), 0.01)
    probabilities[[0, 1, 2, 3], [3, 1, 4, 7]] = 0.91
    table = demo.predictions_table(np.zeros((4, 8, 8)), labels, probabilities, count=3)
    console = Console(width=80, file=io.StringIO())
    console.print(table)
    words = console.file.getvalue().split()
    assert words.count("right") == 2 and words.count("wrong:") == 1
    assert words.count("91.0%") == 3


@pytest.mark.parametrize(("width", "count"), [(20, 1), (80, 4), (200, 6)])
def test_as_many_pictures_as_fit(width, count):
    assert demo._pictures_that_fit(Console(width=width)) == count
