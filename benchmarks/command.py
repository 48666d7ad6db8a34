"""The command line: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks import conductor, datasets, environment, page, peers, report, workloads
from benchmarks.phases import PHASES

PYTHONS_VARIABLE = "LAMINA_BENCHMARKS_PYTHONS"

QUICK = {"rounds": 1, "starts": 1, "seconds": 0.05}


def interpreters(pairs: list[str], variable: str = "") -> dict[str, str]:
    """Peer → python, from PEER=PATH pairs; those of the command line win over those of the variable."""
    found = {}
    for pair in [*filter(None, variable.split(os.pathsep)), *pairs]:
        peer, equals, path = pair.partition("=")
        if not equals or not path:
            raise ValueError(f"Expected PEER=PATH, received {pair!r}.")
        peers.settings(peer)
        found[peer] = path
    return found


def known_peer(name: str) -> str:
    try:
        peers.settings(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name


def listing() -> str:
    lines = ["workloads"]
    for name in workloads.names():
        workload = workloads.load(name)
        lines.append(f"  {name:18} {workload.summary}; {workload.rows} rows, batch {workload.batch}")
    lines.append("peers (those with * take part if none is named)")
    lines += [f"  {name}{' *' if name in peers.DEFAULT else ''}" for name in peers.PEERS]
    lines.append("phases")
    lines += [f"  {phase.name:18} {phase.meaning}" for phase in PHASES.values()]
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    built = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures lamina beside its peers.")
    built.add_argument("--workload", nargs="+", choices=workloads.names(), metavar="NAME", help="default: all")
    built.add_argument("--peers", nargs="+", type=known_peer, metavar="NAME", default=list(peers.DEFAULT))
    built.add_argument("--phases", nargs="+", choices=PHASES, metavar="NAME", default=list(PHASES))
    built.add_argument("--rounds", type=int, default=5, help="turns in the steady phases (5)")
    built.add_argument("--starts", type=int, default=3, help="fresh processes in the other phases (3)")
    built.add_argument("--seconds", type=float, default=0.5, help="about how long a sample lasts (0.5)")
    built.add_argument("--limit", type=float, default=900, help="seconds after which a peer is given up (900)")
    built.add_argument("--rows", type=int, help="rows of data, instead of the workload's own number")
    built.add_argument("--baseline", type=known_peer, default=peers.BASELINE, help="what ratios are of (lamina)")
    built.add_argument("--together", action="store_true", help="warm peers up at the same time, given enough cores")
    built.add_argument("--quick", action="store_true", help="one short turn of everything: does it run?")
    built.add_argument("--json", type=Path, metavar="FILE", help="also write all samples there")
    built.add_argument("--show", type=Path, metavar="FILE", help="print the table of such a file, measure nothing")
    built.add_argument(
        "--page",
        nargs="+",
        type=Path,
        metavar=("FOLDER", "FILE"),
        help="draw benchmarks.md and its chart from such files",
    )
    built.add_argument("--list", action="store_true", help="print workloads, peers and phases")
    built.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PEER=PATH",
        help=f"python of a peer; also from the environment: {PYTHONS_VARIABLE}=PEER=PATH{os.pathsep}PEER=PATH",
    )
    return built


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(arguments: argparse.Namespace) -> dict:
    """The report on all workloads asked for, written to the JSON file after each of them."""
    chosen = [workloads.load(name) for name in arguments.workload or workloads.names()]
    if not arguments.workload:
        chosen = [workload for workload in chosen if not workload.large]
    lengths = QUICK if arguments.quick else {name: getattr(arguments, name) for name in QUICK}
    settings = conductor.Settings(
        **lengths,
        limit=arguments.limit,
        rows=arguments.rows,
        together=arguments.together,
        interpreters=interpreters(arguments.python, os.environ.get(PYTHONS_VARIABLE, "")),
    )
    result = {
        "format": report.FORMAT,
        "environment": environment.describe(),
        "settings": {**lengths, "rows": settings.rows, "phases": arguments.phases},
        "workloads": [],
    }
    if problem := datasets.fetch_mnist():
        say(f"No MNIST ({problem}): random data of its shape instead.")
    for workload in chosen:
        players = conductor.Conductor(workload, arguments.peers, arguments.phases, settings, say)
        summary = report.summarize(workload, players.rows, players.run(), arguments.baseline)
        result["workloads"].append(summary)
        if arguments.json:
            arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    return result


def main(line: list[str] | None = None) -> int:
    built = parser()
    arguments = built.parse_args(line)
    if arguments.list:
        print(listing())
        return 0
    if arguments.show:
        print(report.document(json.loads(arguments.show.read_text())))
        return 0
    if arguments.page:
        folder, *files = arguments.page
        if not files:
            built.error("--page takes a folder and at least one file of results.")
        for written in page.write(files, folder):
            print(written)
        return 0
    try:
        result = measure(arguments)
    except ValueError as error:
        built.error(str(error))
    print(report.document(result))
    return 0
