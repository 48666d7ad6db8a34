"""From samples to numbers that can be read: medians, ratios, a table, JSON."""

from __future__ import annotations

import math
import statistics
from typing import Any

from benchmarks.conductor import PeerResult
from benchmarks.phases import PHASES, WITHOUT_RATIO
from benchmarks.workload import Workload

# Raised when the meaning of a key changes.
FORMAT = 1

NOTE = (
    "Medians; in brackets how many times what {0} takes: the median of the ratios of each turn. Above 1 {0} is better."
)
NOTE_WITHOUT_RATIOS = "Medians. No ratios, because {0} was not measured."


def ratios(samples: list[float], baseline: list[float]) -> list[float]:
    """`samples` / `baseline` turn by turn; none at all if a difference of times came out negative in any turn."""
    if min([*samples, *baseline], default=0) <= 0:
        return []
    return [one / other for one, other in zip(samples, baseline)]


def summarize_phase(phase: str, samples: list[float], baseline: list[float]) -> dict[str, Any]:
    """Median and extremes, and the same of the ratios to a baseline, in seconds, bytes, or what the phase counts."""
    summary: dict[str, Any] = {
        "median": statistics.median(samples),
        "least": min(samples),
        "most": max(samples),
        "samples": samples,
    }
    shared = [] if phase in WITHOUT_RATIO else ratios(samples, baseline)
    if shared:
        summary["ratio"] = statistics.median(shared)
        summary["ratio_least"], summary["ratio_most"] = min(shared), max(shared)
    return summary


def summarize(workload: Workload, rows: int, results: dict[str, PeerResult], baseline: str) -> dict[str, Any]:
    """A workload's results as plain data; ratios are peer / baseline."""
    of_baseline = results[baseline].samples if baseline in results else {}
    described: dict[str, Any] = {}
    for name, result in results.items():
        compared = {} if name == baseline else of_baseline
        described[name] = {
            "absent": result.absent,
            "versions": result.versions,
            "phases": {
                phase: summarize_phase(phase, samples, compared.get(phase, []))
                for phase, samples in result.samples.items()
            },
            "errors": result.errors,
        }
    counted = next((result.operations for result in results.values() if result.operations), {})
    return {
        "name": workload.name,
        "summary": workload.summary,
        "loss": workload.loss,
        "rows": rows,
        "batch": workload.batch,
        "steps": workload.steps(rows),
        "script_epochs": workload.script_epochs,
        "data": next((result.source for result in results.values() if result.source), ""),
        "baseline": baseline,
        **counted,
        "peers": described,
    }


def number(value: float) -> str:
    """Three digits that count, never in scientific notation: 0.0412, 1.37, 24.6, 1830."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{min(max(decimals, 0), 5)}f}"


def cell(peer: dict[str, Any], phase: str, notes: list[str]) -> str:
    """A median with its ratio, or a mark that points to one of `notes`, which it may extend."""
    if phase in peer["errors"]:
        note = peer["errors"][phase]
        if note not in notes:
            notes.append(note)
        return f"error [{notes.index(note) + 1}]"
    if phase not in peer["phases"]:
        return "–"
    summary = peer["phases"][phase]
    shown = number(summary["median"] * PHASES[phase].scale)
    return f"{shown} ({number(summary['ratio'])}×)" if "ratio" in summary else shown


def table(workload: dict[str, Any]) -> str:
    """One workload as text: a line a phase, a column a peer."""
    present = [name for name, peer in workload["peers"].items() if not peer["absent"]]
    measured = [
        phase
        for phase in PHASES
        if any(phase in peer["phases"] or phase in peer["errors"] for peer in workload["peers"].values())
    ]
    notes: list[str] = []
    lines = [["", *present]]
    for phase in measured:
        unit = PHASES[phase].unit
        label = f"{phase}, {unit}" if unit else phase
        lines.append([label, *(cell(workload["peers"][name], phase, notes) for name in present)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    head = (
        f"{workload['name']}: {workload['summary']}; {workload['rows']} rows, batch {workload['batch']}, "
        f"{workload['steps']} steps an epoch, {workload['script_epochs']} epochs a script; data: {workload['data']}"
    )
    text = [head, ""]
    for line in lines:
        first, *others = (entry.ljust(width) if not column else entry.rjust(width)
                          for column, (entry, width) in enumerate(zip(line, widths)))  # fmt: skip
        text.append("  ".join([first, *others]).rstrip())
    text += [f"[{position}] {note}" for position, note in enumerate(notes, start=1)]
    text += [f"absent: {name} ({peer['absent']})" for name, peer in workload["peers"].items() if peer["absent"]]
    return "\n".join(text)


def heading(environment: dict[str, Any]) -> str:
    """The machine in a line, with a warning where it was at work before the benchmark began."""
    names = ("processor", "cores", "system", "started")
    text = "{}, {} cores, {}, {}".format(*(environment[name] for name in names))
    load = environment["load_at_start"]
    if load is not None and load > 0.25 * environment["cores"]:
        text += f"\nBusy: {load} processes wanted a core in the minute before the start. These numbers are noisy."
    return text


def versions(workloads: list[dict[str, Any]]) -> str:
    """Every distribution that took part, once: "jax 0.10.2, keras 3.15.1 …"; two versions of one are both named."""
    found = {
        f"{name} {version}"
        for workload in workloads
        for peer in workload["peers"].values()
        for name, version in peer["versions"].items()
    }
    return ", ".join(sorted(found))


def document(report: dict[str, Any]) -> str:
    """The whole report as text."""
    parts = [heading(report["environment"]), versions(report["workloads"])]
    parts += [table(workload) for workload in report["workloads"]]
    if report["workloads"]:
        baseline = report["workloads"][0]["baseline"]
        compared = any(
            "ratio" in summary
            for workload in report["workloads"]
            for peer in workload["peers"].values()
            for summary in peer["phases"].values()
        )
        parts.append((NOTE if compared else NOTE_WITHOUT_RATIOS).format(baseline))
    return "\n\n".join(parts)
