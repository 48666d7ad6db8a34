"""`Compiling`: the part of a model that knows what training optimises and which metrics it reports."""

from __future__ import annotations

from typing import Any

from lamina import optimizers
from lamina.callbacks import History
from lamina.core.serialization import deserialize, in_config
from lamina.core.tracebacks import filtered
from lamina.layers.layer import Layer
from lamina.metrics import Metric
from lamina.models.old_names import refuse
from lamina.training.compiled_loss import check_loss
from lamina.training.compiled_metrics import check_metrics
from lamina.training.trainer import CompileArguments, Trainer


class Compiling(Layer):
    """`compile` and what it was told; the base of `TrainingSteps`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.history: History | None = None
        self._compile_arguments: CompileArguments | None = None
        self._trainer: Trainer | None = None

    @filtered
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
        **kwargs: Any,
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
            kwargs: none are known.

        Raises:
            ValueError: for an unknown name; says the nearest.
        """
        self.require_init()
        refuse(self.compile, kwargs)
        if isinstance(steps_per_execution, bool) or not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise ValueError(f"steps_per_execution must be a positive whole number, got {steps_per_execution!r}.")
        if run_eagerly not in (True, False, None):
            raise ValueError(f"run_eagerly must be True or False, got {run_eagerly!r}.")
        if jit_compile not in (True, False, None, "auto"):
            raise ValueError(f"jit_compile must be 'auto', True or False, got {jit_compile!r}.")
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
        """All metrics: the mean loss, those of `compile`, those kept in attributes of the model and its layers.

        Override it to choose which are reported and reset at the start of each epoch.
        """
        compiled = self._trainer.metrics if self._trainer else []
        return list({id(metric): metric for metric in (*compiled, *super().metrics)}.values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def metrics_by_name(self) -> dict[str, Metric]:
        """Return the metrics under the names that logs and `History` use."""
        return self._trainer.metrics_by_name() if self._trainer else {}

    def reset_metrics(self) -> None:
        """Set all metrics to zero."""
        for metric in self.metrics:
            metric.reset_state()

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

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile the model as `get_compile_config` says."""
        self.compile(**{key: deserialize(value) for key, value in config.items() if value is not None})
        if self.built and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _require_compiled(self, method: str) -> Trainer:
        if self._compile_arguments is None or self._trainer is None:
            raise ValueError(
                f"The model must be compiled before {method}: "
                "model.compile(optimizer='adam', loss='...', metrics=['accuracy'])."
            )
        return self._trainer


def _with_scaled_loss(optimizer: Any) -> Any:
    if optimizer is None or isinstance(optimizer, optimizers.LossScaleOptimizer):
        return optimizer
    return optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
