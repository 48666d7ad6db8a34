"""The board on a GPU, within a time limit: ``python -m benchmarks.gpu FOLDER``.

First a check that lamina computes the same there as on the CPU (`benchmarks.gpu_check`), then training and inference of
the workloads, the large ones first, as many as fit; then the tables, and for the large workloads the share of the GPU's
peak (model FLOPs utilization). The results lie in FOLDER/gpu.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import command, process, report, workloads

ORDER = (
    "large_transformer", "large_resnet", "char_transformer", "cifar_vgg", "imdb_lstm", "mnist_mlp", "seed_mlp",
    "mnist_cnn", "fashion_resnet", "mobilenet_block", "bilstm_tagger", "ts_gru", "conv1d_audio", "tabular",
    "autoencoder", "digits_mlp",
)  # fmt: skip
PEERS = ("lamina", "keras-jax", "pytorch", "pytorch-compile", "roofline")

# Dense peaks of the data sheets in FLOP/s: bfloat16, and float32 by tensor cores (TF32), of the SXM cards.
PEAKS = {"H100": (989e12, 494e12), "H200": (989e12, 494e12), "A100": (312e12, 156e12)}


def gpu_name() -> str:
    try:
        line = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
        return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no GPU"


def utilization(workload: dict, gpu: str) -> list[str]:
    """Lines with FLOP/s of each peer's training step, and their share of the data sheet's peak."""
    operations = workload.get("step_operations")
    if not operations:
        return []
    peak = next((peaks for name, peaks in PEAKS.items() if name in gpu), None)
    mixed = workloads.load(workload["name"]).mixed
    lines = []
    for name, peer in workload["peers"].items():
        if "step" in peer["phases"]:
            rate = operations / peer["phases"]["step"]["median"]
            share = f", {rate / peak[0 if mixed else 1]:.1%} of the peak" if peak else ""
            lines.append(f"{workload['name']:18} {name:16} {report.number(rate / 1e12):>8} TFLOP/s{share}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=float, default=330, help="seconds after which no workload is begun (330)")
    parser.add_argument("--workload", nargs="+", default=ORDER)
    parser.add_argument("--peers", nargs="+", default=PEERS)
    parser.add_argument("--rows", type=int, help="rows of data, to try it out")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.limit
    arguments.folder.mkdir(parents=True, exist_ok=True)
    gpu = gpu_name()
    print(gpu, flush=True)
    check = [sys.executable, "-m", "benchmarks.gpu_check"]
    try:
        done = subprocess.run(check, cwd=process.ROOT, capture_output=True, text=True, timeout=arguments.limit / 2)
        checked = done.stdout + ("" if done.returncode == 0 else done.stderr[-3000:])
    except subprocess.TimeoutExpired:
        checked = "The check took too long."
    (arguments.folder / "gpu_check.txt").write_text(checked)
    results, longest = [], 0.0
    for name in arguments.workload:
        start = time.monotonic()
        if start + longest > end:
            break
        file = arguments.folder / "part.json"
        line = ["--workload", name, "--peers", *arguments.peers, "--phases", "step", "predict", "--rounds", "3"]
        line += ["--seconds", "0.3", "--together", "--json", str(file), "--limit", "90"]
        line += ["--rows", str(arguments.rows)] if arguments.rows else []
        results.append(command.measure(command.parser().parse_args(line)))
        longest = max(longest, time.monotonic() - start)
        merged = {**results[0], "workloads": [each["workloads"][0] for each in results]}
        merged["environment"]["processor"] += f", {gpu}" if gpu not in merged["environment"]["processor"] else ""
        (arguments.folder / "gpu.json").write_text(json.dumps(merged, indent=1) + "\n")
        file.unlink()
    print(checked)
    if results:
        print(report.document(merged))
        print("\nOperations of the model's matrix products / time of a training step")
        print("\n".join(line for each in merged["workloads"] for line in utilization(each, gpu)))
    left_out = arguments.workload[len(results) :]
    print("Not measured for lack of time: " + (", ".join(left_out) or "none"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
