"""A training step of every kind of layer in lamina, Keras on JAX and PyTorch, on this machine.

    python -m benchmarks.layers                  all layers, all libraries
    python -m benchmarks.layers conv lstm        those whose name contains a word
    python -m benchmarks.layers --rounds 3       more rounds; the best time of each library counts
    python -m benchmarks.layers --json FILE      keep the best times in FILE, together with those it already holds
    python -m benchmarks.layers --page docs FILE draw docs/benchmarks_layers.md from such a file

Each library runs in a process of its own, and the libraries take turns. A step is forward, backward to the weights and
to the inputs (they are multiplied by a learned number first), and plain gradient descent, on the mean of the squared
outputs: through `fit` in lamina and Keras, in the usual loop in PyTorch. Times are milliseconds: the quickest of a few
epochs, divided by its steps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environment import describe
from benchmarks.layer_cases import CASES, Case

LIBRARIES = ("lamina", "keras-jax", "pytorch")
EPOCHS, ENOUGH = 4, 1.2  # epochs, or seconds after which there are no more
RATE = 1e-6  # so small that no layer's numbers run away

PAGE = """# Layers

{machine}

Drawn by `python -m benchmarks.layers --page docs FILE`. A training step of each layer alone, at a size like a real use:
forward, backward to the weights and to the inputs, plain gradient descent. Milliseconds, the best of a few epochs;
rounds in which the libraries took turns: {rounds}. The last column is lamina's time divided by that of the better of
the two others: below 1 lamina is quicker. Differences below 15 % mean nothing. {versions}

{behind}

