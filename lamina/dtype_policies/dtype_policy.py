"""Which float types a layer computes in and keeps its weights in."""

from __future__ import annotations

from typing import Any

from lamina import config

_FLOATS = ("float16", "bfloat16", "float32", "float64")


class DTypePolicy:
    """A pair of float types: one to compute in, one to keep variables in.

    Args:
        name: a dtype ("float32": both are it) or "mixed_float16", "mixed_bfloat16" (compute in half precision, keep
            variables in float32). Default: the process's policy.

    Example:
        >>> lamina.DTypePolicy("mixed_bfloat16").variable_dtype
        'float32'
    """

    def __init__(self, name: str | None = None) -> None:
        name = name or dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(f"The name of a dtype policy must be a string, got {name!r}.")
        self._name = name
        if name.startswith("mixed_"):
            self._compute_dtype, self._variable_dtype = name.removeprefix("mixed_"), "float32"
            if self._compute_dtype not in _FLOATS[:2]:
                raise ValueError(f"Unknown policy {name!r}: use 'mixed_bfloat16' or 'mixed_float16'.")
        else:
            self._compute_dtype = self._variable_dtype = config.standardize_dtype(name)

    @property
    def name(self) -> str:
        """The policy's name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype of inputs, outputs and what lies between."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of weights."""
        return self._variable_dtype

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Return a policy made from `get_config`."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none."""
    return config.dtype_policy()


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Set the policy of layers that are given none, for example "mixed_bfloat16"."""
    config.set_dtype_policy(policy)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy that a name, a dtype, a policy, its configuration or None stands for."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        inner = identifier.get("config")
        if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
            raise ValueError(f"{identifier!r} describes no dtype policy.")
        return DTypePolicy(inner["name"])
    if isinstance(identifier, str) and identifier.startswith("mixed_"):
        return DTypePolicy(identifier)
    return DTypePolicy(config.standardize_dtype(identifier))


config.policies_are_made_by(get)
