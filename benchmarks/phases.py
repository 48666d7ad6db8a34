"""What is measured: a table, read by the command line, the conductor and the report."""

from __future__ import annotations

from typing import NamedTuple


class Phase(NamedTuple):
    """`stage` is the kind of run it is measured in; `scale` turns seconds (or bytes) into the `unit` shown."""

    name: str
    stage: str
    unit: str
    scale: float
    meaning: str


PHASES = {
    phase.name: phase
    for phase in (
        Phase("import", "start", "s", 1, "importing the library in a fresh process"),
        Phase("build", "start", "ms", 1e3, "making the model, its weights and the optimizer"),
        Phase("first_epoch_cold", "start", "s", 1, "first epoch of fit, empty compilation cache"),
        Phase("first_epoch_warm", "start", "s", 1, "first epoch of fit, compilation cache of an earlier process"),
        Phase("start_cold", "start", "s", 1, "import, build and first epoch, empty compilation cache"),
        Phase("start_warm", "start", "s", 1, "import, build and first epoch, compilation cache of an earlier process"),
        Phase("memory", "start", "MB", 1e-6, "peak resident memory up to the end of the first epoch"),
        Phase("step", "steady", "ms", 1e3, "a training step: fit of many epochs / steps, all costs in it"),
        Phase("epoch_cost", "steady", "ms", 1e3, "what an epoch costs besides its steps"),
        Phase("fit_cost", "steady", "ms", 1e3, "what a call of fit costs besides its epochs"),
        Phase("batch_callback", "steady", "ms", 1e3, "what a callback that is called at every batch costs a batch"),
        Phase("evaluate", "steady", "ms", 1e3, "evaluate on all rows"),
        Phase("predict", "steady", "ms", 1e3, "predict of all rows in batches, NumPy to NumPy"),
        Phase("predict_one", "steady", "ms", 1e3, "predict of one row, NumPy to NumPy"),
        Phase("script_cold", "script", "s", 1, "whole script, start of python to its end, empty compilation cache"),
        Phase("script_warm", "script", "s", 1, "whole script, compilation cache of an earlier process"),
        Phase("loss", "script", "", 1, "training loss at the end of the script: the peers do the same work"),
    )
}

# Ratios of these would mean nothing.
WITHOUT_RATIO = ("loss",)
