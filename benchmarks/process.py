"""The parent's end of a worker: starts it, asks, waits with a limit, ends it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks import datasets, peers

ROOT = Path(__file__).resolve().parent.parent

# How long an ended process may take to leave before it is killed, in seconds.
GRACE = 10


class WorkerError(Exception):
    """The peer answered with an error, died, or took too long.

    `absent`: its library cannot be imported, or cannot express the workload, so there is nothing to measure.
    """

    def __init__(self, message: str, *, absent: bool = False):
        super().__init__(message)
        self.absent = absent


def variables(peer: str, cache: Path) -> dict[str, str]:
    """The environment of a peer's process: the user's own, with compilation caches of every kind below `cache`.

    So "cold" is cold for a library that keeps a cache in the user's folders without being asked, and "warm" is warm
    for one that has to be asked.
    """
    return {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "torch"),
        "XDG_CACHE_HOME": str(cache / "user"),
        # Several peers share a GPU: none may take most of its memory before it needs it.
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        datasets.CACHE_VARIABLE: str(datasets.cache_folder()),
        **peers.environment(peer),
    }


def command_line(python: str, peer: str, workload: str, rows: int | None) -> list[str]:
    line = [python, "-m", "benchmarks.worker", peer, workload]
    return line if rows is None else [*line, "--rows", str(rows)]


def died(status: int, last_words: str) -> WorkerError:
    return WorkerError(f"died with exit status {status}: {last_words or 'no word in its error output'}")


def checked(answer: dict) -> dict:
    """The answer of a worker, unless it is an error."""
    if "error" in answer:
        raise WorkerError(answer["error"], absent=answer["absent"])
    return answer


class Worker:
    """A live process of a peer. It sleeps on its input until it is asked, so of several only one works at a time."""

    def __init__(self, python: str, peer: str, workload: str, rows: int | None, cache: Path, limit: float):
        self.limit = limit
        self.process = subprocess.Popen(
            command_line(python, peer, workload, rows),
            cwd=ROOT,
            env=variables(peer, cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self.answers: queue.Queue[str | None] = queue.Queue()
        self.last_words = ""
        self.listeners = [threading.Thread(target=listen, daemon=True) for listen in (self._hear, self._overhear)]
        for listener in self.listeners:
            listener.start()

    def _hear(self) -> None:
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put(None)

    def _overhear(self) -> None:
        for line in self.process.stderr:
            self.last_words = line.strip() or self.last_words

    def ask(self, command: str, **arguments: Any) -> dict:
        """The answer to a command. Raises WorkerError; after a death or a time-out the worker is of no more use."""
        try:
            self.process.stdin.write(json.dumps({"do": command, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.answers.get(timeout=self.limit)
        except (BrokenPipeError, ValueError):
            line = None
        except queue.Empty:
            self.process.kill()
            raise WorkerError(f"took longer than {self.limit:g} s") from None
        if line is None:
            self.process.wait()
            self._join()
            raise died(self.process.returncode, self.last_words)
        return checked(json.loads(line))

    def _join(self) -> None:
        for listener in self.listeners:
            listener.join(GRACE)

    def close(self) -> None:
        """Ends the process by ending its input; kills it if that does not help."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._join()
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def run_script(
    python: str, peer: str, workload: str, rows: int | None, epochs: int, cache: Path, limit: float
) -> tuple[float, float]:
    """Runs a user's script in a process of its own: (seconds from its start to its end, last training loss)."""
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [*command_line(python, peer, workload, rows), "--script", str(epochs)],
            cwd=ROOT,
            env=variables(peer, cache),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        raise WorkerError(f"took longer than {limit:g} s") from None
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise died(done.returncode, (done.stderr.strip().splitlines() or [""])[-1])
    return seconds, checked(json.loads(done.stdout))["loss"]
