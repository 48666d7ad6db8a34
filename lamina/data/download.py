"""Files from the network, kept in a folder and checked."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

_LENGTHS = {32: "md5", 64: "sha256"}


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | None = "auto",
    cache_dir: str | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file of the network, which is fetched unless it lies in the cache already.

    Args:
        fname: name of the file in the cache; default the last part of `origin`.
        origin: its URL.
        untar: old name of `extract`.
        md5_hash: old name of `file_hash`.
        file_hash: checksum that the file must have, MD5 or SHA-256.
        cache_subdir: folder inside the cache; an absolute path stands for itself.
        hash_algorithm: "auto" (told by the length of the checksum), "md5" or "sha256".
        extract: whether to unpack an archive; then the path is that of the folder.
        archive_format: "auto", "tar", "zip", a list of these, or None for no archive.
        cache_dir: default the environment's `KERAS_HOME`, or `.keras` in the home folder.
        force_download: whether to fetch the file in any case.

    Raises:
        ValueError: if `origin` is missing, or the checksum is not that of the file.
        OSError: if the file can't be fetched; says from where and where it may be put by hand.
    """
    if not origin:
        raise ValueError("get_file needs origin=..., the URL of the file.")
    fname = fname or origin.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    expected = file_hash or md5_hash
    extract = extract or untar
    folder = _folder(cache_dir, cache_subdir)
    path = (folder / fname).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"get_file: fname must lie inside the cache, got {fname!r}.")
    if force_download or not path.exists() or (expected and _checksum(path, expected, hash_algorithm) != expected):
        _fetch(origin, path, expected, hash_algorithm)
    return str(_unpack(path, archive_format)) if extract else str(path)


def _folder(cache_dir: str | None, cache_subdir: str) -> Path:
    root = Path(cache_dir or os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    folder = root / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fetch(origin: str, path: Path, expected: str | None, algorithm: str) -> None:
    from urllib.error import URLError  # the network is imported by those who use it
    from urllib.request import urlopen

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")  # the name is taken only by what is whole
    try:
        with urlopen(origin) as source, part.open("wb") as target:
            shutil.copyfileobj(source, target)
    except (URLError, OSError) as error:
        part.unlink(missing_ok=True)
        there = (
            f"The file at {path} has another checksum than {expected}, so it is incomplete or another one; "
            if path.exists()
            else ""
        )
        raise OSError(
            f"{there}{origin} could not be fetched: {error}. Without a network, put the file at {path} by hand."
        ) from error
    if expected and (found := _checksum(part, expected, algorithm)) != expected:
        part.unlink()
        raise ValueError(f"{origin} has the checksum {found}, expected {expected}: it is incomplete or another file.")
    part.replace(path)


def _checksum(path: Path, expected: str, algorithm: str) -> str:
    name = _LENGTHS.get(len(expected), "") if algorithm == "auto" else algorithm
    if name not in ("md5", "sha256"):
        raise ValueError(f"get_file: {expected!r} is no MD5 or SHA-256 checksum (hash_algorithm={algorithm!r}).")
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


def _unpack(path: Path, archive_format: str | list[str] | None) -> Path:
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format or []
    folder = path.with_name(path.name + "_extracted")
    if folder.exists():
        return folder
    partial = folder.with_name(folder.name + ".part")
    if "tar" in formats and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(partial, filter="data")  # no links out of the folder, no devices
    elif "zip" in formats and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(partial)
    else:
        raise ValueError(f"get_file: {path.name} is no archive of the kinds {formats}.")
    return partial.replace(folder)
