"""`Run`: where a training run stands, and how it is taken up again."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np

from lamina.core.variable import Variable
from lamina.training.feed import Feed
from lamina.training.state import flat
from lamina.training.trainer import Trainer

_FORMAT = 1


@dataclasses.dataclass
class Run:
    """The position of `fit`.

    Attributes:
        trainer: the model and what `compile` chose.
        feed: the data.
        epoch: the epoch in progress, or the next one.
        step: how many of its steps were made.
        guarded: whether programs stop in front of a step whose loss is not finite.
    """

    trainer: Trainer
    feed: Feed
    epoch: int
    step: int = 0
    guarded: bool = True

    @property
    def variables(self) -> dict[str, Variable]:
        """All that training changes, by group and path."""
        return flat(self.trainer.variables)

    def capture(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the position in JSON types, and the values of all variables."""
        position = {
            "format": _FORMAT,
            "epoch": self.epoch,
            "step": self.step,
            "pass_number": self.feed.pass_number,
            "pass_done": self.feed.pass_done,
            "shuffle_seed": self.feed.seed,
            "stop_training": bool(self.trainer.model.stop_training),
        }
        return position, {name: np.asarray(variable.held) for name, variable in self.variables.items()}

    def restore(self, position: dict[str, Any], values: dict[str, np.ndarray]) -> None:
        """Go to a position that `capture` returned.

        Raises:
            ValueError: if it belongs to another model, or was written by another version.
        """
        if position.get("format") != _FORMAT:
            raise ValueError("The backup was written by another version of lamina; delete it to train from the start.")
        variables = self.variables
        own = {name: variable.shape for name, variable in variables.items()}
        kept = {name: value.shape for name, value in values.items()}
        if own != kept:
            differing = sorted(name for name in {*own, *kept} if own.get(name) != kept.get(name))
            raise ValueError(
                f"The backup belongs to another model, optimizer or choice of metrics: {', '.join(differing[:5])} "
                "differ. Run the script that was interrupted, or delete the backup to train from the start."
            )
        for name, variable in variables.items():
            variable.array = jnp.array(values[name], copy=True)
        self.epoch, self.step = position["epoch"], position["step"]
        self.feed.pass_number, self.feed.pass_done = position["pass_number"], position["pass_done"]
        self.feed.seed = position["shuffle_seed"]
        self.trainer.model.stop_training = position["stop_training"]
