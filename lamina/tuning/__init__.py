"""Choosing what `compile` and `fit` are given."""

from lamina.tuning.lr_find import LearningRateRange, lr_find

__all__ = ["LearningRateRange", "lr_find"]
