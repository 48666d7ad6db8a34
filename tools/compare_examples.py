"""Runs every example on lamina and with TensorFlow, unchanged, and prints how long each took and what it ended in.

    python tools/compare_examples.py [--smoke] [EXAMPLE ...]

TensorFlow must be installed. Each run is a process of its own, from its start to its end, the two in turn.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(command, folder):
    """Return the seconds that a command took and the last line that it printed."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "LAMINA_COMPILATION_CACHE": "off",
    }
    environment.pop("KERAS_BACKEND", None)
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return seconds, [line for line in done.stdout.splitlines() if line.startswith("test ")][-1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", nargs="*", metavar="EXAMPLE", help="names without .py (default: all)")
    parser.add_argument("--smoke", action="store_true", help="hand --smoke on")
    arguments = parser.parse_args()
    scripts = sorted((ROOT / "examples").glob("*.py"))
    options = ["--smoke"] if arguments.smoke else []
    print("| example | lamina | TensorFlow | times as fast | lamina ends in | TensorFlow ends in |")
    print("| --- | ---: | ---: | ---: | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for script in scripts:
            if arguments.examples and script.stem not in arguments.examples:
                continue
            ours, our_end = run([sys.executable, "-m", "lamina", "run", script, *options], folder)
            theirs, their_end = run([sys.executable, script, *options], folder)
            ends = " | ".join(" ".join(end) or "ok" for end in (our_end, their_end))
            print(f"| {script.stem} | {ours:.1f} s | {theirs:.1f} s | {theirs / ours:.1f} | {ends} |", flush=True)


if __name__ == "__main__":
    main()
