"""Who is measured when: the peers take turns in every phase, round after round (A B A B)."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import peers
from benchmarks.phases import PHASES
from benchmarks.process import Worker, WorkerError, run_script
from benchmarks.workload import Workload

# Threads of a library may spin for a while after its work is done (OpenMP: up to 0.2 s): the next peer waits for it.
PAUSE = 0.25

# Epochs that are timed to find out how many make a sample; the quickest counts, so that a hiccup does not.
TRIAL_EPOCHS = 3

# One-batch epochs that a sample of `epoch_cost` is taken from, at least; and calls of fit for one of `fit_cost`.
SHORT_EPOCHS = 5
SHORT_FITS = 5


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Args:
        rounds: turns of each peer in the steady phases.
        starts: fresh processes of each peer in the phases of starting and whole scripts.
        seconds: about how long a sample of a steady phase lasts.
        limit: seconds after which a peer's answer is given up.
        rows: rows of the data, None for the workload's own number.
        together: whether peers warm up at the same time; how many epochs fill a sample is then a rough guess.
        interpreters: python of a peer, where it is not the one that runs this.
    """

    rounds: int = 5
    starts: int = 3
    seconds: float = 0.5
    limit: float = 900.0
    rows: int | None = None
    together: bool = False
    interpreters: dict[str, str] = field(default_factory=dict)

    def python(self, peer: str) -> str:
        return self.interpreters.get(peer) or self.interpreters.get(peers.interpreter_key(peer)) or sys.executable


@dataclass
class PeerResult:
    """What came of one peer: samples of each phase, errors of the phases that failed, or why it is absent."""

    samples: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    source: str = ""
    absent: str = ""
    operations: dict[str, int] = field(default_factory=dict)

    def add(self, phase: str, value: float) -> None:
        self.samples.setdefault(phase, []).append(value)


class Conductor:
    """Measures one workload in several peers.

    Args:
        workload: what is trained.
        names: the peers, in the order of their turns.
        phases: names from `PHASES`.
        settings: how often and how long.
        say: takes a line that tells what is being done.
    """

    def __init__(
        self, workload: Workload, names: list[str], phases: list[str], settings: Settings, say: Callable[[str], None]
    ):
        self.workload = workload
        self.phases = phases
        self.settings = settings
        self.say = say
        self.results = {name: PeerResult() for name in names}
        self.rows = settings.rows or workload.rows

    def wanted(self, stage: str) -> list[str]:
        return [name for name in self.phases if PHASES[name].stage == stage]

    def present(self, phases: list[str]) -> list[str]:
        """The peers that are measured in any of `phases`."""
        return [name for name, result in self.results.items() if not result.absent and peers.takes_part(name, phases)]

    def run(self) -> dict[str, PeerResult]:
        with tempfile.TemporaryDirectory(prefix="lamina-benchmarks-") as folder:
            self.folder = Path(folder)
            self.measure_starts()
            self.measure_steady()
            self.measure_scripts()
        return self.results

    # --- talking to workers

    def worker(self, name: str, cache: str) -> Worker:
        settings = self.settings
        return Worker(
            settings.python(name), name, self.workload.name, settings.rows, self.folder / cache, settings.limit
        )

    @contextlib.contextmanager
    def noting(self, name: str, phases: list[str]) -> Iterator[None]:
        """Notes the error of what is done inside under the phases that will be missing for it."""
        try:
            yield
        except (WorkerError, OSError) as error:
            if getattr(error, "absent", False):
                self.results[name].absent = str(error)
                return
            for phase in phases:
                self.results[name].errors.setdefault(phase, str(error))

    def open_model(self, worker: Worker, name: str) -> tuple[float, float]:
        """Brings a worker to a built model: (seconds of the import, seconds of the build)."""
        importing = worker.ask("import_library")["seconds"]
        result = self.results[name]
        result.versions = result.versions or worker.ask("versions")
        result.source = worker.ask("load_data")["source"]
        return importing, worker.ask("build")["seconds"]

    # --- starting: fresh processes

    def measure_starts(self) -> None:
        phases = self.wanted("start")
        if not phases:
            return
        temperatures = ["cold", "warm"] if any(name.endswith("_warm") for name in phases) else ["cold"]
        for turn in range(self.settings.starts):
            for name in self.present(phases):
                self.say(f"{self.workload.name}: start {turn + 1}/{self.settings.starts}: {name}")
                cache = f"start-{name}"
                with self.noting(name, phases):
                    for temperature in temperatures:
                        self.measure_start(name, cache, temperature)
                shutil.rmtree(self.folder / cache, ignore_errors=True)

    def measure_start(self, name: str, cache: str, temperature: str) -> None:
        result = self.results[name]
        with self.worker(name, cache) as worker:
            importing, building = self.open_model(worker, name)
            first = worker.ask("fit", epochs=1)["seconds"]
            values = {
                "import": importing,
                "build": building,
                f"first_epoch_{temperature}": first,
                # Loading the data lies between them, and is not the library's.
                f"start_{temperature}": importing + building + first,
                # One temperature only: what is kept and compiled differs between them.
                "memory": worker.ask("memory")["bytes"] if temperature == "cold" else None,
            }
        for phase in self.phases:
            if values.get(phase) is not None:
                result.add(phase, values[phase])

    # --- the steady state: live processes that take turns

    def measure_steady(self) -> None:
        phases = self.wanted("steady")
        if not phases:
            return
        with contextlib.ExitStack() as stack:
            names = self.present(phases)

            def warm_up(name: str) -> Player | None:
                self.say(f"{self.workload.name}: warm-up: {name}")
                with self.noting(name, phases):
                    worker = stack.enter_context(self.worker(name, f"steady-{name}"))
                    self.open_model(worker, name)
                    self.results[name].operations = worker.ask("operations")
                    player = Player(worker, self.workload, self.rows, self.settings.seconds)
                    player.warm_up(phases)
                    return player
                return None

            with ThreadPoolExecutor(len(names) if self.settings.together else 1) as pool:
                warm = zip(names, pool.map(warm_up, names))
            players = {name: player for name, player in warm if player}
            for turn in range(self.settings.rounds):
                for phase in phases:
                    self.say(f"{self.workload.name}: round {turn + 1}/{self.settings.rounds}: {phase}")
                    for name, player in players.items():
                        if phase in self.results[name].errors or not peers.takes_part(name, [phase]):
                            continue
                        time.sleep(PAUSE)
                        with self.noting(name, [phase]):
                            value = player.measure(phase)
                            if value is not None:
                                self.results[name].add(phase, value)

    # --- whole scripts

    def measure_scripts(self) -> None:
        phases = self.wanted("script")
        if not phases:
            return
        temperatures = ["cold", "warm"] if "script_warm" in phases else ["cold"]
        settings, workload = self.settings, self.workload
        for turn in range(settings.starts):
            for name in self.present(phases):
                self.say(f"{self.workload.name}: script {turn + 1}/{settings.starts}: {name}")
                result = self.results[name]
                cache = self.folder / f"script-{name}"
                with self.noting(name, phases):
                    for temperature in temperatures:
                        seconds, loss = run_script(
                            settings.python(name), name, workload.name, settings.rows, workload.script_epochs, cache,
                            settings.limit,
                        )  # fmt: skip
                        if f"script_{temperature}" in phases:
                            result.add(f"script_{temperature}", seconds)
                    if "loss" in phases:
                        result.add("loss", loss)
                shutil.rmtree(cache, ignore_errors=True)


