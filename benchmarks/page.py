"""The page with all results, and its chart, drawn from the JSON of one or more runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import peers, report
from benchmarks.phases import PHASES

YARDSTICKS = ("jax", "roofline")

# What the page tells of each workload: (phase, heading, text).
SECTIONS = (
    ("step", "Training", "Milliseconds of a training step: `fit` of many epochs, divided by their steps."),
    ("predict", "Inference", "Milliseconds of a batch: `predict` of all rows, divided by their batches."),
    ("first_epoch_cold", "First epoch", "Seconds of the first `fit` of one epoch, compiling in it, with empty caches."),
    ("start_cold", "Start", "Seconds that importing, building and the first epoch take together, with empty caches."),
    ("start_warm", "Second start", "The same in a second process, with the compilation cache of the first."),
    ("memory", "Memory", "Peak resident memory in MB, up to the end of the first epoch."),
)

HEAD = """# Benchmarks

{machine}

Drawn by `python -m benchmarks --page docs RESULTS.json …`; `benchmarks/README.md` tells how each number is measured
and what it cannot tell. Medians of peers that take turns; in brackets how many times what lamina takes, so above 1
lamina is better. The best peer of a line is **bold**, and the last columns are no peers: `jax` is a training run
written by hand for one model, `roofline` the matrix products and copies that the model cannot do without, each by the
fastest library on this machine, measured in the same run. A roofline of (0.60×) means that lamina reaches 60 % of it.

{versions}

![How many times longer than lamina each library takes for a training step]({chart})
"""


def load(files: list[Path]) -> dict[str, Any]:
    """One report from several: of a workload measured twice the phases of the later file win."""
    reports = [json.loads(file.read_text()) for file in files]
    workloads: dict[str, dict[str, Any]] = {}
    for each in reports:
        for workload in each["workloads"]:
            known = workloads.setdefault(workload["name"], workload)
            if known is workload:
                continue
            known.update({key: value for key, value in workload.items() if key != "peers"})
            for name, peer in workload["peers"].items():
                if name in known["peers"]:
                    merged = known["peers"][name]
                    merged["phases"].update(peer["phases"])
                    merged["errors"].update(peer["errors"])
                    merged["versions"].update(peer["versions"])
                else:
                    known["peers"][name] = peer
    return {"environment": reports[-1]["environment"], "workloads": [workloads[name] for name in sorted(workloads)]}


def best_peer(workload: dict[str, Any], phase: str) -> str | None:
    """The quickest (smallest) of the peers, lamina and yardsticks left out."""
    medians = {
        name: peer["phases"][phase]["median"]
        for name, peer in workload["peers"].items()
        if name not in (peers.BASELINE, *YARDSTICKS) and phase in peer["phases"]
    }
    return min(medians, key=medians.__getitem__, default=None)


def _cell(workload: dict[str, Any], name: str, phase: str, best: str | None) -> str:
    summary = workload["peers"].get(name, {}).get("phases", {}).get(phase)
    if summary is None:
        return ""
    per = workload["steps"] if phase == "predict" else 1
    shown = report.number(summary["median"] * PHASES[phase].scale / per)
    shown += f" ({report.number(summary['ratio'])}×)" if "ratio" in summary else ""
    return f"**{shown}**" if name == best else shown


def section(workloads: list[dict[str, Any]], phase: str) -> str | None:
    """A table with a line a workload and a column a peer, or None where nobody measured the phase."""
    measured = [each for each in workloads if any(phase in peer["phases"] for peer in each["peers"].values())]
    columns = [
        name for name in peers.PEERS if any(phase in each["peers"].get(name, {}).get("phases", {}) for each in measured)
    ]
    if not columns:
        return None
    columns.sort(key=lambda name: name in YARDSTICKS)
    lines = ["| | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for workload in measured:
        best = best_peer(workload, phase)
        cells = [_cell(workload, name, phase, best) for name in columns]
        lines.append(f"| `{workload['name']}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page(result: dict[str, Any], chart: str) -> str:
    workloads = result["workloads"]
    parts = [
        HEAD.format(
            machine=report.heading(result["environment"]).replace("\n", "\n\n"),
            versions=f"Versions: {report.versions(workloads)}.",
            chart=chart,
        ).rstrip()
    ]
    for phase, heading, text in SECTIONS:
        if table := section(workloads, phase):
            parts.append(f"## {heading}\n\n{text}\n\n{table}")
    lines = [
        "## Workloads",
        "",
        "| | model | rows, batch | data | operations a step |",
        "| --- | --- | --- | --- | --- |",
    ]
    for each in workloads:
        operations = each.get("step_operations")
        lines.append(
            f"| `{each['name']}` | {each['summary']} | {each['rows']}, {each['batch']} | {each['data']} | "
            f"{'' if operations is None else f'{report.number(operations / 1e9)} GFLOP'} |"
        )
    parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def chart(workloads: list[dict[str, Any]], file: Path) -> None:
    """Draw how many times longer than lamina each peer takes for a step, as SVG, with a logarithmic axis."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    rows = [each for each in workloads if best_peer(each, "step")][::-1]
    names = [
        name for name in peers.PEERS
        if name != peers.BASELINE and any("ratio" in each["peers"].get(name, {}).get("phases", {}).get("step", {})
                                          for each in rows)
    ]  # fmt: skip
    marks = dict(zip(names, "osD^vPX*<>", strict=False))
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "lamina", "font.family": "sans-serif"}):
        figure, axes = pyplot.subplots(figsize=(8, 0.42 * len(rows) + 1.6))
        axes.axvline(1, color="black", linewidth=1)
        for name in names:
            points = [
                (summary["ratio"], at)
                for at, each in enumerate(rows)
                if "ratio" in (summary := each["peers"].get(name, {}).get("phases", {}).get("step", {}))
            ]
            style = {"color": "0.6"} if name in YARDSTICKS else {}
            axes.plot(*zip(*points, strict=True), marks[name], label=name, alpha=0.85, linestyle="none", **style)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}×")
        axes.xaxis.set_minor_formatter("{x:g}")
        axes.tick_params(axis="x", which="minor", labelsize=6)
        axes.set_yticks(range(len(rows)), [each["name"] for each in rows])
        axes.grid(axis="both", color="0.9")
        axes.set_axisbelow(True)
        axes.set_xlabel("time of a training step / lamina's; right of 1 lamina is faster")
        figure.legend(loc="upper center", ncols=5, fontsize="small", frameon=False)
        figure.tight_layout(rect=(0, 0, 1, 1 - 0.6 / figure.get_figheight()))
        figure.savefig(file, metadata={"Date": None})
        pyplot.close(figure)


def write(files: list[Path], folder: Path, name: str = "benchmarks") -> list[Path]:
    """Write `name`.md and `name`.svg into `folder`; returns both."""
    result = load(files)
    written = [folder / f"{name}.md", folder / f"{name}.svg"]
    chart(result["workloads"], written[1])
    written[0].write_text(page(result, written[1].name))
    return written
