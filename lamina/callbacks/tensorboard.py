"""`TensorBoard`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from lamina.callbacks.callback import Callback, Logs
from lamina.callbacks.event_file import EventFile
from lamina.core.serialization import serialize
from lamina.errors import warn


class TensorBoard(Callback):
    """Writes what TensorBoard shows; neither TensorFlow nor TensorBoard is needed for that.

    Loss and metrics are written to the folders `train` and `validation` under `log_dir`, under the names that Keras
    uses: `epoch_loss`, `batch_loss`, `evaluation_loss_vs_iterations`, `epoch_learning_rate`, …

    Args:
        log_dir: the folder; look at it with `tensorboard --logdir logs`.
        histogram_freq: epochs after which the distributions of the weights are written; 0 for never.
        write_graph: whether to write the model's summary and its configuration, as texts.
        write_images: whether to write the weights as pictures as well, whenever histograms are written.
        write_steps_per_second: whether to write how many steps a second are made.
        update_freq: "epoch"; "batch", or a number of batches after which loss and metrics are written as well.
        profile_batch: number of the batch (counted from 1 over all epochs) that JAX's profiler records, or a pair for
            the first and the last one; 0 for none.
        embeddings_freq: epochs after which the tables of Embedding layers are written for the projector; 0 for never.
        embeddings_metadata: file with a label for each row of the table; a dictionary by layer name for several layers.

    Raises:
        ValueError: for other values; in `fit`, if `embeddings_metadata` names a layer that the model does not have.

    Example:
        >>> board = lamina.callbacks.TensorBoard("logs", histogram_freq=1)
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = _check_count("histogram_freq", histogram_freq)
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq: Any = 1 if update_freq == "batch" else update_freq
        if self.update_freq != "epoch" and not _check_count("update_freq", self.update_freq):
            raise ValueError("TensorBoard: update_freq must be 'epoch', 'batch' or a positive number, got 0.")
        self.profile_batch = _span(profile_batch)
        self.embeddings_freq = _check_count("embeddings_freq", embeddings_freq)
        self.embeddings_metadata = embeddings_metadata
        self._files: dict[str, EventFile] = {}
        self._step = 0  # batches since training began
        self._in_epoch = -1
        self._epoch_started = (0.0, 0)
        self._batch_started = (0.0, 0)
        self._tests = 0
        self._training = False
        self._profiling = False

    @property
    def summary(self) -> EventFile:
        """Where values of your own go, as in `callback.summary.scalar("name", 0.5, step)`."""
        return self._file("train")

    # When to be called

    def batches_until_due(self) -> int | None:
        """Return after how many batches this callback wants to be called; None for only at the ends of epochs."""
        due = []
        if self.update_freq != "epoch":
            due.append(self.update_freq - self._step % self.update_freq)
        first, last = self.profile_batch
        due += [edge - self._step for edge in (first - 1, last) if edge > self._step]
        return min(due) if due else None

    # Hooks

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._graph_written = False
        if self.embeddings_freq:
            self._configure_embeddings()

    def on_train_begin(self, logs: Logs = None) -> None:
        self._step, self._training = 0, True
        self._batch_started = (time.perf_counter(), 0)

    def on_train_end(self, logs: Logs = None) -> None:
        self._stop_profiling()
        self._training = False
        self._close()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._in_epoch = -1
        self._epoch_started = (time.perf_counter(), self._step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs or {}
        train = {name: value for name, value in logs.items() if not name.startswith("val_")}
        rate = getattr(getattr(self.model, "optimizer", None), "learning_rate", None)
        if rate is not None:
            train["learning_rate"] = float(np.asarray(rate))
        if self.write_steps_per_second:
            started, first = self._epoch_started
            train["steps_per_second"] = (self._step - first) / max(time.perf_counter() - started, 1e-9)
        self._scalars("train", {f"epoch_{name}": value for name, value in train.items()}, epoch)
        validation = {
            f"epoch_{name.removeprefix('val_')}": value for name, value in logs.items() if name.startswith("val_")
        }
        if validation:
            self._scalars("validation", validation, epoch)
        if self.write_graph and not self._graph_written:
            self._write_graph()
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings(epoch)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        first, last = self.profile_batch
        if first and self._step == first - 1:
            jax.profiler.start_trace(self.log_dir)
            self._profiling = True

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._step += batch - self._in_epoch
        self._in_epoch = batch
        if self._profiling and self._step >= self.profile_batch[1]:
            self._stop_profiling()
        if self.update_freq == "epoch" or self._step % self.update_freq:
            return
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            (started, first), now = self._batch_started, time.perf_counter()
            values["batch_steps_per_second"] = (self._step - first) / max(now - started, 1e-9)
            self._batch_started = (now, self._step)
        self._scalars("train", values, self._step)

    def on_test_end(self, logs: Logs = None) -> None:
        iterations = getattr(getattr(self.model, "optimizer", None), "iterations", None)
        if iterations is not None:
            step = int(np.asarray(iterations))
            values = {f"evaluation_{name}_vs_iterations": value for name, value in (logs or {}).items()}
            self._scalars("validation", values, step)
        if not self._training:
            self._close()

    def get_state(self) -> dict[str, Any]:
        return {"step": self._step, "in_epoch": self._in_epoch}

    def set_state(self, state: dict[str, Any]) -> None:
        self._step, self._in_epoch = state["step"], state["in_epoch"]

    # Writing

    def _file(self, run: str) -> EventFile:
        if run not in self._files:
            self._files[run] = EventFile(Path(self.log_dir) / run)
        return self._files[run]

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}

    def _scalars(self, run: str, values: Mapping[str, Any], step: int) -> None:
        file = self._file(run)
        for name, value in values.items():
            if np.ndim(value) == 0 and not isinstance(value, str):
                file.scalar(name, float(value), step)
        file.flush()

    def _write_graph(self) -> None:
        self._graph_written = True
        lines: list[str] = []
        self.model.summary(print_fn=lambda line, **_: lines.append(str(line)), line_length=100)
        summary = "\n".join("    " + line for text in lines for line in text.splitlines())
        file = self._file("train")
        file.text("summary", summary, 0)
        try:
            config = json.dumps(serialize(self.model), indent=2, default=str)
        except (NotImplementedError, TypeError, ValueError):  # a subclassed model without get_config
            return
        file.text("keras", "\n".join("    " + line for line in config.splitlines()), 0)
        file.flush()

    def _write_weights(self, epoch: int) -> None:
        file = self._file("train")
        for variable in self.model.weights:
            values = variable.numpy()
            file.histogram(f"{variable.path}/histogram", values, epoch)
            if self.write_images:
                pictures = as_pictures(values)
                if pictures is not None:
                    file.images(f"{variable.path}/image", pictures, epoch)
        file.flush()

    def _stop_profiling(self) -> None:
        if self._profiling:
            jax.profiler.stop_trace()
            self._profiling = False

    # Embeddings

    def _tables(self) -> dict[str, Any]:
        return {layer.name: layer for layer in self.model.flat_layers() if type(layer).__name__ == "Embedding"}

    def _configure_embeddings(self) -> None:
        tables = list(self._tables())
        labels: Any = self.embeddings_metadata or {}
        if not isinstance(labels, Mapping):
            labels = dict.fromkeys(tables, labels)
        unknown = sorted(set(labels) - set(tables))
        if unknown:
            raise ValueError(
                f"TensorBoard: embeddings_metadata names {unknown}, but the Embedding layers of the model are {tables}."
            )
        self._labels = {name: os.fspath(path) for name, path in labels.items()}

    def _write_embeddings(self, epoch: int) -> None:
        folder = Path(self.log_dir) / "train"
        folder.mkdir(parents=True, exist_ok=True)
        entries = []
        for name, layer in self._tables().items():
            file = f"{name.replace('/', '_')}.tsv"
            np.savetxt(folder / file, layer.embeddings.numpy(), delimiter="\t", fmt="%.7g")
            lines = [f'  tensor_name: "{name}"', f'  tensor_path: "{file}"']
            if name in self._labels:
                lines.append(f'  metadata_path: "{self._labels[name]}"')
            entries.append("embeddings {\n" + "\n".join(lines) + "\n}\n")
        if not entries:
            warn("TensorBoard: embeddings_freq is set, but the model has no Embedding layer.")
        (folder / "projector_config.pbtxt").write_text("".join(entries), encoding="utf-8")


