"""What `fit` and `evaluate` were given, checked and turned into feeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamina.data import arrays
from lamina.data.class_weight import as_sample_weight
from lamina.data.host_rows import HostRows
from lamina.data.split import split_rows
from lamina.data.streams import Stream, is_stream
from lamina.errors import plural, warn
from lamina.training.advice import check_lookups, warn_of_few_rows, warn_of_one_sided_classes
from lamina.training.feed import Feed, StreamFeed, array_feed
from lamina.training.step import Batch
from lamina.training.trainer import Trainer
from lamina.typing import PyTree

DEFAULT_BATCH_SIZE = 32


def fit_feeds(
    x: Any,
    y: Any,
    *,
    batch_size: int | None,
    sample_weight: Any,
    class_weight: Any,
    validation_split: Any,
    validation_data: Any,
    validation_batch_size: int | None,
    shuffle: bool | str,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    seed: int,
) -> tuple[Feed, Feed | None]:
    """Return the feeds of training and validation.

    Raises:
        ValueError: if lengths differ, the data are empty, or arguments exclude each other.
    """
    if shuffle not in (True, False, None, "batch"):
        raise ValueError(f"shuffle must be True, False or 'batch', got {shuffle!r}.")
    steps_per_epoch = check_count("steps_per_epoch", steps_per_epoch)
    validation_steps = check_count("validation_steps", validation_steps)
    if not is_stream(x):
        check_batch_size(batch_size)
    validation_batch_size = check_batch_size(validation_batch_size or batch_size, "validation_batch_size")
    common = {"steps_per_epoch": steps_per_epoch, "shuffle": shuffle, "seed": seed}
    if is_stream(x):
        if validation_split:
            raise ValueError(
                f"validation_split can't split a stream (x is a {type(x).__name__}); pass validation_data."
            )
        feed: Feed = stream_feed(x, y, sample_weight, batch_size, class_weight=class_weight, **common)
        rest = None
    else:
        data, rest = batch_of(x, y, sample_weight), None
        if validation_split and validation_data is None:
            data, rest = split_rows(data, arrays.rows(data.x, "x"), validation_split)
            warn_of_few_rows(validation_split, arrays.rows(rest.x, "x"))
            warn_of_one_sided_classes(data.y, rest.y)
        if class_weight is not None:
            data = weighted(data, class_weight)
        feed = array_feed(data, check_batch_size(batch_size), what="x", **common)
    if validation_data is not None:
        return feed, validation_feed(validation_data, validation_batch_size, validation_steps)
    if rest is not None:
        return feed, array_feed(
            rest, validation_batch_size, what="The validation split", steps_per_epoch=validation_steps
        )
    return feed, None


def validation_feed(data: Any, batch_size: int, steps: int | None) -> Feed:
    """Return the feed of `validation_data`."""
    if is_stream(data):
        return StreamFeed(Stream(data, "validation_data"), "validation_data", steps)
    if not isinstance(data, list | tuple) or len(data) not in (2, 3):
        raise ValueError(
            "validation_data must be (x, y), (x, y, sample_weight) or a stream of batches, got "
            f"{type(data).__name__}{f' of length {len(data)}' if hasattr(data, '__len__') else ''}."
        )
    if is_stream(data[0]):
        raise ValueError(
            f"validation_data holds a stream (a {type(data[0]).__name__}); pass it as it is: validation_data=stream."
        )
    return array_feed(batch_of(*data, prefix="validation "), batch_size, what="validation_data", steps_per_epoch=steps)


def evaluation_feed(x: Any, y: Any, sample_weight: Any, batch_size: int | None, steps: int | None) -> Feed:
    """Return the feed of `evaluate`."""
    steps = check_count("steps", steps)
    if is_stream(x):
        return stream_feed(x, y, sample_weight, batch_size, steps_per_epoch=steps)
    return array_feed(batch_of(x, y, sample_weight), check_batch_size(batch_size), what="x", steps_per_epoch=steps)


def stream_feed(x: Any, y: Any, sample_weight: Any, batch_size: Any, **kwargs: Any) -> StreamFeed:
    """Return the feed of a stream.

    Raises:
        ValueError: if targets or weights are given beside it.
    """
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"x is a stream of batches (a {type(x).__name__}), so {name} must be part of what it gives: batches "
                "(inputs, targets) or (inputs, targets, sample_weights)."
            )
    if batch_size is not None:
        warn(
            f"batch_size={batch_size!r} has no effect: x is a stream, whose batches have the size that it gives them.",
        )
    return StreamFeed(Stream(x, "x"), "x", **kwargs)


def require_data(x: PyTree) -> None:
    """Raise a ValueError if there are no inputs."""
    if x is None:
        raise ValueError("x is None: pass the input data.")


def batch_of(x: PyTree, y: PyTree = None, sample_weight: PyTree = None, prefix: str = "") -> Batch:
    """Return checked arrays of equal length."""
    require_data(x)
    batch = Batch(
        arrays.as_arrays(x, f"{prefix}x"),
        arrays.as_arrays(y, f"{prefix}y"),
        arrays.as_arrays(sample_weight, f"{prefix}sample_weight"),
    )
    parts = {f"{prefix}{name}": value for name, value in batch._asdict().items()}
    arrays.check_rows(**parts)
    return batch


def weighted(data: Batch, class_weight: Any) -> Batch:
    """Return the data with a sample weight for each row's class.

    Raises:
        ValueError: if there are sample weights already.
    """
    if data.sample_weight is not None:
        raise ValueError("Pass either class_weight or sample_weight, not both.")
    if data.y is None:
        raise ValueError("class_weight needs targets: pass y.")
    return data._replace(sample_weight=as_sample_weight(class_weight, data.y))


def prepare(trainer: Trainer, feed: Feed) -> None:
    """Build the model for the data, and look at them before an epoch is spent on training."""
    example = feed.example()
    if example.y is None and trainer.arguments.loss is not None:
        raise ValueError(_no_targets(feed.what, example.x))
    trainer.prepare(example)
    trainer.resolved()
    check_lookups(trainer.model, example.x)
    check_values(trainer, example, "" if feed.what == "x" else f"{feed.what}: ")


def _no_targets(what: str, x: PyTree) -> str:
    message = f"{what} came without targets, but the loss that compile was given compares predictions with targets."
    if isinstance(x, tuple | list) and len(x) == 2:
        return f"{message} x is a {type(x).__name__} of two arrays; if the second one holds the targets, write fit(*x)."
    return f"{message} Pass them: fit(x, y)."


def check_values(trainer: Trainer, data: Batch, prefix: str = "") -> None:
    """Look at data before training: labels that the loss can't take, and numbers that are none."""
    if trainer.loss is not None and trainer.outputs is not None and data.y is not None:
        targets = trainer.outputs.flatten(data.y, "y")
        for index, loss in enumerate(trainer.loss.losses):
            known = targets[index] is not None and not isinstance(targets[index], HostRows)
            if hasattr(loss, "check_targets") and known:
                loss.check_targets(np.asarray(targets[index]), trainer.output_shapes[index])
    for what, part in data._asdict().items():
        bad, first = arrays.rows_with_nan(part)
        if bad:
            warn(
                f"{prefix}{what} holds NaN or infinite values in {plural(bad, 'row')} (the first is row {first}): the "
                f"loss will become NaN and the weights will be lost. Drop those rows or fill them, for example with "
                f"np.nan_to_num({what}).",
            )


def check_batch_size(batch_size: Any, name: str = "batch_size") -> int:
    """Return the batch size, 32 for None.

    Raises:
        ValueError: if it is not a positive whole number.
    """
    return check_count(name, batch_size) or DEFAULT_BATCH_SIZE


def check_count(name: str, value: Any) -> int | None:
    """Return a count as an int, or None.

    Raises:
        ValueError: if it is not a positive whole number.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a positive whole number, got {value!r}.")
    return int(value)
