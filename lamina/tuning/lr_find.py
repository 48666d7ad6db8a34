"""The learning-rate range test: how the loss moves while the learning rate grows from step to step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.core.variable import Variable
from lamina.data.host_rows import gather
from lamina.data.streams import is_stream
from lamina.errors import plain_errors
from lamina.training import inputs
from lamina.training import state as train_state
from lamina.training.compilation_cache import use_compilation_cache
from lamina.training.feed import row_order
from lamina.training.state import TrainState
from lamina.training.step import Batch, train_step
from lamina.typing import Array
from lamina.visualization import LineChart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

_DIVERGED = 4.0
_BURN_IN = 5  # the mean of fewer losses is noise


@dataclasses.dataclass
class LearningRateRange:
    """What `lr_find` found. Shown by `rich.print`, drawn to a file by `save`.

    Attributes:
        rates: the learning rates that were tried, growing by a constant factor.
        losses: the loss of the batch at each rate, before the step.
        smoothed: running mean of the losses.
        suggestion: the rate at which the smoothed loss falls fastest, a good one to begin with; None where it never
            fell.
        steepest, lowest: numbers of the steps where the smoothed loss falls fastest and where it is lowest.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    suggestion: float | None
    steepest: int | None
    lowest: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the smoothed loss, and say what is suggested."""
        title = f"learning rate {self.rates[0]:.1e} to {self.rates[-1]:.1e}"
        yield LineChart({"loss": self.smoothed.tolist()}, title=title, x_label="step")
        yield str(self)

    def __str__(self) -> str:
        if self.suggestion is None:
            return "The loss never fell: try lower rates, more steps, or look at the data."
        return f"Suggested learning rate: {self.suggestion:.2g} (the loss is lowest at {self.rates[self.lowest]:.2g})"

    def save(self, path: str | PathLike) -> None:
        """Save the curve as a picture.

        Args:
            path: file to write; its extension chooses the format (`.png`, `.svg`, `.pdf`).

        Raises:
            ImportError: without matplotlib (`pip install 'lamina[plot]'`).
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise ImportError("save needs matplotlib: pip install 'lamina[plot]'") from error
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        axes.plot(self.rates, self.losses, alpha=0.3, linewidth=1, label="loss of the batch")
        axes.plot(self.rates, self.smoothed, linewidth=1.8, label="running mean")
        if self.suggestion is not None:
            axes.axvline(self.suggestion, linestyle="--", color="0.4", label=f"suggestion {self.suggestion:.2g}")
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        figure.savefig(path, dpi=150)


def lr_find(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    sample_weight: Any = None,
    batch_size: int | None = None,
    start_rate: float = 1e-7,
    end_rate: float = 10.0,
    steps: int = 100,
    smoothing: float = 0.9,
    seed: int = 0,
) -> LearningRateRange:
    """Train for some steps while the learning rate grows from tiny to huge, and see where the loss falls fastest.

    All steps are one compiled run, which ends early where the smoothed loss is four times its lowest value or not
    finite. Model, optimizer, metrics and random state are afterwards as they were before.

    Args:
        model: a compiled model. Its optimizer takes the steps, with its state as it is.
        x, y, sample_weight: arrays as in `fit`.
        batch_size: rows of a step; default 32.
        start_rate, end_rate: the first and the last learning rate.
        steps: number of steps from one to the other.
        smoothing: how much of the running mean stays at each step, in [0, 1).
        seed: of the order of the rows.

    Returns:
        A `LearningRateRange`.

    Raises:
        ValueError: if an argument is out of range, the model isn't compiled, or its optimizer has no single learning
            rate.

    Example:
        >>> import numpy as np
        >>> model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.random.default_rng(0).normal(size=(64, 3))
        >>> found = lamina.tuning.lr_find(model, x, x.sum(1))
        >>> 1e-4 < found.suggestion < 1
        True

    Reference: Smith, 2017, https://arxiv.org/abs/1506.01186
    """
    _check(start_rate, end_rate, steps, smoothing)
    if is_stream(x):
        raise ValueError(
            f"lr_find takes arrays, got a stream (a {type(x).__name__}). Draw some batches of it and join them."
        )
    if not getattr(model, "compiled", False) or model.optimizer is None:
        raise ValueError("lr_find needs a compiled model: model.compile(optimizer='adam', loss=...) first.")
    trainer = model._require_compiled("lr_find")
    data = inputs.batch_of(x, y, sample_weight)
    trainer.prepare(data)
    inputs.check_values(trainer, data)
    batches = _batches(data, inputs.check_batch_size(batch_size), steps, seed)
    rates = np.geomspace(start_rate, end_rate, steps).astype("float32")
    use_compilation_cache()
    with _settable_rate(model.optimizer) as rate:
        variables = trainer.variables
        path = next((path for path, variable in variables.optimizer.items() if variable is rate), None)
        if path is None:
            raise ValueError(
                f"lr_find: {type(model.optimizer).__name__} has no single learning rate that can be changed. Wrap the "
                "transformation in optax.inject_hyperparams, or choose another optimizer."
            )
        run = jax.jit(_range_test(train_step(trainer, variables), path, steps, smoothing))
        with plain_errors():
            count, losses, smoothed = jax.device_get(run(train_state.read(variables), rates, batches))
    return _found(rates[:count], losses[:count], smoothed[:count])


