"""Files that layers keep beside their weights: `assets/PATH/...` in an archive, PATH being where the layer stands.

A layer writes them with `save_assets(folder)` and reads them with `load_assets(folder)`, as in Keras. lamina's own
layers have their vocabularies in the configuration; files of Keras keep those that were adapted here.
"""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lamina.core.serialization import builtin_name
from lamina.saving.archive import ASSETS, Archive, check_member_name
from lamina.saving.errors import LoadError
from lamina.saving.tree import AnyGroup, places


@contextmanager
def written_assets(model: Any) -> Iterator[dict[str, Path]]:
    """Yield the files that layers of the user's own have written, by name of member.

    Raises:
        ValueError: if a layer wrote a link, or a name that no archive may hold.
    """
    files: dict[str, Path] = {}
    with contextlib.ExitStack() as stack:
        for place in places(model):
            if not hasattr(place.value, "save_assets") or builtin_name(type(place.value)) is not None:
                continue
            folder = Path(stack.enter_context(TemporaryDirectory()))
            place.value.save_assets(str(folder))
            for path in sorted(folder.rglob("*")):
                if path.is_symlink():
                    raise ValueError(f"{type(place.value).__name__}.save_assets made a link, {path.name!r}.")
                if path.is_file():
                    name = _member(place.path, path.relative_to(folder).as_posix())
                    check_member_name(name, Path(type(place.value).__name__))
                    files[name] = path
        yield files


def read_assets(model: Any, archive: Archive, root: AnyGroup) -> None:
    """Let the layers of a model read their files.

    They see a temporary folder that holds what the archive has under their own path, and nothing else.

    Args:
        model: a model.
        archive: the file.
        root: the weights in it, which tell the paths of layers.

    Raises:
        LoadError: if a file is damaged, or a layer can't read it.
    """
    names = sorted(name for name in archive.sizes if name.startswith(f"{ASSETS}/"))
    if not names:
        return
    for place in places(model, root, by_name=True):
        if not hasattr(place.value, "load_assets"):
            continue
        prefix = _member(place.path if place.group is None else place.group.path, "")
        own = list(_starting_with(names, prefix))
        if not own:
            continue
        archive.check_sizes(own)
        with TemporaryDirectory() as folder:
            try:
                for name in own:
                    target = Path(folder, name.removeprefix(prefix))
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(archive.content(name))
                place.value.load_assets(folder)
            except LoadError:
                raise
            except Exception as error:  # whatever a layer makes of files that anybody can have made
                raise LoadError(f"{archive.label(prefix)}: {error or type(error).__name__}") from error


def _member(path: str, name: str) -> str:
    return f"{ASSETS}/{path}/{name}" if path else f"{ASSETS}/{name}"


def _starting_with(names: list[str], prefix: str) -> Iterator[str]:
    for name in names[bisect.bisect_left(names, prefix) :]:
        if not name.startswith(prefix):
            return
        yield name
