"""Every example runs on lamina, unchanged, with `--smoke`."""

from pathlib import Path

import pytest

from lamina.cli.main import main

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
ENDS = {"three_layers": "Total parameters", "time_series": "test error:", "two_inputs": "test error:"}


def test_there_are_examples():
    assert len(EXAMPLES) == 8


@pytest.mark.filterwarnings("ignore:.*had been imported before:UserWarning")
@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_example(path, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(path), "--smoke"]) == 0
    assert ENDS.get(path.stem, "test accuracy:") in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
