"""The first thing that a newcomer reads must work as it stands."""

import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_example_runs_and_learns(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(example.splitlines()) <= 15
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["accuracy"] > 0.95
    assert (tmp_path / "digits.keras").is_file()
    assert "Epoch 20/20" in capsys.readouterr().out
