"""Data on its way into a model: arrays checked, converted and split."""
