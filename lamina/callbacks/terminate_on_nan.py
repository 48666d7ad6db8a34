"""`TerminateOnNaN`."""

from __future__ import annotations

import math

from lamina.callbacks.callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Stops training at the batch whose loss is NaN or infinite, and says where it came from.

    The report names the epoch, the step, the rows of the batch, and the first layer whose output or gradient is not
    finite when the batch is computed once more with the weights of before it. Watching costs nothing: the compiled
    program stops by itself at the batch.

    Args:
        raise_error: whether to raise an error, which skips the hooks at the end of training, rather than to stop.

    Raises:
        RuntimeError: in `fit`, if `raise_error`.

    Example:
        >>> lamina.callbacks.TerminateOnNaN(raise_error=True).raise_error
        True
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error
        self._reported = False

    def batches_until_due(self) -> int | None:
        """Return None: the program says when a loss is not finite, no batch needs to be watched."""
        return None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reported = False

    def on_invalid_loss(self, batch: int, report: str) -> None:
        """Called by `fit` at the batch whose loss is not finite, with the report."""
        self._reported = True
        self._stop(batch, report)

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not self._reported and not math.isfinite(loss):
            self._stop(batch, f"the loss is {loss}.")

    def _stop(self, batch: int, report: str) -> None:
        if self.raise_error:
            raise RuntimeError(f"Batch {batch}: {report}")
        print(f"\nBatch {batch}: Invalid loss, terminating training: {report}")
        self.model.stop_training = True
