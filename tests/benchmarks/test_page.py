import json

import pytest

from benchmarks import command, page


def measured(name, **medians):
    phases = {peer: {"step": {"median": median, "ratio": median / 0.002}} for peer, median in medians.items()}
    peers = {
        peer.replace("_", "-"): {"absent": "", "versions": {}, "phases": phase, "errors": {}}
        for peer, phase in phases.items()
    }
    return {"name": name, "summary": "a model", "rows": 8, "batch": 4, "steps": 2, "data": "random", "peers": peers}


@pytest.fixture
def files(tmp_path):
    machine = {"processor": "a CPU", "cores": 2, "system": "Linux", "started": "today", "load_at_start": 0.1}
    runs = [
        [measured("seed_mlp", lamina=0.002, pytorch=0.003, keras_jax=0.004, roofline=0.001)],
        [measured("ts_gru", lamina=0.002, pytorch=0.001), measured("seed_mlp", jax=0.0015)],
    ]
    paths = []
    for number, workloads in enumerate(runs):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps({"environment": machine, "workloads": workloads}))
    return paths


def test_several_files_become_one_page(files, tmp_path, capsys):
    assert command.main(["--page", str(tmp_path), *map(str, files)]) == 0
    text = (tmp_path / "benchmarks.md").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("| `seed_mlp` | 2")]
    assert [cell.strip() for cell in line.split("|")[2:-1]] == [
        "2.00 (1.00×)", "4.00 (2.00×)", "**3.00 (1.50×)**", "1.50 (0.750×)", "1.00 (0.500×)"
    ]  # fmt: skip
    assert "benchmarks.svg" in text and "benchmarks.svg" in capsys.readouterr().out
    drawing = (tmp_path / "benchmarks.svg").read_text()
    assert all(f">{name}<" in drawing for name in ("seed_mlp", "ts_gru", "pytorch", "keras-jax"))


def test_yardsticks_are_no_peers(files):
    workloads = page.load(files)["workloads"]
    assert [each["name"] for each in workloads] == ["seed_mlp", "ts_gru"]
    assert page.best_peer(workloads[0], "step") == "pytorch"
    assert page.best_peer(workloads[0], "predict") is None


def test_a_page_needs_results(capsys):
    with pytest.raises(SystemExit):
        command.main(["--page", "docs"])
    assert "at least one file" in capsys.readouterr().err
