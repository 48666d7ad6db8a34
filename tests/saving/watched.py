"""A guard for tests that load hostile files: nothing may be run, imported, opened or taken while it watches."""

import sys
import tracemalloc
from contextlib import contextmanager

import lamina

MOST_MEMORY = 64 * 2**20
# What Python reports when code is run or the world outside is touched.
_NEVER = (
    "exec",
    "import",
    "marshal.loads",
    "pickle.find_class",
    "code.__new__",
    "function.__new__",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "subprocess.Popen",
    "socket.",
    "urllib.Request",
    "ctypes.dlopen",
    "shutil.",
)
_watching: list[list[tuple[str, tuple]]] = []

# Layers are loaded when first used. What a file names is loaded here, so that any import while it is read stands out.
for _package in (lamina.layers, lamina.utils):
    for _name in _package.__all__:
        getattr(_package, _name)


def _note(event, arguments):
    if _watching and (event == "open" or event.startswith(_NEVER)):
        _watching[-1].append((event, arguments))


sys.addaudithook(_note)


@contextmanager
def watched(allowed_folder, memory=False):
    """Fail if the block runs code, imports, opens files outside of a folder, or (if asked) takes more than 64 MB."""
    events: list[tuple[str, tuple]] = []
    before = set(sys.modules)
    if memory:
        tracemalloc.start()
    _watching.append(events)
    peak = 0
    try:
        yield
    finally:
        _watching.pop()
        if memory:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    seen = [event for event in events if event[0] != "open" or not _harmless(event[1][0], allowed_folder)]
    assert not seen, f"loading did {seen}"
    assert set(sys.modules) == before, f"loading imported {set(sys.modules) - before}"
    assert peak < MOST_MEMORY, f"loading took {peak / 2**20:.0f} MB"


def _harmless(path, folder):
    """Files in the test's own folder, and the sources of loaded modules, which tracebacks quote."""
    return isinstance(path, str) and (path.startswith(str(folder)) or path.endswith(".py"))
