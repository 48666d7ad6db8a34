"""The libraries that take part, each behind the same few calls (`benchmarks.peers.peer.Peer`).

Nothing here imports a library before the worker that measures it says so.
"""

from __future__ import annotations

import importlib
import re

from benchmarks.peers.peer import Peer

# name: (module of this folder, keyword arguments of its `Runner`)
PEERS: dict[str, tuple[str, dict]] = {
    "lamina": ("keras_api", {"library": "lamina"}),
    "lamina-xla": ("keras_api", {"library": "lamina"}),
    "keras-tensorflow": ("keras_api", {"library": "keras", "backend": "tensorflow"}),
    "keras-jax": ("keras_api", {"library": "keras", "backend": "jax"}),
    "keras-jax-uncached": ("keras_api", {"library": "keras", "backend": "jax"}),
    "keras-jax-spe50": ("keras_api", {"library": "keras", "backend": "jax", "steps_per_execution": 50}),
    "pytorch": ("pytorch", {}),
    "pytorch-fused": ("pytorch", {"fused": True}),
    "pytorch-compile": ("pytorch", {"fused": True, "compiled": True}),
    "sklearn": ("scikit_learn", {}),
    "jax": ("handwritten", {}),
    "roofline": ("roofline", {}),
}

# What a peer that is no library is measured in; the others take part in all phases.
PHASES_OF = {"roofline": ("step", "evaluate", "predict", "predict_one")}

BASELINE = "lamina"
DEFAULT = ("lamina", "keras-tensorflow", "keras-jax", "keras-jax-spe50", "pytorch", "sklearn", "jax", "roofline")


def settings(name: str) -> tuple[str, dict]:
    """The module and settings of a peer; any Keras peer may end in -speN, N steps per execution."""
    if name in PEERS:
        return PEERS[name]
    stem, separator, count = name.rpartition("-spe")
    if separator and stem in PEERS and PEERS[stem][0] == "keras_api" and re.fullmatch("[1-9][0-9]*", count):
        module, keywords = PEERS[stem]
        return module, {**keywords, "steps_per_execution": int(count)}
    raise ValueError(f"There is no peer {name!r}. Known: {', '.join(PEERS)}, and Keras peers ending in -speN.")


def takes_part(name: str, phases: list[str]) -> bool:
    """Whether a peer is measured in any of some phases."""
    return name not in PHASES_OF or not set(phases).isdisjoint(PHASES_OF[name])


def environment(name: str) -> dict[str, str]:
    """Variables that the process of a peer needs."""
    if name == "lamina-xla":
        return {"LAMINA_NATIVE": "0"}
    backend = settings(name)[1].get("backend")
    uncached = {"JAX_ENABLE_COMPILATION_CACHE": "false"} if name.endswith("-uncached") else {}
    return {"KERAS_BACKEND": backend, **uncached} if backend else {}


def interpreter_key(name: str) -> str:
    """The peer whose interpreter serves `name` if none was named for it: its own name without -speN, -fused, …"""
    return re.sub(r"-(spe[0-9]+|fused|compile|uncached|xla)$", "", name)


def load(name: str) -> Peer:
    module, keywords = settings(name)
    return importlib.import_module(f"{__name__}.{module}").Runner(**keywords)
