"""`Trainer`: a model together with what `compile` chose, resolved against the first data it meets."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from lamina.core import shapes
from lamina.core.functional import pure
from lamina.core.symbolic import KerasTensor, is_symbolic
from lamina.layers.building import relabel
from lamina.metrics import Mean, Metric
from lamina.training.compiled_loss import CompiledLoss
from lamina.training.compiled_metrics import CompiledMetrics
from lamina.training.outputs import Outputs
from lamina.training.programs import Programs
from lamina.training.state import TrainVariables, by_path
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

    It asks of a model: to be callable, `call_with_mask`, `weights`, `losses`, `output_names`.

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
        self._variables: TrainVariables | None = None
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
        y_pred = shapes.infer(lambda x: self.model(x), spec.x)
        self.output_shapes = [leaf.shape for leaf in jax.tree.leaves(y_pred, is_leaf=is_symbolic)]
        relabel(self.model)
        if self.arguments.loss is not None or self.arguments.metrics or self.arguments.weighted_metrics:
            self._resolve(spec, y_pred)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.model.trainable_variables)
        if self.loss is not None:
            shapes.infer(self._check_shapes, spec.y, y_pred)
        self._prepared.add(signature)

    def _resolve(self, spec: Batch, y_pred: PyTree) -> None:
        if self.loss is not None and self.outputs is not None:
            return
        self.outputs = Outputs.of(y_pred, getattr(self.model, "output_names", None))
        self.loss = CompiledLoss(self.arguments.loss, self.arguments.loss_weights, self.outputs)
        if spec.y is not None:
            metrics = CompiledMetrics(
                self.arguments.metrics, self.arguments.weighted_metrics, self.outputs, spec.y, y_pred
            )
            self.compiled_metrics = metrics
        with_loss = [name for name, loss in zip(self.loss.names, self.loss.losses, strict=True) if loss]
        if len(with_loss) > 1:
            self.part_trackers = [Mean(name=f"{name}_loss") for name in with_loss]

    def _check_shapes(self, y: PyTree, y_pred: PyTree) -> Any:
        assert self.loss is not None
        if y is None:
            return None
        return self.loss(y, y_pred)[0]

    @property
    def metrics(self) -> list[Metric]:
        """All metrics in the order in which `evaluate` returns their results."""
        compiled = self.compiled_metrics.metrics if self.compiled_metrics else []
        return [self.loss_tracker, *self.part_trackers, *compiled]

    @property
    def variables(self) -> TrainVariables:
        """The variables whose values make up the `TrainState`, found anew when what is trainable has changed."""
        state = self.model.variables
        trainable = [variable for variable in state if variable.trainable]
        optimizer = self.optimizer.variables if self.optimizer is not None else []
        metric_variables = [variable for metric in self.metrics for variable in metric.variables]
        found = TrainVariables(
            params=by_path(trainable),
            buffers=by_path(variable for variable in state if not variable.trainable),
            optimizer=by_path(optimizer),
            metrics=by_path(metric_variables),
        )
        if self._variables is None or not _same(found, self._variables):
            self._variables, self._programs = found, None
        return self._variables

    def resolved(self) -> tuple[TrainVariables, Programs]:
        """Return the current variables and the compiled programs for them."""
        variables = self.variables
        if self._programs is None:
            self._programs = Programs(self, variables)
        return variables, self._programs

    def resolved_before(self) -> tuple[TrainVariables, Programs]:
        """As `resolved`, where only what is trainable can have changed since, as between the epochs of one `fit`."""
        if self._variables is not None and self._programs is not None:
            params, buffers = self._variables[:2]
            if all(one.trainable for one in params.values()) and not any(one.trainable for one in buffers.values()):
                return self._variables, self._programs
        return self.resolved()

    def resolved_for_prediction(self) -> tuple[TrainVariables, Programs]:
        """As `resolved`, without looking whether anything but the model's own variables has changed."""
        if self._variables is not None:
            known = {id(variable) for group in self._variables[:2] for variable in group.values()}
            if known == {id(variable) for variable in self.model.variables}:
                return self.resolved_before()
        return self.resolved()

    def kept_paths(self, variables: TrainVariables) -> list[str]:
        """Return the keys of the buffers that evaluating and predicting change as well, such as states of RNNs."""
        kept = {id(variable) for layer in self.model.flat_layers() for variable in layer.state_in_inference()}
        return [path for path, variable in variables.buffers.items() if id(variable) in kept]

    @property
    def iterations_path(self) -> str:
        """The key of the step count in the optimizer's state."""
        return next(
            path for path, variable in self.variables.optimizer.items() if variable is self.optimizer.batch_count
        )

    # Pieces of a step, called inside pure functions

    def forward(self, x: PyTree, training: bool) -> tuple[PyTree, PyTree]:
        """Return the model's outputs and their mask."""
        return self.model.call_with_mask(x, training=training)

    def compute_loss(self, batch: Batch, y_pred: PyTree, mask: PyTree) -> tuple[Array, dict[str, Array]]:
        """Return the loss to be minimised and the loss of each output."""
        total, parts = None, {}
        if self.loss is not None and batch.y is not None:
            total, parts = self.loss(batch.y, y_pred, batch.sample_weight, mask)
        extra = self.model.losses
        if total is None and not extra:
            raise ValueError(
                "There is no loss to minimise: pass loss=... to compile (and y to fit), or call add_loss in the model."
            )
        for value in extra:
            value = jnp.asarray(value, jnp.float32 if total is None else total.dtype)
            total = value if total is None else total + value
        assert total is not None
        return total, parts

    def update_metrics(self, batch: Batch, loss: Array, parts: dict[str, Array], y_pred: PyTree, mask: PyTree) -> None:
        """Let the loss trackers and the metrics see a batch."""
        rows = rows_of(batch)
        self.loss_tracker.update_state(loss, sample_weight=rows)
        for tracker in self.part_trackers:
            tracker.update_state(parts[tracker.name.removesuffix("_loss")], sample_weight=rows)
        if self.compiled_metrics is not None:
            self.compiled_metrics.update(batch.y, y_pred, batch.sample_weight, mask)

    def results(self) -> dict[str, Any]:
        """Return the results of all metrics by name."""
        results = {metric.name: metric.result() for metric in (self.loss_tracker, *self.part_trackers)}
        if self.compiled_metrics is not None:
            results.update(self.compiled_metrics.results())
        return results

    def metrics_by_name(self) -> dict[str, Metric]:
        """Return the metrics under the names of their results."""
        named: dict[str, Metric] = {metric.name: metric for metric in (self.loss_tracker, *self.part_trackers)}
        if self.compiled_metrics is not None:
            named.update({name: metric for _, name, metric, _ in self.compiled_metrics.entries})
        return named

    def reset_metrics(self) -> None:
        """Set all metrics to zero."""
        for metric in self.metrics:
            metric.reset_state()

    def pure_results(self, variables: TrainVariables) -> Any:
        """Return the function from metric values to results, in the order of `result_names`."""

        def results() -> list[Any]:
            named = self.results()
            self.result_names = list(named)  # set while tracing: JAX would sort the keys of a dictionary
            return list(named.values())

        pure_results = pure(results, variables.metrics)
        return lambda values: pure_results(values)[0]

    def pure_fresh_metrics(self, variables: TrainVariables) -> Any:
        """Return the function that gives the metric values at the start of an epoch."""
        reset = pure(self.reset_metrics, variables.metrics)
        return lambda values: reset(values)[1].values


def _same(first: TrainVariables, second: TrainVariables) -> bool:
    return all(
        list(one) == list(other) and all(one[path] is other[path] for path in one)
        for one, other in zip(first, second, strict=True)
    )


def _spec(value: Any) -> KerasTensor:
    return KerasTensor((None, *value.shape[1:]), value.dtype)
