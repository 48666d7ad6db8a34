"""How long files take: `python -m benchmarks.files`, lamina beside Keras on JAX, the same model and the same files.

Each library is a process of its own, and they take turns. Saving is timed until the call returns: lamina's has the
file on the disk by then, Keras's leaves it to the system. Before it the system has nothing else to write, since what
others left unwritten would hold up whoever waits for the disk. Loading is from the system's cache. `memory` is how far
the peak of the process rises while a model that has weights reads new ones.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIBRARIES = ("lamina", "keras")
LAYERS = 4


def model_of(api, parameters: int):
    """A stack of layers that are equally large, of about so many parameters in all."""
    width = round((parameters / LAYERS) ** 0.5)
    layers = [api.layers.Dense(width) for _ in range(LAYERS)]
    return api.Sequential([api.Input((width,)), *layers])


def settled(model) -> None:
    """Wait for the weights, which are drawn late."""
    import jax

    jax.block_until_ready([weight.value for weight in model.weights])


def timed(work, times: int = 1) -> float:
    took = []
    for _ in range(times):
        os.sync()
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(library: str, folder: Path, parameters: int) -> dict[str, float]:
    api = importlib.import_module(library)
    own, shared = folder / library, folder / "shared"
    own.mkdir(exist_ok=True)
    model = model_of(api, parameters)
    settled(model)
    if not shared.exists():
        shared.mkdir()
        model.save(shared / "m.keras")
        model.save_weights(shared / "m.weights.h5")

    def load_weights() -> None:
        model.load_weights(shared / "m.weights.h5")
        settled(model)

    before = peak()
    load_weights()
    return {
        "memory, load .weights.h5": peak() - before,
        "load .weights.h5": timed(load_weights, 5),
        "save .weights.h5": timed(lambda: model.save_weights(own / "m.weights.h5"), 5),
        "save .keras": timed(lambda: model.save(own / "m.keras")),
        "load .keras": timed(lambda: settled(api.saving.load_model(shared / "m.keras"))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description=__doc__.split("\n")[0])
    parser.add_argument("--parameters", type=int, default=100_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--worker", nargs=2, metavar=("LIBRARY", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        library, folder = arguments.worker
        print(json.dumps(measure(library, Path(folder), arguments.parameters)))
        return
    samples: dict[str, list[dict[str, float]]] = {library: [] for library in LIBRARIES}
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    command = [sys.executable, "-m", "benchmarks.files", "--parameters", str(arguments.parameters), "--worker"]
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.rounds):
            for library in LIBRARIES if turn % 2 else LIBRARIES[::-1]:  # Keras makes the files that both read
                done = subprocess.run([*command, library, folder], env=environment, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stderr)
                samples[library].append(json.loads(done.stdout.splitlines()[-1]))
    size = 4 * arguments.parameters / 1e6
    print(f"{arguments.parameters:,} parameters, {size:,.0f} MB, medians of {arguments.rounds} rounds\n")
    print(f"{'':28}{'lamina':>10}{'Keras':>10}{'ratio':>8}")
    for what in samples["lamina"][0]:
        mine, theirs = (statistics.median(one[what] for one in samples[library]) for library in LIBRARIES)
        ratio = f"{mine / theirs:.2f}" if theirs else "-"
        unit, scale = ("MB", 1e6) if what.startswith("memory") else ("ms", 1e-3)
        print(f"{what:28}{mine / scale:7.0f} {unit}{theirs / scale:7.0f} {unit}{ratio:>8}")


if __name__ == "__main__":
    main()
