"""`Model`: a layer that can be compiled, trained, evaluated, asked, summarised and saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import jax
import jax.numpy as jnp

from lamina import optimizers, saving
from lamina.callbacks import CallbackList, History
from lamina.core import shapes
from lamina.core.serialization import custom_object_scope, deserialize, in_config, serialize
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.data import arrays
from lamina.data.streams import Stream, is_stream
from lamina.errors import nearest
from lamina.layers.layer import Layer, relabel
from lamina.metrics import Metric
from lamina.models.graph import Graph
from lamina.models.graph_config import graph_config, graph_from_config, is_graph_config
from lamina.models.summary import print_summary
from lamina.random.global_seed import fresh_seed
from lamina.training import advice, inputs, loop
from lamina.training.compiled_loss import check_loss
from lamina.training.compiled_metrics import check_metrics
from lamina.training.epoch import run_batch
from lamina.training.step import Batch
from lamina.training.trainer import CompileArguments, Trainer
from lamina.typing import PyTree


class Model(Layer):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `summary` and `save`.

    Made from symbolic tensors it is a graph of layers (the Functional API). Where that does not express the model,
    derive from it and override `call`.

    Args:
        inputs: what `Input` gave, in any nesting of lists, tuples and dictionaries.
        outputs: symbolic tensors computed from `inputs`, in any nesting.
        name: default "functional", or the name of the derived class in snake case.
        trainable: whether training changes the weights.
        dtype: name of a dtype or a `DTypePolicy`.

    Raises:
        ValueError: if the outputs need an input that is not given, or two layers have one name.

    Example:
        >>> a, b = lamina.Input((10,)), lamina.Input((5,))
        >>> joined = lamina.layers.Concatenate()([a, b])
        >>> model = lamina.Model([a, b], lamina.layers.Dense(1)(joined))
        >>> model.output_shape
        (None, 1)
        >>> class Twice(lamina.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = lamina.layers.Dense(1)
        ...     def call(self, x):
        ...         return 2 * self.dense(x)
        >>> Twice()(lamina.ops.ones((3, 4))).shape
        (3, 1)
    """

    def __init__(
        self,
        inputs: PyTree = None,
        outputs: PyTree = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, trainable=trainable, dtype=dtype, **kwargs)
        self.graph: Graph | None = None
        self._graph_layers: list[Layer] = []
        if (inputs is None) != (outputs is None):
            raise ValueError(f"{type(self).__name__} needs both inputs and outputs to be a graph, or neither.")
        if inputs is not None:
            self._become(Graph(inputs, outputs))
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.history: History | None = None
        self._compile_arguments: CompileArguments | None = None
        self._trainer: Trainer | None = None

    def _become(self, graph: Graph) -> None:
        self.graph = graph
        self._graph_layers = graph.layers
        if self.name_is_automatic and type(self) is Model:
            self.name = self.path = "functional"
        self.built = True
        relabel(self)

    # Structure

    @property
    def layers(self) -> list[Layer]:
        """The layers directly below the model."""
        return self.sublayers()

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, in a list."""
        return self._require_graph("inputs").input_tensors

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, in a list."""
        return self._require_graph("outputs").output_tensors

    @property
    def input(self) -> PyTree:
        """The symbolic inputs, as they were nested."""
        return self._require_graph("input").inputs

    @property
    def output(self) -> PyTree:
        """The symbolic outputs, as they were nested."""
        return self._require_graph("output").outputs

    @property
    def output_names(self) -> list[str] | None:
        """The names of the layers that give the outputs; None where that is not known."""
        return self.graph.output_names if self.graph else None

    def _require_graph(self, what: str) -> Graph:
        if self.graph is None:
            raise AttributeError(
                f"Model {self.name!r} ({type(self).__name__}) was not made from symbolic tensors, so it has no {what}."
            )
        return self.graph

    @property
    def input_shape(self) -> PyTree:
        """Shape of the input with None for the batch."""
        if self.graph is not None:
            return _shapes(self.graph.inputs)
        if not self._build_shapes:
            raise AttributeError(
                f"Model {self.name!r} does not know its input shape yet: call it on data or build(input_shape) first."
            )
        shapes_given = list(self._build_shapes.values())
        return shapes_given[0] if len(shapes_given) == 1 else shapes_given

    @property
    def output_shape(self) -> PyTree:
        """Shape of the output with None for the batch."""
        if self.graph is not None:
            return _shapes(self.graph.outputs)
        return self.compute_output_shape(self.input_shape)

    # Calling

    def call(self, inputs: PyTree, training: bool | None = None, mask: PyTree = None) -> PyTree:
        if self.graph is None:
            return super().call(inputs)
        return self.graph.run(inputs, mask, training)[0]

    def outputs_and_mask(self, args: tuple, kwargs: dict[str, Any], mask: PyTree) -> tuple[PyTree, PyTree]:
        if self.graph is None or type(self).call is not Model.call:
            return super().outputs_and_mask(args, kwargs, mask)
        return self.graph.run(args[0] if args else kwargs["inputs"], mask, kwargs.get("training"))

    def layer_flow(self) -> list[tuple[Layer, PyTree, PyTree]]:
        """Return each of `layers` with its symbolic input and output, None where those are not known."""
        return [_flow_of(layer, self.graph) for layer in self.layers]

    # Configuration

    def get_config(self) -> dict[str, Any]:
        """Return what the model can be made from again: a graph's layers and calls, else constructor arguments."""
        if self.graph is None or type(self).__init__ is not Model.__init__:
            return super().get_config()
        return {"name": self.name, "trainable": self.trainable, **graph_config(self.graph)}

    @property
    def serialized_identity(self) -> dict[str, Any] | None:
        """How files call the class of a graph, where it differs from the class's own name."""
        if self.graph is None or type(self) is not Model:
            return None
        return {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return a model made from `get_config`.

        Args:
            config: what `get_config` returned.
            custom_objects: your own classes and functions by name.
        """
        if not is_graph_config(config):
            return super().from_config(config)
        with custom_object_scope(custom_objects or {}):
            inputs, outputs = graph_from_config(config)
        return cls(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of a name or at an index.

        Raises:
            ValueError: if there is none, or if both or neither are given.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer takes either a name or an index.")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"Model {self.name!r} has {len(layers)} layers; there is none at index {index}.")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"Model {self.name!r} has no layer named {name!r}. {nearest(name, [layer.name for layer in layers])}"
        )

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print a table of the layers: name and type, output shape, parameters, operations; totals below.

        Args:
            line_length: width in characters; default that of the terminal.
            positions: right ends of the columns as shares of the width.
            print_fn: called with the text in the place of printing it.
            expand_nested: whether to show the layers of models within the model.
            show_trainable: whether to add a column that says which layers are trainable.
            layer_range: names (or regular expressions) of the first and last layer to show.
        """
        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    # Compiling

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say what training optimises. Nothing is built or traced yet.

        Args:
            optimizer: name or object.
            loss: name, function `(y_true, y_pred)` or `Loss`; a list or dictionary of those for several outputs.
            loss_weights: numbers by output.
            metrics: names, functions or `Metric` objects that are reported; by output where there are several.
            weighted_metrics: the same, for metrics that see the sample weights.
            run_eagerly: whether to run operation by operation, for debugging.
            steps_per_execution: a positive whole number. How many steps run at once is chosen by time, whatever it is,
                and changes no result.
            jit_compile: "auto" or True; False as `run_eagerly`.
            auto_scale_loss: whether a mixed_float16 policy wraps the optimizer in a `LossScaleOptimizer`.

        Raises:
            ValueError: for an unknown name; says the nearest.
        """
        if isinstance(steps_per_execution, bool) or not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise ValueError(f"steps_per_execution must be a positive whole number, got {steps_per_execution!r}.")
        optimizer = optimizers.get(optimizer)
        if auto_scale_loss and self.dtype_policy.name == "mixed_float16":
            optimizer = _with_scaled_loss(optimizer)
        check_loss(loss)
        check_metrics(metrics, "metrics")
        check_metrics(weighted_metrics, "weighted_metrics")
        self._compile_arguments = CompileArguments(
            optimizer=optimizer,
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=auto_scale_loss,
        )
        self._trainer = Trainer(self, self._compile_arguments)
        self.stop_training = False

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compile_arguments is not None

    @property
    def optimizer(self) -> Any:
        """The optimizer that `compile` was given; None before."""
        return self._compile_arguments.optimizer if self._compile_arguments else None

    @property
    def loss(self) -> Any:
        """The loss that `compile` was given; None before."""
        return self._compile_arguments.loss if self._compile_arguments else None

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run operation by operation."""
        arguments = self._compile_arguments
        return bool(arguments and (arguments.run_eagerly or arguments.jit_compile is False))

    @property
    def jit_compile(self) -> bool:
        """Whether steps are compiled."""
        return not self.run_eagerly

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of the compiled model, the mean loss first."""
        return self._trainer.metrics if self._trainer else []

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def metrics_by_name(self) -> dict[str, Metric]:
        """Return the metrics under the names that logs and `History` use."""
        return self._trainer.metrics_by_name() if self._trainer else {}

    def reset_metrics(self) -> None:
        """Set all metrics to zero."""
        if self._trainer is not None:
            self._trainer.reset_metrics()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the metrics' values now, by name."""
        return self._require_compiled("get_metrics_result").results()

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return what `compile` was given in JSON types, or None."""
        arguments = self._compile_arguments
        if arguments is None:
            return None
        return {
            "optimizer": in_config(arguments.optimizer),
            "loss": in_config(arguments.loss),
            "loss_weights": in_config(arguments.loss_weights),
            "metrics": in_config(arguments.metrics),
            "weighted_metrics": in_config(arguments.weighted_metrics),
            "run_eagerly": arguments.run_eagerly,
            "steps_per_execution": arguments.steps_per_execution,
            "jit_compile": arguments.jit_compile,
        }

    # Training

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

        Returns:
            The `History` with loss and metrics of every epoch.

        Raises:
            ValueError: if data, model and loss do not fit each other; says which and how to mend it.
        """
        trainer = self._require_compiled("fit")
        if trainer.optimizer is None:
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
        if dry_run:
            epochs, validation_freq = initial_epoch + 1, 1
        if steps_per_epoch is not None:
            feed.total_steps = steps_per_epoch * max(0, epochs - initial_epoch)
        try:
            inputs.prepare(trainer, feed)
            if validation is not None:
                validation.total_steps = validation.steps_per_epoch
                inputs.prepare(trainer, validation)
            advice.warn_of_unweighted_metrics(trainer, feed.example().sample_weight is not None)
            advice.warn_of_accuracy_of_logits(trainer)
            with loop.nothing_kept(trainer) if dry_run else nullcontext():
                return loop.fit(
                    trainer,
                    feed,
                    validation,
                    epochs=epochs,
                    verbose=_verbosity(verbose),
                    callbacks=callbacks,
                    initial_epoch=initial_epoch,
                    validation_freq=validation_freq,
                    max_time=max_time,
                )
        finally:
            feed.close()
            if validation is not None:
                validation.close()

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
        trainer = self._require_compiled("evaluate")
        _refuse(**kwargs)
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

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs for data, in inference mode, as NumPy arrays.

        Args:
            x: inputs, rows first, or a stream of batches, of whose parts only the inputs matter.
            batch_size: rows computed at once; default 32.
            verbose: as in `fit`.
            steps: batches to compute; default all.
            callbacks: called at each predict hook.
        """
        steps = inputs.check_count("steps", steps)
        if is_stream(x):
            x = Stream(x)
            total = x.batches if steps is None else steps
        else:
            x = arrays.as_arrays(x, "x")
            total = -(-arrays.check_rows(x=x) // inputs.check_batch_size(batch_size))
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
        return loop.predict(trainer, x, batch_size=batch_size, steps=steps, callbacks=callbacks)

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
        return self.predict(x, batch_size=max(1, len(jax.tree.leaves(x)[0])), verbose=0)

    def _one_batch(self, trainer: Trainer, phase: str, data: Batch, return_dict: bool) -> Any:
        trainer.prepare(data)
        data = jax.tree.map(jnp.asarray, data)
        results = run_batch(trainer, phase, data)
        if return_dict:
            return results
        values = list(results.values())
        return values[0] if len(values) == 1 else values

    # Files

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write the whole model to a file: architecture, weights, what `compile` chose, the optimizer's state.

        Args:
            filepath: ends in ".keras"; a path without an extension becomes a folder with the same content.
            overwrite: whether an existing file may be replaced.
            zipped: whether to write an archive; default yes, except for a path without an extension.
        """
        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Write the weights alone to a file ending in ".weights.h5"."""
        saving.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights of a file that `save_weights` or `save` wrote."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile the model as `get_compile_config` says."""
        self.compile(**{key: deserialize(value) for key, value in config.items() if value is not None})
        if self.built and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON text, for `lamina.models.model_from_json`; the weights are not in it.

        Args:
            kwargs: passed to `json.dumps`.
        """
        return json.dumps(serialize(self), **kwargs)

    # Inside

    def _require_compiled(self, method: str) -> Trainer:
        if self._compile_arguments is None or self._trainer is None:
            raise ValueError(
                f"The model must be compiled before {method}: "
                "model.compile(optimizer='adam', loss='...', metrics=['accuracy'])."
            )
        return self._trainer

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        trainer, self._trainer = self._trainer, None  # compiled programs are bound to this model's variables
        try:
            clone = super().__deepcopy__(memo)
        finally:
            self._trainer = trainer
        if clone._compile_arguments is not None:
            clone._trainer = Trainer(clone, clone._compile_arguments)
        if clone.graph is not None:
            clone.graph.hand_nodes_to_layers()
        return clone


def _shapes(tensors: PyTree) -> PyTree:
    return jax.tree.map(lambda tensor: tensor.shape, tensors, is_leaf=is_symbolic)


def _flow_of(layer: Layer, graph: Graph | None) -> tuple[Layer, PyTree, PyTree]:
    if graph is not None:
        calls = graph.calls_of(layer)
        if calls:
            inputs = calls[0].args[0] if len(calls[0].args) == 1 else None
            return layer, inputs, calls[0].outputs
    build_shapes = list((layer.get_build_config() or {}).values())
    if len(build_shapes) != 1 or build_shapes[0] is None:
        return layer, None, None
    inputs = shapes.map_shapes(lambda shape: KerasTensor(shape, layer.input_dtype), build_shapes[0])
    try:
        return layer, inputs, layer.compute_output_spec(inputs)
    except (TypeError, ValueError):
        return layer, None, None


def _with_scaled_loss(optimizer: Any) -> Any:
    if optimizer is None or isinstance(optimizer, optimizers.LossScaleOptimizer):
        return optimizer
    return optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")


def _verbosity(verbose: Any) -> int:
    if verbose == "auto":
        return 1
    if verbose not in (0, 1, 2):
        raise ValueError(f"verbose must be 0, 1, 2 or 'auto', got {verbose!r}.")
    return int(verbose)


def _refuse(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(f"{name}={value!r} is not supported; leave it out.")
