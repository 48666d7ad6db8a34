import json
import os

import pytest

from benchmarks import command, datasets, workloads


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch):
    monkeypatch.setattr(datasets, "fetch_mnist", lambda: "not in tests")


def test_a_run_prints_a_table_and_writes_json(tmp_path, capsys):
    file = tmp_path / "out.json"
    line = ["--quick", "--workload", "seed_mlp", "--peers", "sklearn", "--rows", "64", "--json", str(file)]
    assert command.main([*line, "--phases", "import", "step"]) == 0
    printed = capsys.readouterr()
    assert "import, s" in printed.out and "step, ms" in printed.out
    assert "seed_mlp: round 1/1: step" in printed.err
    report = json.loads(file.read_text())
    assert report["environment"]["cores"] >= 1
    (workload,) = report["workloads"]
    assert workload["rows"] == 64
    assert set(workload["peers"]["sklearn"]["phases"]) == {"import", "step"}
    assert "scikit-learn" in workload["peers"]["sklearn"]["versions"]
    assert command.main(["--show", str(file)]) == 0
    assert capsys.readouterr().out == printed.out


def test_the_list_names_everything(capsys):
    assert command.main(["--list"]) == 0
    printed = capsys.readouterr().out
    for name in [*workloads.names(), "keras-jax", "predict_one"]:
        assert f"  {name} " in printed


def test_interpreters_come_from_the_variable_and_the_command_line():
    variable = os.pathsep.join(["keras-tensorflow=a/python", "pytorch=b/python"])
    found = command.interpreters(["pytorch=c/python"], variable)
    assert found == {"keras-tensorflow": "a/python", "pytorch": "c/python"}
    with pytest.raises(ValueError, match="Expected PEER=PATH, received 'python'"):
        command.interpreters(["python"])


@pytest.mark.parametrize("line", [["--peers", "keras"], ["--workload", "none"], ["--python", "pytorch"]])
def test_mistakes_are_told_before_anything_is_measured(line, capsys):
    with pytest.raises(SystemExit):
        command.main(line)
    assert "error:" in capsys.readouterr().err
