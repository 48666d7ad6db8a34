import json

import pytest

from benchmarks import report
from benchmarks.conductor import PeerResult
from benchmarks.workloads import load


@pytest.fixture
def summary():
    results = {
        "lamina": PeerResult({"step": [0.001, 0.002, 0.003], "loss": [0.5], "epoch_cost": [-0.1]}, source="a table"),
        "pytorch": PeerResult({"step": [0.002, 0.008, 0.003], "loss": [0.7], "epoch_cost": [0.1]}),
        "jax": PeerResult({"step": [0.001]}, {"predict": "ValueError: no", "evaluate": "ValueError: no"}),
        "keras-tensorflow": PeerResult(absent="ModuleNotFoundError: No module named 'tensorflow'"),
    }
    return report.summarize(load("seed_mlp"), 1600, results, "lamina")


def test_the_ratio_is_the_median_of_the_ratios_of_each_turn(summary):
    step = summary["peers"]["pytorch"]["phases"]["step"]
    assert step["median"] == 0.003
    assert (step["least"], step["most"]) == (0.002, 0.008)
    assert step["ratio"] == pytest.approx(2)
    assert (step["ratio_least"], step["ratio_most"]) == (pytest.approx(1), pytest.approx(4))


def test_no_ratio_of_the_baseline_of_losses_or_of_what_is_not_positive(summary):
    assert "ratio" not in summary["peers"]["lamina"]["phases"]["step"]
    assert "ratio" not in summary["peers"]["pytorch"]["phases"]["loss"]
    assert "ratio" not in summary["peers"]["pytorch"]["phases"]["epoch_cost"]


def test_a_difference_that_came_out_negative_once_has_no_ratio():
    assert report.ratios([1, 2], [2, 4]) == [0.5, 0.5]
    assert report.ratios([1, -2], [2, 4]) == report.ratios([1, 2], [2, 0]) == []


def test_the_table_shows_errors_once_and_absent_peers_below(summary):
    text = report.table(summary)
    lines = text.splitlines()
    assert "50 steps an epoch" in lines[0] and "a table" in lines[0]
    assert lines[2].split() == ["lamina", "pytorch", "jax"]
    assert lines[3].split() == ["step,", "ms", "2.00", "3.00", "(2.00×)", "1.00", "(1.00×)"]
    assert text.count("error [1]") == 2
    assert text.count("ValueError: no") == 1
    assert lines[-1] == "absent: keras-tensorflow (ModuleNotFoundError: No module named 'tensorflow')"


def test_the_summary_survives_json(summary):
    assert json.loads(json.dumps(summary)) == summary


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.04123, "0.0412"), (1.3749, "1.37"), (24.61, "24.6"), (1830.2, "1830"), (-0.5, "-0.500")],
)
def test_numbers_keep_three_digits(value, shown):
    assert report.number(value) == shown


def test_the_document_names_the_machine_and_warns_of_a_busy_one(summary):
    machine = {"processor": "a CPU", "cores": 2, "system": "Linux", "started": "today", "load_at_start": 0.1}
    quiet = report.document({"environment": machine, "workloads": [summary]})
    assert quiet.startswith("a CPU, 2 cores, Linux, today\n")
    assert "Above 1 lamina is better." in quiet
    busy = report.document({"environment": {**machine, "load_at_start": 1.9}, "workloads": []})
    assert "Busy: 1.9 processes" in busy


def test_the_document_says_when_there_is_nothing_to_compare_with():
    results = {"jax": PeerResult({"step": [0.001]})}
    summary = report.summarize(load("seed_mlp"), 1600, results, "lamina")
    machine = {"processor": "a CPU", "cores": 2, "system": "Linux", "started": "today", "load_at_start": None}
    text = report.document({"environment": machine, "workloads": [summary]})
    assert text.endswith("No ratios, because lamina was not measured.")
