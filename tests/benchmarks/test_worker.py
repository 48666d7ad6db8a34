import io
import json
import sys

import pytest

from benchmarks import conductor, peers, process, worker
from benchmarks.workloads import load


def answers_to(session, *commands):
    out = io.StringIO()
    worker.serve(session, [json.dumps(command) for command in commands], out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_session_from_import_to_prediction():
    session = worker.Session("jax", "seed_mlp", rows=64)
    importing, versions, data, building, fitting, repeating, memory = answers_to(
        session,
        {"do": "import_library"},
        {"do": "versions"},
        {"do": "load_data"},
        {"do": "build"},
        {"do": "fit", "epochs": 2},
        {"do": "repeat", "call": "predict", "rows": 1, "seconds": 0, "most": 3},
        {"do": "memory"},
    )
    assert {"jax", "jaxlib", "numpy"} == set(versions)
    assert data == {"source": "random table, seed 0", "rows": 64}
    assert all(answer["seconds"] >= 0 for answer in (importing, building, fitting, repeating))
    assert fitting["loss"] > 0
    assert repeating["calls"] == 1
    assert memory["bytes"] > 1e6


def test_an_error_is_an_answer_and_the_session_goes_on():
    session = worker.Session("jax", "seed_mlp", rows=4)
    too_early, unknown, importing = answers_to(session, {"do": "build"}, {"do": "dance"}, {"do": "import_library"})
    assert too_early["error"].startswith("AttributeError") and not too_early["absent"]
    assert "no command 'dance'" in unknown["error"]
    assert "seconds" in importing


def test_a_library_that_is_not_installed_is_absent(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (answer,) = answers_to(worker.Session("pytorch", "seed_mlp", None), {"do": "import_library"})
    assert answer["absent"]


@pytest.mark.parametrize("name", ["sklearn", "keras-jax-spe7"])
def test_peers_are_found_by_name(name):
    assert peers.load(name) is not None


def test_the_roofline_is_measured_in_nothing_but_work():
    assert peers.takes_part("roofline", ["memory", "step"])
    assert not peers.takes_part("roofline", ["memory", "first_epoch_cold"])
    assert peers.takes_part("pytorch", ["memory"])


def test_steps_per_execution_come_from_the_name():
    assert peers.load("keras-jax-spe7").steps_per_execution == 7
    assert peers.load("keras-jax").steps_per_execution is None
    assert peers.environment("keras-tensorflow-spe10") == {"KERAS_BACKEND": "tensorflow"}
    assert peers.interpreter_key("keras-tensorflow-spe10") == "keras-tensorflow"
    for wrong in ("keras", "pytorch-spe5", "keras-jax-spe0"):
        with pytest.raises(ValueError, match=f"no peer '{wrong}'"):
            peers.settings(wrong)


def test_a_peer_as_its_users_have_it_gets_no_cache():
    without = peers.environment("keras-jax-uncached")
    assert without == {"KERAS_BACKEND": "jax", "JAX_ENABLE_COMPILATION_CACHE": "false"}
    assert peers.interpreter_key("keras-jax-uncached") == "keras-jax"


def test_a_start_is_the_import_the_build_and_the_first_epoch(monkeypatch):
    class Stopped:
        def __init__(self, *_):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def ask(self, command, **_):
            seconds = {"import_library": 1, "build": 2, "fit": 4}
            return {"seconds": seconds.get(command), "source": "", "bytes": 8}

    monkeypatch.setattr(conductor, "Worker", Stopped)
    phases = ["start_cold", "start_warm", "memory"]
    runs = conductor.Conductor(load("seed_mlp"), ["lamina"], phases, conductor.Settings(starts=1), lambda _: None)
    assert runs.run()["lamina"].samples == {"start_cold": [7], "start_warm": [7], "memory": [8]}


class Clockwork:
    """Stands in for a worker whose fit takes exactly 1 s a call, 0.1 s an epoch, 0.01 s a step, 0.03 s if watched."""

    def ask(self, command, epochs, rows=None):
        steps = load("seed_mlp").steps(rows or 1600)
        step = 0.03 if command == "fit_watched" else 0.01
        return {"seconds": 1 + epochs * (0.1 + step * steps), "loss": 0.5}


def test_costs_of_steps_epochs_and_calls_are_told_apart():
    player = conductor.Player(Clockwork(), load("seed_mlp"), 1600, seconds=1e9)
    player.warm_up(["step", "epoch_cost", "fit_cost"])
    assert player.epochs == player.short_epochs == 1000
    assert player.measure("step") == pytest.approx((1 / 1000 + 0.1 + 0.5) / 50)
    assert player.measure("epoch_cost") == pytest.approx(0.1, rel=0.02)
    assert player.measure("fit_cost") == pytest.approx(1, rel=0.02)
    assert player.measure("batch_callback") == pytest.approx(0.02)


def test_a_real_process_answers_and_leaves(tmp_path):
    with process.Worker(sys.executable, "sklearn", "mnist_cnn", 8, tmp_path, limit=60) as live:
        with pytest.raises(process.WorkerError, match="AttributeError") as failed:
            live.ask("fit", epochs=1)
        assert not failed.value.absent
        assert live.ask("memory")["bytes"] > 0
    assert live.process.returncode == 0
    with pytest.raises(process.WorkerError, match="died with exit status 0"):
        live.ask("memory")


def test_a_process_that_cannot_start_tells_its_last_words(tmp_path):
    arguments = (sys.executable, "sklearn", "seed_mlp", "many", tmp_path)
    told = pytest.raises(process.WorkerError, match="exit status 2: .*invalid int value: 'many'")
    with process.Worker(*arguments, limit=60) as live, told:
        live.ask("memory")
