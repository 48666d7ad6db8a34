"""The process of one peer: does what its standard input says, a JSON object a line, and answers a line each.

``python -m benchmarks.worker PEER WORKLOAD`` serves commands until its input ends; with ``--script EPOCHS`` it instead
does what a user's script does from start to end, and leaves. Nothing but the standard library is imported before the
library that is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

from benchmarks import peers, workloads
from benchmarks.peers.peer import NotOffered

# Calls made and thrown away before a call is timed: the first ones compile, or fill caches.
UNTIMED_CALLS = 3


def peak_memory() -> int:
    """Bytes of the largest resident set this process had."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    # Elsewhere; not on Linux, where it also counts what the parent had before the process was its own.
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def version(distribution: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return str(getattr(sys.modules.get(distribution), "__version__", "not installed as a package"))


class Session:
    """One peer and one workload, and what commands do with them."""

    def __init__(self, peer: str, workload: str, rows: int | None):
        self.peer_name = peer
        self.workload_name = workload
        self.rows = rows
        self.peer = peers.load(peer)

    def import_library(self) -> dict:
        start = time.perf_counter()
        self.peer.import_library()
        return {"seconds": time.perf_counter() - start}

    def load_data(self) -> dict:
        self.workload = workloads.load(self.workload_name)
        self.dataset = self.workload.data(self.rows or self.workload.rows)
        return {"source": self.dataset.source, "rows": len(self.dataset.x)}

    def versions(self) -> dict:
        return {name: version(name) for name in self.peer.distributions}

    def build(self) -> dict:
        start = time.perf_counter()
        self.peer.build(self.workload, self.dataset)
        return {"seconds": time.perf_counter() - start}

    def operations(self) -> dict:
        return self.peer.operations()

    def fit(self, epochs: int, rows: int | None = None) -> dict:
        start = time.perf_counter()
        loss = self.peer.fit(epochs, rows)
        return {"seconds": time.perf_counter() - start, "loss": loss}

    def fit_watched(self, epochs: int) -> dict:
        start = time.perf_counter()
        done = self.peer.fit_watched(epochs)
        return {"seconds": time.perf_counter() - start if done else None}

    def repeat(self, call: str, seconds: float, most: int, **arguments: Any) -> dict:
        """The median time of up to `most` calls of a method of the peer, stopped when `seconds` are over."""
        import statistics

        method = getattr(self.peer, call)
        for _ in range(UNTIMED_CALLS):
            method(**arguments)
        times: list[float] = []
        end = time.perf_counter() + seconds
        while not times or (len(times) < most and time.perf_counter() < end):
            start = time.perf_counter()
            method(**arguments)
            times.append(time.perf_counter() - start)
        return {"seconds": statistics.median(times), "calls": len(times)}

    def memory(self) -> dict:
        return {"bytes": peak_memory()}

    def script(self, epochs: int) -> dict:
        """All that a user's script does."""
        self.import_library()
        self.load_data()
        self.build()
        return self.fit(epochs)


COMMANDS = (
    "import_library",
    "load_data",
    "versions",
    "build",
    "operations",
    "fit",
    "fit_watched",
    "repeat",
    "memory",
    "script",
)


def last_line(error: BaseException) -> str:
    """The error as one line, the way the end of a traceback shows it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__


def answer(session: Session, command: dict) -> dict:
    """Carries a command out. Whatever goes wrong in it is the answer, so that one failure ends nothing else."""
    name = command.pop("do")
    try:
        if name not in COMMANDS:
            raise ValueError(f"There is no command {name!r}. Known: {', '.join(COMMANDS)}.")
        return getattr(session, name)(**command)
    except Exception as error:
        return {"error": last_line(error), "absent": isinstance(error, ImportError | NotOffered)}


def serve(session: Session, commands, answers) -> None:
    for line in commands:
        answers.write(json.dumps(answer(session, json.loads(line))) + "\n")
        answers.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker")
    parser.add_argument("peer")
    parser.add_argument("workload")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--script", type=int, metavar="EPOCHS")
    arguments = parser.parse_args()
    # The answers keep the real standard output; whatever a library prints goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = Session(arguments.peer, arguments.workload, arguments.rows)
    if arguments.script is None:
        serve(session, sys.stdin, answers)
    else:
        serve(session, [json.dumps({"do": "script", "epochs": arguments.script})], answers)


if __name__ == "__main__":
    main()
