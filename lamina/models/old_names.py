"""What methods and arguments of models were called in Keras 1 and 2, and what to write today."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from lamina.errors import nearest

OLD_ARGUMENTS = {
    "nb_epoch": "Write epochs={value!r}.",
    "samples_per_epoch": "Write steps_per_epoch, which counts batches.",
    "nb_val_samples": "Write validation_steps, which counts batches.",
    "val_samples": "Write steps, which counts batches.",
    "show_accuracy": "Write compile(..., metrics=['accuracy']).",
    "class_mode": "The loss says it: leave it out.",
    "sample_weight_mode": "Weights may have an axis for time: leave it out.",
    "target_tensors": "Pass targets to fit.",
    "workers": "Set it on the data: class Data(keras.utils.PyDataset) takes workers={value!r}.",
    "use_multiprocessing": "Set it on the data: class Data(keras.utils.PyDataset) takes use_multiprocessing={value!r}.",
    "max_queue_size": "Set it on the data: class Data(keras.utils.PyDataset) takes max_queue_size={value!r}.",
    "generator": "Write x.",
}
"""Arguments that are gone, and what to do; `{value!r}` stands for what was passed."""


class Gone:
    """A method that is gone: asking for it raises an error that says what to write.

    Args:
        advice: what to write.
    """

    def __init__(self, advice: str) -> None:
        self._advice = advice
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__}.{self._name} went with Keras 2. {self._advice}")


def refuse(method: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Raise a TypeError for an argument that a method does not have; says what it is called today, or the nearest.

    Args:
        method: the method.
        arguments: those that none of its parameters took.
    """
    for name, value in arguments.items():
        if name in OLD_ARGUMENTS:
            advice = OLD_ARGUMENTS[name].format(value=value)
            raise TypeError(f"{method.__name__} has no argument {name} any more. {advice}")
        known = [known for known in inspect.signature(method).parameters if known not in ("self", "kwargs")]
        raise TypeError(f"{method.__name__} has no argument {name!r}. {nearest(name, known)}")
