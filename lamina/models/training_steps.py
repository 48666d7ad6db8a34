"""`TrainingSteps`: what happens to one batch, to be overridden; docs/custom_training.md tells how."""

from __future__ import annotations

from typing import Any

from lamina.core import masks
from lamina.models.compiling import Compiling
from lamina.training import step as steps
from lamina.training.custom_step import as_values
from lamina.training.state import TrainState
from lamina.training.step import Batch
from lamina.training.values import Data, StepState, TestState
from lamina.typing import Array, PyTree


class TrainingSteps(Compiling):
    """`train_step`, `test_step`, `predict_step` and the loss and metrics in them; the base of `Fitting`.

    All of them are compiled into the program of an epoch, whether they are these or those of a derived class.
    """

    def compute_loss(
        self,
        x: PyTree = None,
        y: PyTree = None,
        y_pred: PyTree = None,
        sample_weight: PyTree = None,
        training: bool = True,
    ) -> Array:
        """Return the number that training minimises: the loss of `compile`, and what layers added.

        Override it for a loss that depends on more than targets and predictions; it must not change anything.

        Args:
            x: the inputs.
            y: the targets.
            y_pred: what the model returned for `x`.
            sample_weight: weights of the rows, or None.
            training: whether the model trains.
        """
        del x, training
        trainer = self._require_compiled("compute_loss")
        if y is not None and y_pred is not None:
            trainer.resolve(y, y_pred)
        return trainer.total_loss(y, y_pred, sample_weight, masks.of(y_pred))[0]

    def compute_metrics(self, x: PyTree, y: PyTree, y_pred: PyTree, sample_weight: PyTree = None) -> dict[str, Any]:
        """Let the metrics of `compile` see a batch and return the results of all metrics by name.

        Args:
            x, y, y_pred, sample_weight: as in `compute_loss`.
        """
        del x
        trainer = self._require_compiled("compute_metrics")
        if y is not None:
            trainer.resolve(y, y_pred)
        if trainer.compiled_metrics is not None:
            trainer.compiled_metrics.update(y, y_pred, sample_weight, masks.of(y_pred))
        return self.get_metrics_result()

    def train_step(self, state: Any, data: Any) -> tuple[dict[str, Any], StepState]:
        """Return logs and the state after one step of training; a pure function.

        Args:
            state: `(trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables)`, the values
                of the variables in order. Each is a list that also knows paths: `state.params["dense/kernel"]`.
            data: `(x,)`, `(x, y)` or `(x, y, sample_weight)`, also by name: `data.x`.

        Returns:
            `(logs, state)`: the numbers to report, by name, and the state after the step.
        """
        trainer = self._require_compiled("train_step")
        variables = trainer.variables
        given = TrainState(*(dict(zip(group, values, strict=True)) for group, values in zip(variables, state)))
        new, _, results = steps.train_step(trainer, variables)(given, Batch(*data))
        return self._logs(new, results), StepState(*map(as_values, new, variables))

    def test_step(self, state: Any, data: Any) -> tuple[dict[str, Any], TestState]:
        """Return logs and the state after one step of evaluation; a pure function.

        Args:
            state: `(trainable_variables, non_trainable_variables, metrics_variables)`.
            data: as in `train_step`.
        """
        trainer = self._require_compiled("test_step")
        variables = trainer.variables
        params, buffers, metrics = (
            dict(zip(group, values, strict=True))
            for group, values in zip((variables.params, variables.buffers, variables.metrics), state)
        )
        new, _, results = steps.test_step(trainer, variables)(TrainState(params, buffers, {}, metrics), Batch(*data))
        groups = ((getattr(new, name), getattr(variables, name)) for name in TestState._fields)
        return self._logs(new, results), TestState(*(as_values(*group) for group in groups))

    def predict_step(self, state: Any, data: Any) -> tuple[PyTree, Any]:
        """Return outputs for a batch in inference mode, and the values of the non-trainable variables after it.

        Args:
            state: `(trainable_variables, non_trainable_variables)`.
            data: the inputs, alone or as in `train_step`.
        """
        x = data[0] if isinstance(data, Data) else data
        return self.stateless_call(*state, x, training=False)

    def _logs(self, state: TrainState, results: list[Array]) -> dict[str, Any]:
        trainer = self._require_compiled("train_step")
        values = results or trainer.pure_results(trainer.variables)(state.metrics)
        return dict(zip(trainer.result_names, values, strict=True))
