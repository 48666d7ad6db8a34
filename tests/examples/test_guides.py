"""The guides run, each in a few seconds, and say what they promise."""

import runpy
from pathlib import Path

import pytest

GUIDES = Path(__file__).parents[2] / "examples" / "guides"
SAYS = {
    "functional_api.py": ["classifier: {", "two tasks: {'dark_loss'", "siamese: "],
    "making_layers_and_models.py": ["running sum: [6. 6.]", "trainable after freezing", "a digit that nobody wrote:"],
    "custom_train_step.py": ["PenalizedConfidence: {", "KerasStep: {", "accuracy_under_attack", "Gan: {"],
    "writing_callbacks.py": ["training begins: 2 epochs of 2 steps", "rates [0.01", "batches of up to 16 rows"],
}


def test_every_guide_is_here():
    assert sorted(SAYS) == sorted(path.name for path in GUIDES.glob("*.py"))


@pytest.mark.parametrize("name", sorted(SAYS))
def test_smoke(name, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, "--smoke"])
    runpy.run_path(str(GUIDES / name), run_name="__main__")
    said = capsys.readouterr().out
    for text in SAYS[name]:
        assert text in said