{table}
"""


def steps_of(case: Case) -> int:
    """Return the number of steps of an epoch: about 32 MB of data, so that what an epoch costs is spread."""
    return int(np.clip(2**25 / (4 * np.prod(case.shape)), 12, 40))


def data_of(case: Case) -> np.ndarray:
    """Return the rows of all steps of an epoch."""
    generator = np.random.default_rng(0)
    shape = (case.shape[0] * steps_of(case), *case.shape[1:])
    if case.classes:
        return generator.integers(0, case.classes, shape).astype("int32")
    return generator.normal(size=shape).astype("float32")


def measure_keras(case: Case, keras: Any) -> float:
    """Return milliseconds for a step with an API that is Keras's."""

    class Scale(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(shape=(), initializer="ones", name="factor")

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    class Loss(keras.layers.Layer):
        supports_masking = True

        def call(self, inputs: Any) -> Any:
            self.add_loss(keras.ops.mean(keras.ops.square(inputs)))
            return keras.ops.mean(keras.ops.reshape(inputs, (case.shape[0], -1)), axis=-1)

    keras.utils.set_random_seed(0)
    inputs = keras.Input(batch_shape=case.shape, dtype="int32" if case.classes else "float32")
    x = inputs if case.classes else Scale()(inputs)
    model = keras.Model(inputs, Loss()(case.make(keras.layers)(x)))
    model.compile(keras.optimizers.SGD(RATE))
    ends: list[float] = []

    def stop(*_: Any) -> None:
        ends.append(time.perf_counter())
        model.stop_training = len(ends) > 1 and ends[-1] - ends[0] > ENOUGH

    stopwatch = keras.callbacks.LambdaCallback(on_epoch_end=stop)
    data = data_of(case)
    model.fit(data, batch_size=case.shape[0], epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[stopwatch])
    return 1e3 * min(np.diff(ends)) / steps_of(case)


def measure_pytorch(case: Case) -> float | None:
    """Return milliseconds for a step in PyTorch's usual loop."""
    import torch

    if case.torch is None:
        return None
    torch.manual_seed(0)
    module, factor = case.torch(torch.nn), torch.nn.Parameter(torch.ones(()))
    parameters = [*module.parameters(), *([] if case.classes else [factor])]
    optimizer = torch.optim.SGD(parameters, RATE)
    data = data_of(case)
    if case.channels_first:
        data = np.moveaxis(data, -1, 1).copy()
    batches = torch.from_numpy(data.astype("int64") if case.classes else data).split(case.shape[0])
    best, first = float("inf"), time.perf_counter()
    for _ in range(EPOCHS):
        started = time.perf_counter()
        if started - first > ENOUGH and best < float("inf"):
            break
        for batch in batches:
            optimizer.zero_grad()
            outputs = module(batch if case.classes else batch * factor)
            outputs = outputs[0] if isinstance(outputs, tuple) else outputs
            outputs.square().mean().backward()
            optimizer.step()
        best = min(best, time.perf_counter() - started)
    return 1e3 * best / steps_of(case)


def work(library: str, names: list[str]) -> None:
    """Measure in this process; print a line of JSON for each layer."""
    if library == "lamina":
        import lamina as keras
    elif library == "keras-jax":
        os.environ["KERAS_BACKEND"] = "jax"
        import keras
    for name in names:
        try:
            found = measure_pytorch(CASES[name]) if library == "pytorch" else measure_keras(CASES[name], keras)
        except Exception as error:  # one library's failure is a line of the table, not the end of it
            print(f"{library} {name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
            found = None
        print(json.dumps([name, found]), flush=True)


def table(times: dict[str, dict[str, float]]) -> str:
    """Return the times as a Markdown table, the layers furthest behind the better of the two others first."""

    lines = ["| layer | lamina | Keras on JAX | PyTorch | of the better |", "| --- | ---: | ---: | ---: | ---: |"]
    for name in sorted(times, key=lambda name: ratio(times[name]), reverse=True):
        cells = [f"{times[name][library]:.3g}" if library in times[name] else "" for library in LIBRARIES]
        lines.append(f"| {name} | {' | '.join(cells)} | {ratio(times[name]):.2f} |")
    return "\n".join(lines)


def ratio(found: dict[str, float]) -> float:
    """Return lamina's time divided by that of the better of the others; 0 where there is none."""
    others = [found[library] for library in LIBRARIES[1:] if library in found]
    return found["lamina"] / min(others) if others and "lamina" in found else 0.0


def behind(times: dict[str, dict[str, float]], limit: float = 1.15) -> str:
    """Return the sentence that lists what is slower than the better of the others."""
    slower = sorted((name for name in times if ratio(times[name]) > limit), key=lambda name: -ratio(times[name]))
    return f"Behind by more than 15 % are {len(slower)} of {len(times)}: {', '.join(slower) or 'none'}."


def page(result: dict[str, Any]) -> str:
    """Return the page with the table of a run."""
    where = result["environment"]
    machine = f"{where['processor']}, {where['cores']} cores, {where['system']}, {where['started']}"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return PAGE.format(
        machine=machine,
        versions=f"Versions: {versions}.",
        behind=behind(result["times"]),
        table=table(result["times"]),
        rounds=result["rounds"],
    )


def merged(old: dict[str, dict[str, float]], new: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the better of the times in both, for the layers that there are."""
    both = {name: dict(old.get(name, {})) for name in CASES if name in old or name in new}
    for name, found in new.items():
        for library, milliseconds in found.items():
            both[name][library] = min(milliseconds, both[name].get(library, milliseconds))
    return both


def measure(words: list[str], libraries: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Return the best times of `rounds` turns, each library in a process of its own."""
    times: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for library in libraries:
            command = [sys.executable, "-m", "benchmarks.layers", "--worker", library, *words]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
            times = merged(times, {name: {library: found} if found is not None else {} for name, found in lines})
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="measure only layers whose name contains one of these")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the best times there")
    parser.add_argument("--page", nargs=2, type=Path, metavar=("FOLDER", "FILE"), help="draw the page of such a file")
    parser.add_argument("--worker", choices=LIBRARIES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.page:
        folder, file = given.page
        (folder / "benchmarks_layers.md").write_text(page(json.loads(file.read_text())))
        return
    if given.worker:
        work(given.worker, chosen(given.words))
        return
    result = {"environment": describe(), "rounds": given.rounds}
    result["versions"] = {name: metadata.version(name) for name in ("jax", "keras", "torch")}
    result["times"] = measure(given.words, given.libraries, given.rounds)
    print(table(result["times"]))
    if given.json:
        if given.json.exists():
            old = json.loads(given.json.read_text())
            result["times"] = merged(old["times"], result["times"])
        given.json.write_text(json.dumps(result, indent=1))


def chosen(words: list[str]) -> list[str]:
    """Return the names that contain one of the words; all without words."""
    return [name for name in CASES if not words or any(word.lower() in name.lower() for word in words)]


if __name__ == "__main__":
    main()
