"""Dtype policies, as in `keras.dtype_policies`."""

from lamina.core.serialization import deserialize, register_builtin, serialize
from lamina.dtype_policies.dtype_policy import DTypePolicy, get
from lamina.dtype_policies.dtype_policy import dtype_policy as dtype_policy
from lamina.dtype_policies.dtype_policy import set_dtype_policy as set_dtype_policy

FloatDTypePolicy = DTypePolicy

__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]

register_builtin("keras", {"DTypePolicy": DTypePolicy})
register_builtin("keras.dtype_policies", {"DTypePolicy": DTypePolicy, "FloatDTypePolicy": FloatDTypePolicy})
