"""`Fitting`: the part of a model that is trained, evaluated and asked."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import jax

from lamina.callbacks import CallbackList, History
from lamina.callbacks.training_trace import with_trace
from lamina.core.arrays import to_jax
from lamina.core.tracebacks import filtered
from lamina.data import arrays
from lamina.data.columns import check_columns, column_names
from lamina.data.streams import Stream, is_stream
from lamina.models.old_names import Gone, refuse
from lamina.models.training_steps import TrainingSteps
from lamina.random.global_seed import fresh_seed
from lamina.training import advice, inputs, loop, prediction
from lamina.training.epoch import run_batch
from lamina.training.step import Batch
from lamina.training.trainer import Trainer


class Fitting(TrainingSteps):
    """`fit`, `evaluate`, `predict` and the same for single batches; the base of `Model`."""

    @filtered
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        *,
        dry_run: bool = False,
        max_time: Any = None,
        trace: bool = False,
        **kwargs: Any,
    ) -> History:
        """Train the model.

        Args:
            x: inputs, rows first: arrays, lists, tables; a list or dictionary for several inputs. Or a stream of
                batches `(inputs, targets)` or `(inputs, targets, sample_weights)`: a generator, a `PyDataset`, a
                `torch.utils.data.DataLoader`, a `tf.data.Dataset`, anything that can be iterated.
            y: targets; None with a stream.
            batch_size: rows of a step; default 32. Streams have their own.
            epochs: number of the last epoch (which is their count unless `initial_epoch` is set).
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch, "auto" 1.
            callbacks: a `Callback` or a list of them.
            validation_split: share of the rows, taken off the end before shuffling, to validate on; or an object that
                takes others: `lamina.utils.StratifiedSplit(0.2)`, `ShuffledSplit(0.2)`, or any with a method
                `split(x, y)`, as scikit-learn's have.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a stream to validate on; goes before
                `validation_split`.
            shuffle: whether the order of the rows is drawn anew for each epoch; "batch" moves whole batches.
            class_weight: `{class: weight}`, or "balanced".
            sample_weight: a weight for each row (or each step of each row).
            initial_epoch: number of epochs that were done before.
            steps_per_epoch: batches of an epoch; default all. The next epoch goes on where this one stopped.
            validation_steps: batches of a validation; default all.
            validation_batch_size: default `batch_size`.
            validation_freq: validate every so many epochs, or after the epochs listed (from 1).
            dry_run: whether to train on a single batch, validate on another one and call all callbacks, and to keep
                nothing of it: a look whether everything fits.
            max_time: seconds (or a `datetime.timedelta`) after which training stops, with the epoch in progress.
            trace: whether to watch the run with a `TrainingTrace`, which prints at the end what each epoch shows, in
                words, and how every layer fares.
            kwargs: none are known; an old name raises an error that says the new one.

        Returns:
            The `History` with loss and metrics of every epoch.

        Raises:
            ValueError: if data, model and loss do not fit each other; says which and how to mend it.
        """
        refuse(self.fit, kwargs)
        trainer = self._require_compiled("fit")
        if not trainer.optimizers and not trainer.overrides("train_step"):
            raise ValueError("fit needs an optimizer: compile(optimizer='adam', ...).")
        loop.check_epochs(epochs, initial_epoch, validation_freq)
        max_time = loop.check_max_time(max_time)
        feed, validation = inputs.fit_feeds(
            x,
            y,
            batch_size=batch_size,
            sample_weight=sample_weight,
            class_weight=class_weight,
            validation_split=validation_split,
            validation_data=validation_data,
            validation_batch_size=validation_batch_size,
            shuffle=shuffle,
            steps_per_epoch=1 if dry_run else steps_per_epoch,
            validation_steps=1 if dry_run else validation_steps,
            seed=fresh_seed(),
        )
        trainer.columns = column_names(x)
        if isinstance(validation_data, list | tuple) and validation_data:
            check_columns(trainer.columns, validation_data[0], "validation x")
        if dry_run:
            epochs, validation_freq = initial_epoch + 1, 1
        if steps_per_epoch is not None:
            feed.total_steps = steps_per_epoch * max(0, epochs - initial_epoch)
        try:
            inputs.prepare(trainer, feed)
            if validation is not None:
                validation.total_steps = validation.steps_per_epoch
                inputs.prepare(trainer, validation)
            advice.before_training(trainer, feed.example())
            with loop.nothing_kept(trainer) if dry_run else nullcontext():
                return loop.fit(
                    trainer,
                    feed,
                    validation,
                    epochs=epochs,
                    verbose=_verbosity(verbose),
                    callbacks=with_trace(callbacks) if trace else callbacks,
                    initial_epoch=initial_epoch,
                    validation_freq=validation_freq,
                    max_time=max_time,
                )
        finally:
            feed.close()
            if validation is not None:
                validation.close()

    @filtered
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return the loss and the metrics over data in inference mode.

        Args:
            x, y, sample_weight: as in `fit`.
            batch_size: rows computed at once; default 32.
            verbose: as in `fit`.
            steps: batches to evaluate; default all.
            callbacks: called at each test hook.
            return_dict: whether to return a dictionary by name.

        Returns:
            The loss alone where there are no metrics, else a list: the loss, then the metrics in order of `compile`.
        """
        refuse(self.evaluate, kwargs)
        trainer = self._require_compiled("evaluate")
        check_columns(trainer.columns, x, "x")
        feed = inputs.evaluation_feed(x, y, sample_weight, batch_size, steps)
        try:
            inputs.prepare(trainer, feed)
            if not isinstance(callbacks, CallbackList):
                verbose = _verbosity(verbose)
                parameters = {"verbose": verbose, "epochs": 1, "steps": feed.steps}
                callbacks = CallbackList(callbacks, add_progbar=verbose != 0, model=self, **parameters)
            results = loop.evaluate(trainer, feed, callbacks=callbacks)
        finally:
            feed.close()
        if return_dict:
            return dict(sorted(results.items()))
        values = list(results.values())
        return values[0] if len(values) == 1 else values

    @filtered
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Return the outputs for data, in inference mode, as NumPy arrays.

        Args:
            x: inputs, rows first, or a stream of batches, of whose parts only the inputs matter.
            batch_size: rows computed at once; default 32.
            verbose: as in `fit`.
            steps: batches to compute; default all.
            callbacks: called at each predict hook.
            kwargs: none are known.
        """
        refuse(self.predict, kwargs)
        inputs.require_data(x)
        steps = inputs.check_count("steps", steps)
        if is_stream(x):
            x = Stream(x)
            total = x.batches if steps is None else steps
        else:
            check_columns(self._trainer and self._trainer.columns, x, "x")
            x = arrays.as_arrays(x, "x")
            total = -(-arrays.check_rows(x=x) // inputs.check_batch_size(batch_size))
        advice.check_lookups(self, x)
        trainer = self._trainer = self._trainer or Trainer(self, None)
        if not self.built and not isinstance(x, Stream):
            trainer.prepare(Batch(x))
        verbose = _verbosity(verbose)
        if verbose or callbacks is not None:
            parameters = {
                "verbose": verbose,
                "epochs": 1,
                "steps": total if steps is None else min(steps, total or steps),
            }
            callbacks = CallbackList(callbacks, add_progbar=verbose != 0, model=self, **parameters)
        batch_size = inputs.check_batch_size(batch_size)
        return prediction.predict(trainer, x, batch_size=batch_size, steps=steps, callbacks=callbacks)

    @filtered
    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Take one training step on a batch and return the loss before it and the metrics.

        Args:
            x, y, sample_weight, class_weight: the batch.
            return_dict: whether to return a dictionary by name in the place of a list.
        """
        trainer = self._require_compiled("train_on_batch")
        data = inputs.batch_of(x, y, sample_weight)
        if class_weight is not None:
            data = inputs.weighted(data, class_weight)
        return self._one_batch(trainer, "train", data, return_dict)

    @filtered
    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Return the loss and the metrics on a batch in inference mode.

        Args:
            x, y, sample_weight: the batch.
            return_dict: whether to return a dictionary by name in the place of a list.
        """
        trainer = self._require_compiled("test_on_batch")
        return self._one_batch(trainer, "test", inputs.batch_of(x, y, sample_weight), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for a batch as NumPy arrays."""
        inputs.require_data(x)
        x = arrays.as_arrays(x, "x")
        return self.predict(x, batch_size=arrays.check_rows(x=x), verbose=0)

    # What Keras 2 had

    fit_generator = Gone("fit takes generators as well: model.fit(generator, ...).")
    evaluate_generator = Gone("evaluate takes generators as well: model.evaluate(generator, ...).")
    predict_generator = Gone("predict takes generators as well: model.predict(generator, ...).")
    predict_classes = Gone(
        "Write model.predict(x).argmax(axis=-1), or for a single sigmoid (model.predict(x) > 0.5).astype('int32')."
    )
    predict_proba = Gone("Write model.predict(x).")

    def _one_batch(self, trainer: Trainer, phase: str, data: Batch, return_dict: bool) -> Any:
        trainer.prepare(data)
        data = jax.tree.map(to_jax, data)
        results = run_batch(trainer, phase, data)
        if return_dict:
            return dict(sorted(results.items()))
        values = list(results.values())
        return values[0] if len(values) == 1 else values


def _verbosity(verbose: Any) -> int:
    if verbose == "auto":
        return 1
    if verbose not in (0, 1, 2):
        raise ValueError(f"verbose must be 0, 1, 2 or 'auto', got {verbose!r}.")
    return int(verbose)
