"""What compiling costs: each workload's epoch program in lamina's formulation and in plain `jax.lax`.

    python -m benchmarks.compile_time                 all workloads
    python -m benchmarks.compile_time mnist_cnn       some

Tracing, lowering and compiling, without a persistent cache; the two take turns, the smaller of two times counts.
"""

from __future__ import annotations

import argparse
import contextlib

from benchmarks import report, workloads

TURNS = 2


def seconds(workload, dataset, plain: bool) -> float:
    """Seconds until the program of a new model's epoch is compiled."""
    import lamina
    from lamina.kernels import reference_kernels

    model = workload.keras(lamina, dataset)
    metrics = ["accuracy"] if workload.classifies else None
    model.compile(optimizer="adam", loss=workload.loss, metrics=metrics)
    with reference_kernels() if plain else contextlib.nullcontext():
        model.fit(dataset.x, dataset.y, batch_size=workload.batch, verbose=0)
    _, programs = model._trainer.resolved()
    return programs.compile_seconds


def main() -> None:
    import jax

    parser = argparse.ArgumentParser(prog="python -m benchmarks.compile_time", description=__doc__.splitlines()[0])
    parser.add_argument("workload", nargs="*", metavar="NAME")
    chosen = parser.parse_args().workload or [name for name in workloads.names() if not workloads.load(name).large]
    jax.config.update("jax_enable_compilation_cache", False)
    print(f"{'':18} {'lamina, s':>10} {'jax.lax, s':>10} {'ratio':>6}")
    for name in chosen:
        workload = workloads.load(name)
        dataset = workload.data(workload.batch)
        times = {plain: [] for plain in (False, True)}
        for _ in range(TURNS):
            for plain, found in times.items():
                found.append(seconds(workload, dataset, plain))
        ours, theirs = (min(times[plain]) for plain in (False, True))
        print(f"{name:18} {report.number(ours):>10} {report.number(theirs):>10} {ours / theirs:6.2f}", flush=True)


if __name__ == "__main__":
    main()
