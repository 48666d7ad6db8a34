"""Writing files that are there completely or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lamina.saving.errors import SaveError

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
_FLUSH_EVERY = 0.02  # seconds


@contextmanager
def written_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name when the block ends without an error.

    Until then what stood under the name stays there whole. What is written goes to a temporary file in the same
    folder, is forced to the disk and then renamed, so that a crash, a full disk or a killed process leaves either the
    old or the new file.

    Args:
        path: where the file is to stand.

    Raises:
        SaveError: if the folder does not exist or can't be written, or the disk is full; names the path.
    """
    target = Path(os.path.realpath(path))  # a link stays a link: what it points to is replaced
    with _explained(path):
        _require_folder(target)
        temporary = _temporary_name(target)
        try:
            with open(temporary, "x+b") as file:
                with _on_its_way_to_the_disk(file):
                    yield file
                file.flush()
                os.fsync(file.fileno())
            _copy_mode(target, temporary)
            _replace_file(temporary, target)
            _sync_folder(target.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def _on_its_way_to_the_disk(file: BinaryIO) -> Iterator[None]:
    """Let the disk work on what is written already while the block writes more, so that it has little left at the end.

    The system tells an error of the disk only once, here or at the end: it is raised here.
    """
    written = threading.Event()
    errors: list[OSError] = []

    def flush() -> None:
        try:
            while not written.wait(_FLUSH_EVERY):
                os.fdatasync(file.fileno())
        except OSError as error:
            errors.append(error)

    flushing = _started(flush) if hasattr(os, "fdatasync") else None  # macOS and Windows have none
    try:
        yield
    finally:
        written.set()
        if flushing is not None:
            flushing.join()
    if errors:
        raise errors[0]


def _replace_file(new: Path, target: Path) -> None:
    """Give a file the name of another, and don't wait until the system has freed what that one took."""
    old = None
    if sys.platform != "win32":  # where an open file can't be replaced
        with contextlib.suppress(OSError):
            old = os.open(target, os.O_RDONLY | os.O_NONBLOCK)
    try:
        os.replace(new, target)
    finally:
        if old is not None and _started(os.close, old) is None:
            os.close(old)


def _started(work: Callable[..., Any], *arguments: Any) -> threading.Thread | None:
    """Return a thread that does some work; None where the interpreter is ending and starts none."""
    thread = threading.Thread(target=work, args=arguments, name="lamina-saving")
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


@contextmanager
def written_folder(path: str | os.PathLike[str], is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield an empty folder to fill, which takes its name when the block ends without an error.

    Args:
        path: where the folder is to stand.
        is_ours: whether a folder that stands there may be replaced.

    Raises:
        SaveError: as in `written_file`, or if there is a folder with other things in it.
    """
    target = Path(os.path.realpath(path))
    with _explained(path):
        _require_folder(target)
        if target.exists() and not is_ours(target):
            raise SaveError(
                errno.ENOTEMPTY,
                "there is something else under this name, which is not replaced. Save to a new folder, or to a file: "
                f"{target.name}.keras",
                str(path),
            )
        temporary = _temporary_name(target)
        temporary.mkdir()
        try:
            yield temporary
            for entry in temporary.rglob("*"):
                _sync_file(entry) if entry.is_file() else _sync_folder(entry)
            _sync_folder(temporary)
            _replace_folder(temporary, target)
            _sync_folder(target.parent)
        finally:  # after an exchange this is the old one
            shutil.rmtree(temporary, ignore_errors=True)


def _require_folder(target: Path) -> None:
    if not target.parent.is_dir():
        raise SaveError(errno.ENOENT, f"the folder {str(target.parent)!r} does not exist; create it first", str(target))


def _temporary_name(target: Path) -> Path:
    return target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")


@contextmanager
def _explained(path: Any) -> Iterator[None]:
    """Let errors of the system name the path that was asked for, not the temporary one."""
    try:
        yield
    except SaveError:
        raise
    except OSError as error:
        if error.errno is None:
            raise
        reason = os.strerror(error.errno)
        what = f"{reason}; nothing was written and what stood there before is unchanged"
        raise SaveError(error.errno, what, os.fspath(path)) from error


def _copy_mode(target: Path, temporary: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))


def _sync_file(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Force the names in a folder to the disk, where the system has a way to."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:  # some network file systems can't
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _replace_folder(new: Path, target: Path) -> None:
    if not target.exists():
        os.rename(new, target)
    elif not _exchange(new, target):
        # Two steps where the system can't exchange two names in one; a crash between them leaves the old folder
        # beside the new one, both whole.
        aside = _temporary_name(target)
        os.rename(target, aside)
        os.rename(new, target)
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; return whether the system could."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0
