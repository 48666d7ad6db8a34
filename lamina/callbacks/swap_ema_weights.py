"""`SwapEMAWeights`."""

from __future__ import annotations

from typing import Any

from lamina.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Lets evaluation, validation and prediction see the moving averages of the weights.

    The weights and the averages that an optimizer with `use_ema=True` keeps change places before and after. No array is
    copied.

    Args:
        swap_on_epoch: whether they change places at the end of an epoch and back at the beginning of the next, so that
            callbacks that come later, such as `ModelCheckpoint`, see the averages.

    Raises:
        ValueError: in `fit`, if the optimizer keeps no averages.

    Example:
        >>> lamina.callbacks.SwapEMAWeights().swap_on_epoch
        False
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _pairs(self) -> list[tuple[Any, Any]]:
        optimizer = getattr(self.model, "optimizer", None)
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if optimizer is None or not getattr(optimizer, "use_ema", False):
            raise ValueError("SwapEMAWeights needs an optimizer that keeps averages: pass use_ema=True to it.")
        return [(variable, average) for variable, average in zip(optimizer._trainable_variables, optimizer.averages)]

    def _swap(self) -> None:
        for variable, average in self._pairs():
            if average is not None:
                variable.array, average.array = average.array, variable.array
        self._swapped = not self._swapped

    def on_train_begin(self, logs: Logs = None) -> None:
        self._pairs()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch and self._swapped:
            self._swap()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.swap_on_epoch and not self._swapped:
            self._swap()

    def before_end(self) -> None:
        """Called by `fit` after the last epoch, before the averages take the place of the weights for good."""
        if self._swapped:
            self._swap()

    def on_test_begin(self, logs: Logs = None) -> None:
        self._swap()

    def on_test_end(self, logs: Logs = None) -> None:
        self._swap()

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._swap()

    def on_predict_end(self, logs: Logs = None) -> None:
        self._swap()

    def get_state(self) -> dict[str, Any]:
        return {"swapped": self._swapped}

    def set_state(self, state: dict[str, Any]) -> None:
        self._swapped = state["swapped"]
