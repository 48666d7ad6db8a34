"""`lamina trace`: follows data through a saved model, stage by stage."""

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import lamina

if TYPE_CHECKING:
    from lamina.models import Model


def register(subparsers: "argparse._SubParsersAction") -> None:
    """Add `trace` to the command line."""
    parser = subparsers.add_parser(
        "trace",
        help="follow data through a saved model and see where the signal dies",
        description="Shows for each layer of a saved model what it does, the shapes going in and out, statistics of "
        "its outputs and what is wrong with them, then the way of one row to its prediction.",
    )
    parser.add_argument("model", metavar="FILE", type=Path, help="a model that was saved: .keras or a folder")
    parser.add_argument("data", metavar="DATA", type=Path, help="inputs: .npy, .npz (an array for each input), .csv")
    parser.add_argument("--row", metavar="N", type=int, default=0, help="the row to follow step by step (default: 0)")
    parser.add_argument("--rows", metavar="N", type=int, default=256, help="how many rows to trace (default: 256)")
    parser.add_argument(
        "--without", metavar="COLUMN", action="append", default=[], help="a column of a .csv that is no input"
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page in the place of printing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Trace, print or write a page; returns 0."""
    model = lamina.saving.load_model(arguments.model)
    trace = model.trace(read_inputs(arguments.data, model, arguments.without), row=arguments.row, rows=arguments.rows)
    if arguments.html is None:
        trace.show()
    else:
        trace.save(arguments.html)
        print(f"{trace.verdict.text}\nWritten to {arguments.html}.")
    return 0


def read_inputs(path: Path, model: "Model", without: list[str]) -> Any:
    """Return the inputs in a file, as a model takes them.

    Args:
        path: ends in .npy, .npz or .csv.
        model: names its inputs, where there are several.
        without: columns of a .csv to leave out.

    Raises:
        ValueError: if the file holds something else.
    """
    ending = path.suffix.lower()
    if without and ending != ".csv":
        raise ValueError(f"--without names columns of a .csv, but {path} is none.")
    if ending == ".npy":
        return np.load(path, allow_pickle=False)
    if ending == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            held = {name: arrays[name] for name in arrays.files}
        names = model.graph.input_names if model.graph is not None else ["x"]
        if len(held) == 1:
            return next(iter(held.values()))
        if len(names) == 1:
            name = next((one for one in (names[0], "x", "x_test", "x_train") if one in held), None)
            if name is None:
                raise ValueError(f"{path} holds {', '.join(held)}; call the array of the inputs 'x'.")
            return held[name]
        return {name: held[name] for name in names if name in held}
    if ending == ".csv":
        return _read_csv(path, without)
    raise ValueError(f"{path}: data are read from .npy, .npz and .csv files.")


def _read_csv(path: Path, without: list[str]) -> np.ndarray:
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if line]
    if not lines:
        raise ValueError(f"{path} is empty.")
    has_names = not all(map(_is_number, lines[0]))
    names = lines[0] if has_names else [str(index) for index in range(len(lines[0]))]
    unknown = [name for name in without if name not in names]
    if unknown:
        raise ValueError(f"{path} has no column {unknown[0]!r}; it has {', '.join(names)}.")
    kept = [index for index, name in enumerate(names) if name not in without]
    rows = []
    for number, line in enumerate(lines[has_names:], start=1 + has_names):
        if len(line) != len(names):
            raise ValueError(f"{path}, line {number}: {len(line)} values, but there are {len(names)} columns.")
        bad = next((index for index in kept if not _is_number(line[index])), None)
        if bad is not None:
            raise ValueError(
                f"{path}, line {number}: {line[bad]!r} in column {names[bad]!r} is no number. Leave the column out "
                f"with --without {names[bad]}, or encode it."
            )
        rows.append([float(line[index] or "nan") for index in kept])
    return np.array(rows, dtype="float32")


def _is_number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True
