"""The workloads, one file each: a module here that defines `WORKLOAD` is on the list under its own name."""

from __future__ import annotations

import importlib
import pkgutil

from benchmarks.workload import Workload


def names() -> list[str]:
    """The names of all workloads: the files of this folder, nothing imported."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Workload:
    if name not in names():
        raise ValueError(f"There is no workload {name!r}. Known: {', '.join(names())}.")
    workload = importlib.import_module(f"{__name__}.{name}").WORKLOAD
    if workload.name != name:
        raise ValueError(f"The workload in {name}.py calls itself {workload.name!r}; the two names must agree.")
    return workload
