"""`Trainer`: a model together with what `compile` chose, resolved against the first data it meets."""

from __future__ import annotations

import dataclasses
import inspect
import operator
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core import masks, shapes
from lamina.core.functional import pure
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.core.tracking import held
from lamina.layers.building import relabel
from lamina.metrics import Mean, Metric
from lamina.optimizers.optimizer import Optimizer
from lamina.training.compiled_loss import CompiledLoss
from lamina.training.compiled_metrics import CompiledMetrics
from lamina.training.outputs import Outputs
from lamina.training.programs import Programs
from lamina.training.state import TrainState, TrainVariables, by_path
from lamina.training.step import Batch, rows_of
from lamina.typing import Array, PyTree, Shape


@dataclasses.dataclass
class CompileArguments:
    """What `compile` was given, as it was given; `optimizer` already resolved."""

    optimizer: Any = None
    loss: Any = None
    loss_weights: Any = None
    metrics: Any = None
    weighted_metrics: Any = None
    run_eagerly: bool = False
    steps_per_execution: int = 1
    jit_compile: Any = "auto"
    auto_scale_loss: bool = True


class Trainer:
    """What `fit`, `evaluate` and `predict` run.

    It asks of a model what `lamina.models` has: to be callable, `call_with_mask`, variables, losses, metrics; and it
    looks which of `train_step`, `test_step`, `predict_step`, `compute_loss` and `compute_metrics` its class overrides.

    Args:
        model: the model.
        arguments: what `compile` chose; None for prediction only.
    """

    def __init__(self, model: Any, arguments: CompileArguments | None) -> None:
        self.model = model
        self.arguments = arguments or CompileArguments()
        self.optimizer = self.arguments.optimizer
        self.loss: CompiledLoss | None = None
        self.compiled_metrics: CompiledMetrics | None = None
        self.loss_tracker = Mean(name="loss")
        self.part_trackers: list[Mean] = []
        self.outputs: Outputs | None = None
        self.result_names: list[str] = []
        self.output_shapes: list[Shape] = []
        self.columns: list[str] | None = None  # of the table that was trained on
        self._prepared: set[Any] = set()
        self._parts: dict[str, Array] = {}
        self._variables: TrainVariables | None = None
        # The parts of the model, and what else has variables, for which those were found.
        self._seen: tuple[list[Any], list[Any]] | None = None
        self._programs: Programs | None = None

    # Resolving

    def prepare(self, batch: Batch) -> None:
        """Build the model, the loss, the metrics and the optimizer for data like `batch`.

        Args:
            batch: arrays or symbolic tensors with the shapes and dtypes of the data.

        Raises:
            ValueError: if data, model, loss and metrics do not fit each other.
        """
        spec = jax.tree.map(_spec, batch)
        signature = (jax.tree.structure(batch), tuple(str(leaf) for leaf in jax.tree.leaves(spec, is_leaf=is_symbolic)))
        if signature in self._prepared and self.model.built:
            return
        self._seen = None  # building and naming may give variables other paths
        told = self.arguments.loss is not None or self.arguments.metrics or self.arguments.weighted_metrics
        if self.overrides("train_step") and not told and self._can_be_built_alone():
            relabel(self.model)  # what a step of the user's does with the data is its own affair
        else:
            y_pred = shapes.infer(lambda x: self.model(x), spec.x)
            self.output_shapes = [leaf.shape for leaf in jax.tree.leaves(y_pred, is_leaf=is_symbolic)]
            relabel(self.model)
            if told:
                self.resolve(spec.y, y_pred)
            if self.loss is not None:
                shapes.infer(self._check_shapes, spec.y, y_pred)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.model.trainable_variables)
        self._prepared.add(signature)

    def _can_be_built_alone(self) -> bool:
        """Return whether all layers have their weights, and mark the model as built if so."""
        if self.model.built:
            return True
        unbuilt = [layer for layer in self.model.held_layers() if not layer.built]
        if not unbuilt:
            self.model.built = True
        elif not self.overrides("call"):
            raise ValueError(
                f"{type(self.model).__name__} has a train_step but no call, so nothing tells the shapes for which its "
                f"layer {unbuilt[0].name!r} is to be built. Start it with Input(shape), or build it in __init__."
            )
        return not unbuilt

    def overrides(self, method: str) -> bool:
        """Return whether the class of the model has a method of its own in the place of that of `Model`."""
        own = getattr(type(self.model), method, None)
        own = getattr(own, "fget", own)  # a property
        return own is not None and not own.__module__.startswith("lamina.models.")

    def resolve(self, y: PyTree, y_pred: PyTree) -> None:
        """Make the loss and the metrics that `compile` was told for such targets and outputs, once."""
        if self.loss is not None and self.outputs is not None:
            return
        self.outputs = Outputs.of(y_pred, getattr(self.model, "output_names", None))
        self.loss = CompiledLoss(self.arguments.loss, self.arguments.loss_weights, self.outputs)
        if y is not None:
            metrics = CompiledMetrics(self.arguments.metrics, self.arguments.weighted_metrics, self.outputs, y, y_pred)
            self.compiled_metrics = metrics
        with_loss = [name for name, loss in zip(self.loss.names, self.loss.losses, strict=True) if loss]
        if len(with_loss) > 1:
            self.part_trackers = [Mean(name=f"{name}_loss") for name in with_loss]

    def _check_shapes(self, y: PyTree, y_pred: PyTree) -> Any:
        assert self.loss is not None
        if y is None:
            return None
        loss = self.loss(y, y_pred)[0]
        if self.compiled_metrics is not None:  # some declare their state when they first see the shapes
            self.compiled_metrics.update(y, y_pred, None, None)
        return loss

    @property
    def metrics(self) -> list[Metric]:
        """The loss's and those of `compile`, in the order in which `evaluate` returns their results."""
        compiled = self.compiled_metrics.metrics if self.compiled_metrics else []
        return [self.loss_tracker, *self.part_trackers, *compiled]

    @property
    def variables(self) -> TrainVariables:
        """The variables whose values make up the `TrainState`, found anew when the model has changed."""
        parts = self.model.held_below()
        seen = parts, self._beside_the_model([part for part in parts if isinstance(part, Metric)])
        if self._seen is not None and all(map(_identical, seen, self._seen)) and self._is_trainable_as_before():
            assert self._variables is not None
            return self._variables
        state = self.model.variables
        trainable = [variable for variable in state if variable.trainable]
        optimizer = [variable for optimizer in self.optimizers for variable in optimizer.variables]
        metric_variables = self.model.metrics_variables
        found = TrainVariables(
            params=by_path(trainable),
            buffers=by_path(variable for variable in state if not variable.trainable),
            optimizer=by_path(optimizer),
            metrics=by_path(metric_variables),
        )
        if self._variables is None or not _same(found, self._variables):
            self._variables, self._programs = found, None
        self._seen = seen
        return self._variables

    def _beside_the_model(self, metrics: list[Metric]) -> list[Any]:
        """Return metrics (also those given, parts of the model) and optimizers, and the variables of all of them."""
        holders = [*metrics, *self.metrics, *self.optimizers]
        if self.overrides("metrics"):
            holders += self.model.metrics
        return [*holders, *(variable for holder in holders for variable in holder.variables)]

    def _is_trainable_as_before(self) -> bool:
        assert self._variables is not None
        params, buffers = self._variables[:2]
        return all(one.trainable for one in params.values()) and not any(one.trainable for one in buffers.values())

    def resolved(self) -> tuple[TrainVariables, Programs]:
        """Return the current variables and the compiled programs for them."""
        variables = self.variables
        if self._programs is None:
            self._programs = Programs(self, variables)
        return variables, self._programs

    def resolved_before(self) -> tuple[TrainVariables, Programs]:
        """As `resolved`, where only what is trainable can have changed since, as between the epochs of one `fit`."""
        if self._variables is not None and self._programs is not None and self._is_trainable_as_before():
            return self._variables, self._programs
        return self.resolved()

    def resolved_for_prediction(self) -> tuple[TrainVariables, Programs]:
        """As `resolved`, without looking whether anything but the model's own variables has changed."""
        if self._seen is not None and _identical(self.model.held_below(), self._seen[0]):
            return self.resolved_before()
        return self.resolved()

    def kept_paths(self, variables: TrainVariables) -> list[str]:
        """Return the keys of the buffers that evaluating and predicting change as well, such as states of RNNs."""
        kept = {id(variable) for layer in self.model.flat_layers() for variable in layer.state_in_inference()}
        return [path for path, variable in variables.buffers.items() if id(variable) in kept]

    @property
    def optimizers(self) -> list[Any]:
        """The optimizer that `compile` was given, and those that the model keeps in attributes, in order."""
        compiled = [] if self.optimizer is None else [self.optimizer]
        return [*compiled, *(one for one in held(self.model, Optimizer) if one is not self.optimizer)]

    def step_number(self, state: TrainState) -> Array | None:
        """Return the number of a training step, from which random keys derive; None where nothing counts steps."""
        return state.optimizer[self.iterations_path] if self.optimizers else None

    @property
    def iterations_path(self) -> str:
        """The key of the step count, that of the first optimizer, in the optimizers' state."""
        count = self.optimizers[0].batch_count
        return next(path for path, variable in self.variables.optimizer.items() if variable is count)

    # Pieces of a step, called inside pure functions

    def forward(self, x: PyTree, training: bool) -> tuple[PyTree, PyTree]:
        """Return the model's outputs and their mask."""
        return self.model.call_with_mask(x, training=training)

    def compute_loss(
        self, batch: Batch, y_pred: PyTree, mask: PyTree, training: bool = True
    ) -> tuple[Array, dict[str, Array]]:
        """Return the loss to be minimised, by the model's own `compute_loss` if it has one, and that of each output."""
        if not self.overrides("compute_loss"):
            return self.total_loss(batch.y, y_pred, batch.sample_weight, mask)
        arguments = {"x": batch.x, "y": batch.y, "y_pred": y_pred, "sample_weight": batch.sample_weight}
        compute, self._parts = self.model.compute_loss, {}
        if "training" in inspect.signature(compute).parameters:
            arguments["training"] = training
        total = compute(**arguments)
        if total is None or jnp.ndim(total):
            raise ValueError(
                f"{type(self.model).__name__}.compute_loss must return a single number, got "
                f"{'None' if total is None else f'an array of shape {jnp.shape(total)}; take its mean'}."
            )
        return jnp.asarray(total), self._parts

    def total_loss(
        self, y: PyTree, y_pred: PyTree, sample_weight: PyTree, mask: PyTree
    ) -> tuple[Array, dict[str, Array]]:
        """Return the loss that `compile` was told plus what layers added, and the loss of each output."""
        total, parts = None, {}
        if self.loss is not None and y is not None:
            total, parts = self.loss(y, y_pred, sample_weight, mask)
        extra = self.model.losses
        if total is None and not extra:
            raise ValueError(
                "There is no loss to minimise: pass loss=... to compile (and y to fit), or call add_loss in the model."
            )
        for value in extra:
            value = jnp.asarray(value, jnp.float32 if total is None else total.dtype)
            total = value if total is None else total + value
        assert total is not None
        self._parts = parts
        return total, parts

    def update_metrics(
        self, batch: Batch, loss: Array, parts: dict[str, Array], y_pred: PyTree, mask: PyTree
    ) -> list[Array]:
        """Let the loss trackers and the metrics see a batch; return the results if the model's own code makes them."""
        rows = rows_of(batch)
        self.loss_tracker.update_state(loss, sample_weight=rows)
        for tracker in self.part_trackers:
            part = parts.get(tracker.name.removesuffix("_loss"))
            if part is not None:  # a compute_loss of the model's own need not have computed it
                tracker.update_state(part, sample_weight=rows)
        if self.overrides("compute_metrics"):
            masks.note(y_pred, mask)
            return self.noted(self.model.compute_metrics(batch.x, batch.y, y_pred, batch.sample_weight))
        if self.compiled_metrics is not None:
            self.compiled_metrics.update(batch.y, y_pred, batch.sample_weight, mask)
        return []

    def results(self) -> dict[str, Any]:
        """Return the results of the model's metrics by name; a result that is a dictionary has names of its own."""
        results: dict[str, Any] = {}
        for name, metric in self.metrics_by_name().items():
            value = metric.result()
            results.update(value if isinstance(value, dict) else {name: value})
        return results

    def metrics_by_name(self) -> dict[str, Metric]:
        """Return the model's metrics under the names of their results."""
        entries = self.compiled_metrics.entries if self.compiled_metrics is not None else []
        names = {id(metric): name for _, name, metric, _ in entries}
        return {str(names.get(id(metric), metric.name)): metric for metric in self.model.metrics}

    def noted(self, logs: Mapping[str, Any]) -> list[Array]:
        """Return logs of the model's own code as a list, metrics first, and keep their names in `result_names`."""
        if not isinstance(logs, Mapping):
            raise ValueError(
                f"{type(self.model).__name__}.compute_metrics must return a dictionary of results, got {logs!r}."
            )
        named: dict[str, Any] = {}
        for name, value in logs.items():
            named.update(value if isinstance(value, Mapping) else {name: value})
        first = [name for name in self.metrics_by_name() if name in named]
        self.result_names = [*first, *sorted(set(named) - set(first))]
        return [jnp.asarray(named[name]) for name in self.result_names]

    def pure_results(self, variables: TrainVariables) -> Any:
        """Return the function from metric values to results, in the order of `result_names`."""

        def results() -> list[Any]:
            named = self.model.get_metrics_result()
            self.result_names = list(named)  # set while tracing: JAX would sort the keys of a dictionary
            return list(named.values())

        pure_results = pure(results, variables.metrics)
        return lambda values: pure_results(values)[0]

    def pure_fresh_metrics(self, variables: TrainVariables) -> Any:
        """Return the function that gives the metric values at the start of an epoch."""
        reset = pure(self.model.reset_metrics, variables.metrics)
        return lambda values: reset(values)[1].values


def _same(first: TrainVariables, second: TrainVariables) -> bool:
    return all(
        list(one) == list(other) and all(one[path] is other[path] for path in one)
        for one, other in zip(first, second, strict=True)
    )


def _identical(first: list[Any], second: list[Any]) -> bool:
    return len(first) == len(second) and all(map(operator.is_, first, second))


def _spec(value: Any) -> KerasTensor:
    return KerasTensor((None, *value.shape[1:]), value.dtype)