class Player:
    """A live worker and what its steady phases need to know: how many epochs fill a sample."""

    def __init__(self, worker: Worker, workload: Workload, rows: int, seconds: float):
        self.worker = worker
        self.batch = min(workload.batch, rows)
        self.steps = workload.steps(rows)
        self.seconds = seconds

    def warm_up(self, phases: list[str]) -> None:
        """Compiles what will be measured, and finds out how many epochs make a sample of about `seconds`."""
        self.worker.ask("fit", epochs=1)
        self.epochs = self.epochs_for(min(self.epoch_time(1) for _ in range(TRIAL_EPOCHS)))
        if "epoch_cost" in phases or "fit_cost" in phases:
            self.worker.ask("fit", epochs=2, rows=self.batch)
            short = self.worker.ask("fit", epochs=SHORT_EPOCHS, rows=self.batch)["seconds"] / SHORT_EPOCHS
            self.short_epochs = max(SHORT_EPOCHS, self.epochs_for(short))
        if "batch_callback" in phases:
            self.worker.ask("fit_watched", epochs=2)

    def epochs_for(self, epoch_seconds: float) -> int:
        return max(1, min(1000, round(self.seconds / max(epoch_seconds, 1e-6))))

    def epoch_time(self, epochs: int, rows: int | None = None) -> float:
        return self.worker.ask("fit", epochs=epochs, rows=rows)["seconds"] / epochs

    def measure(self, phase: str) -> float | None:
        """A sample in seconds; None where the workload cannot tell (one step an epoch has no costs besides it)."""
        return getattr(self, phase)()

    def step(self) -> float:
        """All that fit costs over all its steps: the cost of calls and epochs is in it, as it is for a user."""
        return self.epoch_time(self.epochs) / self.steps

    def epoch_cost(self) -> float | None:
        """An epoch of S steps takes e + S·s, an epoch of one step takes e + s: the e of both."""
        if self.steps == 1:
            return None
        whole = self.epoch_time(self.epochs)
        single = self.epoch_time(self.short_epochs, self.batch)
        return single - (whole - single) / (self.steps - 1)

    def fit_cost(self) -> float:
        """A fit of one one-batch epoch, less what such an epoch takes among many."""
        one = sum(self.epoch_time(1, self.batch) for _ in range(SHORT_FITS)) / SHORT_FITS
        return one - self.epoch_time(self.short_epochs, self.batch)

    def batch_callback(self) -> float | None:
        """An epoch that a callback watches, less one that none watches, by step; None without callbacks."""
        watched = self.worker.ask("fit_watched", epochs=self.epochs)["seconds"]
        return None if watched is None else (watched / self.epochs - self.epoch_time(self.epochs)) / self.steps

    def evaluate(self) -> float:
        return self.worker.ask("repeat", call="evaluate", seconds=self.seconds, most=1000)["seconds"]

    def predict(self) -> float:
        return self.worker.ask("repeat", call="predict", seconds=self.seconds, most=1000)["seconds"]

    def predict_one(self) -> float:
        return self.worker.ask("repeat", call="predict", rows=1, seconds=self.seconds, most=2000)["seconds"]
