"""The persistent compilation cache: a program compiled once is not compiled again by the next process.

A cache of programs is code, so it is private: a folder of the user's own that nobody else may write to or read. Where
that can't be had, there is no cache. `LAMINA_COMPILATION_CACHE` names another folder, or turns it off ("off").
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import jax

_LIMIT_BYTES = 512 * 1024**2
_done = False


def use_compilation_cache() -> None:
    """Turn the cache on, once a process, unless the user chose one for JAX or turned it off."""
    global _done
    if _done:
        return
    _done = True
    wanted = os.environ.get("LAMINA_COMPILATION_CACHE", "")
    if wanted.lower() in ("off", "0", "no", "false") or getattr(jax.config, "jax_compilation_cache_dir", None):
        return
    folder = private_folder(Path(wanted) if wanted else _default_folder())
    if folder is None:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", _LIMIT_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def private_folder(folder: Path) -> Path | None:
    """Make a folder that only its owner may enter and return it, or None if that can't be had.

    One that others could write to is left alone: what is in it may be theirs.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid"):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
                return None
            if stat.S_IMODE(status.st_mode) & 0o077:
                folder.chmod(0o700)
    except OSError:
        return None
    return folder


def _default_folder() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "lamina" / "programs"
