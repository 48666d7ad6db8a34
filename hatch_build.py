"""Compiles the optional extension `lamina.kernels._native` when lamina is built; called by hatchling.

One call of the C compiler, and no build system. The sources need nothing but `Python.h`. They speak Python's limited
API, so that what is compiled serves every CPython from 3.11 on, and name the instruction set function by function, so
that it serves every x86-64 processor. Without a compiler or `Python.h`, and on other platforms, lamina is built without
the extension and takes XLA's own operations.

The environment variables CC, CFLAGS and LDFLAGS count, as everywhere.
"""

import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = "lamina/kernels/csrc"
EXTENSION = "lamina/kernels/_native.abi3.so"
FLAGS = ["-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-shared"]


class CompiledKernels(BuildHookInterface):
    """The extension goes into the wheel; for an editable installation it is put beside its module in the tree."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        """Compile, and tell hatchling of the result: without one the wheel stays pure Python."""
        self.folder = tempfile.TemporaryDirectory(prefix="lamina-")
        built = Path(self.folder.name, "extension.so")
        in_tree = Path(self.root, EXTENSION)
        if version == "editable":
            in_tree.unlink(missing_ok=True)  # what doesn't compile any more must not be found any more
        if reason := why_not() or failure(Path(self.root, SOURCES), built):
            self.app.display_warning(f"lamina.kernels._native is left out ({reason}); lamina works without it")
        elif version == "editable":
            in_tree.write_bytes(built.read_bytes())
        else:
            build_data["force_include"][str(built)] = EXTENSION
            build_data["pure_python"] = False
            build_data["tag"] = "cp311-abi3-linux_x86_64"

    def finalize(self, version: str, build_data: dict, artifact_path: str) -> None:
        """Remove the scratch folder."""
        self.folder.cleanup()


def why_not() -> str | None:
    """Why this Python cannot have it. (jaxlib for x86-64 is made for Linux and Windows, where MSVC is no use.)"""
    if sysconfig.get_platform() != "linux-x86_64":
        return f"it is for x86-64 on Linux, and this is {sysconfig.get_platform()}"
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "it is for CPython with its global lock"
    return None


def failure(sources: Path, target: Path) -> str | None:
    """Compile the sources into `target`; what went wrong, if anything did."""
    command = [
        *shlex.split(os.environ.get("CC") or "cc"),
        *FLAGS,
        *shlex.split(os.environ.get("CFLAGS", "")),
        "-I" + sysconfig.get_path("include"),
        *sorted(map(str, sources.glob("*.c"))),
        *shlex.split(os.environ.get("LDFLAGS", "")),
        "-o",
        str(target),
    ]
    try:
        done = subprocess.run(command)  # what the compiler says goes into the output of the build
    except OSError as error:
        return str(error)
    return f"{command[0]} failed with exit status {done.returncode}" if done.returncode else None
