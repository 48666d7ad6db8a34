"""The metrics that `compile` was told, resolved for a model's outputs and the shapes of the data."""

from __future__ import annotations

from typing import Any

import jax

from lamina import metrics as metrics_package
from lamina.core.naming import snake_case, unique_name
from lamina.losses.loss import apply_mask
from lamina.metrics import Metric
from lamina.training.outputs import Outputs
from lamina.typing import PyTree

_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


class CompiledMetrics:
    """All metrics of a model, with the names under which they are reported.

    Args:
        metrics: what `compile` was given: a flat list for one output, a list of lists or a dictionary for several.
        weighted_metrics: the same, for metrics that see the sample weights.
        outputs: the names of the outputs and how they are nested.
        y_true, y_pred: targets and predictions, or stand-ins with their shapes; "accuracy" means what fits them.

    Raises:
        ValueError: for an unknown name or a form that does not fit the outputs.
    """

    def __init__(self, metrics: Any, weighted_metrics: Any, outputs: Outputs, y_true: PyTree, y_pred: PyTree) -> None:
        self.outputs = outputs
        targets = outputs.flatten(y_true, "y")
        predictions = jax.tree.leaves(y_pred)
        self.entries: list[tuple[int, str, Metric, bool]] = []
        taken: set[str] = set()

        def prefix(index: int) -> str:
            return f"{outputs.names[index]}_" if len(outputs) > 1 and outputs.have_own_names else ""

        lists = _lists(metrics, outputs, "metrics"), _lists(weighted_metrics, outputs, "weighted_metrics")
        for index, of_output in enumerate(zip(*lists, strict=True)):
            for identifiers, weighted in zip(of_output, (False, True)):
                for identifier in identifiers:
                    metric = resolve(identifier, targets[index], predictions[index])
                    name = _unique(metric.name, prefix(index), weighted, taken)
                    taken.add(name)
                    self.entries.append((index, name, metric, weighted))

    @property
    def metrics(self) -> list[Metric]:
        """The metric objects, in the order of their results."""
        return [metric for _, _, metric, _ in self.entries]

    def update(self, y_true: PyTree, y_pred: PyTree, sample_weight: PyTree, mask: PyTree) -> None:
        """Let every metric see a batch."""
        targets = self.outputs.flatten(y_true, "y")
        predictions = jax.tree.leaves(y_pred)
        weights = self.outputs.spread(sample_weight, "sample_weight")
        masks = self.outputs.spread(mask, "mask")
        for index, _, metric, weighted in self.entries:
            weight = weights[index] if weighted else None
            if masks[index] is not None:
                weight = apply_mask(weight, masks[index], dtype="float32", reduction="sum")
            if weight is None:
                metric.update_state(targets[index], predictions[index])
            else:
                metric.update_state(targets[index], predictions[index], sample_weight=weight)

    def results(self) -> dict[str, Any]:
        """Return the results by name; a metric whose result is a dictionary gives its own names."""
        results: dict[str, Any] = {}
        for _, name, metric, _ in self.entries:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {name: value})
        return results


def check_metrics(metrics: Any, what: str) -> None:
    """Raise an error for metrics that can't be some, as early as `compile`."""
    if metrics is None:
        return
    if not isinstance(metrics, list | tuple | dict):
        raise ValueError(
            f"compile: {what} must be a list or a dictionary, got {metrics!r}. Write {what}=[{metrics!r}]."
        )
    for one in jax.tree.leaves(metrics, is_leaf=lambda value: not isinstance(value, list | tuple | dict)):
        if one is not None and one not in (*_ACCURACY, *_CROSSENTROPY):
            _find(one)


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Metric:
    """Return the metric that a name, a function or an object stands for, given what it will compare."""
    if isinstance(identifier, str) and identifier in (*_ACCURACY, *_CROSSENTROPY):
        kind = "Accuracy" if identifier in _ACCURACY else "Crossentropy"
        return getattr(metrics_package, f"{_task(y_true, y_pred)}{kind}")(name=identifier)
    found = _find(identifier)
    if isinstance(found, Metric):
        if isinstance(identifier, str):
            found.name = identifier  # logs use the name as it was written: "mae", "AUC"
        return found
    name = identifier if isinstance(identifier, str) else _function_name(found)
    return metrics_package.MeanMetricWrapper(found, name=name)


def _find(identifier: Any) -> Any:
    found = metrics_package.get(identifier)
    if not isinstance(found, Metric) and not callable(found):
        raise TypeError(
            f"{identifier!r} is no metric: pass a name, a lamina.metrics.Metric or a function (y_true, y_pred)."
        )
    return found


def _function_name(function: Any) -> str:
    return snake_case(getattr(function, "__name__", type(function).__name__))


def _task(y_true: Any, y_pred: Any) -> str:
    """Tell from the shapes, as Keras does, which kind of labels are compared."""
    true, predicted = tuple(y_true.shape), tuple(y_pred.shape)
    if predicted and predicted[-1] == 1:
        return "Binary"
    if len(true) < len(predicted) or (true and true[-1] == 1 and predicted[-1] > 1):
        return "SparseCategorical"
    return "Categorical"


def _lists(given: Any, outputs: Outputs, what: str) -> list[list[Any]]:
    """Return one list of identifiers for each output."""
    if not given:
        return [[] for _ in outputs.names]
    if isinstance(given, dict):
        return [_as_list(one) for one in outputs.by_name(given, what)]
    if len(outputs) == 1:
        return [[one for group in given for one in _as_list(group)]]
    if len(given) == len(outputs):
        return [_as_list(one) for one in given]
    raise ValueError(
        f"compile: {what} must hold one list for each of the {len(outputs)} outputs, or be a dictionary by output "
        f"({', '.join(outputs.names)}); got {given!r}."
    )


def _unique(name: str, prefix: str, weighted: bool, taken: set[str]) -> str:
    """Return the name in the logs: that of the output before it, "weighted_" where both kinds have the metric."""
    if weighted and prefix + name in taken:
        name = f"weighted_{name}"
    return unique_name(prefix + name, taken)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