def as_pictures(values: np.ndarray) -> np.ndarray | None:
    """Return weights as pictures (count, height, width, channels) scaled to [0, 1]; None where they make none."""
    values = np.atleast_1d(np.squeeze(values))
    if values.ndim > 4 or not values.size or not np.isfinite(values).all():
        return None
    if values.ndim == 1:
        pictures = values[None, :, None, None]
    elif values.ndim == 2:
        pictures = (values.T if values.shape[0] > values.shape[1] else values)[None, :, :, None]
    elif values.ndim == 3:
        pictures = np.moveaxis(values, -1, 0)[..., None]
    else:  # a kernel (height, width, in, out): a picture for each filter
        pictures = np.moveaxis(values, -1, 0)
    if pictures.shape[-1] not in (1, 3, 4):
        pictures = pictures[..., :1]
    span = pictures.max() - pictures.min()
    return (pictures - pictures.min()) / (span if span > 0 else 1)


def _check_count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"TensorBoard: {name} must be a whole number from 0 on, got {value!r}.")
    return value


def _span(profile_batch: Any) -> tuple[int, int]:
    if isinstance(profile_batch, str):
        profile_batch = tuple(int(part) for part in profile_batch.split(","))
    if isinstance(profile_batch, list | tuple) and len(profile_batch) == 2:
        first, last = (_check_count("profile_batch", edge) for edge in profile_batch)
        if 0 < first <= last:
            return first, last
    elif not isinstance(profile_batch, list | tuple):
        number = _check_count("profile_batch", profile_batch)
        return number, number
    raise ValueError(
        f"TensorBoard: profile_batch must be the number of a batch or a pair of numbers, got {profile_batch!r}."
    )