def _range_test(step: Callable[..., Any], path: str, steps: int, smoothing: float) -> Callable[..., Any]:
    """Return the function `(state, rates, batches) -> (number of steps, losses, smoothed losses)`."""

    def run(state: TrainState, rates: Array, batches: Batch) -> tuple[Array, Array, Array]:
        def goes_on(carry: tuple) -> Array:
            index, _, lowest, mean, *_ = carry
            return (index < steps) & jnp.isfinite(mean) & ((mean <= _DIVERGED * jnp.abs(lowest)) | (index < _BURN_IN))

        def body(carry: tuple) -> tuple:
            index, state, lowest, mean, total, losses, means = carry
            state = state._replace(optimizer={**state.optimizer, path: rates[index]})
            state, loss, _ = step(state, jax.tree.map(lambda array: array[index], batches))
            loss = loss.astype("float32")
            total = smoothing * total + (1 - smoothing) * loss
            mean = total / (1 - smoothing ** (index + 1.0))
            lowest = jnp.minimum(lowest, mean)
            return index + 1, state, lowest, mean, total, losses.at[index].set(loss), means.at[index].set(mean)

        zero, none = jnp.float32(0), jnp.zeros(steps, "float32")
        start = (jnp.int32(0), state, jnp.float32(jnp.inf), zero, zero, none, none)
        count, *_, losses, means = lax.while_loop(goes_on, body, start)
        return count, losses, means

    return run


def _batches(data: Batch, batch_size: int, steps: int, seed: int) -> Batch:
    """Return the rows of all steps as arrays (steps, rows, ...): passes over the data, each in an order of its own."""
    count = jax.tree.leaves(data)[0].shape[0]
    batch_size = min(batch_size, count)
    generator = np.random.default_rng(seed)
    passes = -(-steps // (count // batch_size))
    whole = count // batch_size * batch_size
    rows = np.concatenate([row_order(count, batch_size, True, generator)[:whole] for _ in range(passes)])
    rows = rows[: steps * batch_size]
    return jax.tree.map(lambda leaf: gather(leaf, rows).reshape(steps, batch_size, *leaf.shape[1:]), data)


@contextmanager
def _settable_rate(optimizer: Any) -> Iterator[Variable | None]:
    """Give the variable of an optimizer's learning rate; one that follows a schedule gets a number for the time."""
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    rate = optimizer._learning_rate
    if isinstance(rate, Variable):
        yield _own_rate(optimizer)
        return
    optimizer.learning_rate = 0.0
    try:
        yield optimizer._learning_rate
    finally:
        optimizer._learning_rate = rate


def _own_rate(optimizer: Any) -> Variable | None:
    try:
        rate = optimizer.learning_rate
    except AttributeError:  # there are several, or it is fixed inside of optax
        return None
    return rate if isinstance(rate, Variable) else None


def _found(rates: np.ndarray, losses: np.ndarray, smoothed: np.ndarray) -> LearningRateRange:
    finite = np.isfinite(smoothed)
    rates, losses, smoothed = rates[finite], losses[finite], smoothed[finite]
    if not len(rates):
        raise ValueError(
            "lr_find: the loss is not finite at the first step already. Look for NaN in the data or the weights."
        )
    lowest = int(np.argmin(smoothed))
    slopes = np.gradient(smoothed[: lowest + 1]) if lowest else np.zeros(1)
    steepest = int(np.argmin(slopes[_BURN_IN:])) + _BURN_IN if lowest > _BURN_IN else int(np.argmin(slopes))
    fell = slopes[steepest] < 0
    return LearningRateRange(
        rates, losses, smoothed, float(rates[steepest]) if fell else None, steepest if fell else None, lowest
    )


def _check(start_rate: float, end_rate: float, steps: int, smoothing: float) -> None:
    if not 0 < start_rate < end_rate or not np.isfinite(end_rate):
        raise ValueError(f"lr_find: rates must be 0 < start_rate < end_rate, got {start_rate!r} and {end_rate!r}.")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 10:
        raise ValueError(f"lr_find: steps must be a whole number from 10 on, got {steps!r}.")
    if not 0 <= smoothing < 1:
        raise ValueError(f"lr_find: smoothing must be in [0, 1), got {smoothing!r}.")
