"""`get`, `serialize` and `deserialize` of constraints, and the base class."""

import json

import keras
import numpy as np
import pytest

from lamina import constraints
from lamina.core.serialization import register_keras_serializable

EVERY = [
    ("MaxNorm", {"max_value": 3, "axis": [0, 1]}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {"min_value": 0.1, "max_value": 0.9, "rate": 0.5, "axis": 1}),
    ("NonNeg", {}),
]


@register_keras_serializable("tests")
class AtMost(constraints.Constraint):
    def __init__(self, limit):
        self.limit = limit

    def __call__(self, w):
        return np.minimum(w, self.limit)


def test_the_public_names():
    assert set(constraints.__all__) == {name for name in dir(keras.constraints) if not name.startswith("_")}


@pytest.mark.parametrize(("name", "arguments"), EVERY)
def test_configurations_are_those_of_keras(name, arguments):
    constraint = getattr(constraints, name)(**arguments)
    theirs = keras.constraints.serialize(getattr(keras.constraints, name)(**arguments))
    config = constraints.serialize(constraint)
    assert config == theirs
    assert constraint.get_config() == arguments
    for again in (
        constraints.deserialize(json.loads(json.dumps(config))),
        constraints.get(theirs),
        constraints.get({"class_name": name, "config": arguments}),
    ):
        assert type(again) is type(constraint) and again.get_config() == arguments


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("max_norm", constraints.MaxNorm),
        ("MinMaxNorm", constraints.MinMaxNorm),
        ("min_max_norm", constraints.MinMaxNorm),
        ("non_neg", constraints.NonNeg),
        ("unit_norm", constraints.UnitNorm),
    ],
)
def test_names(name, kind):
    assert type(constraints.get(name)) is kind


def test_other_identifiers():
    constraint = constraints.NonNeg()
    assert constraints.get(constraint) is constraint
    assert constraints.get(abs) is abs
    assert type(constraints.get(constraints.UnitNorm)) is constraints.UnitNorm
    assert constraints.get(None) is constraints.serialize(None) is constraints.deserialize(None) is None


def test_ones_own():
    config = constraints.serialize(AtMost(2.0))
    assert config["registered_name"] == "tests>AtMost" and config["config"] == {"limit": 2.0}
    assert constraints.deserialize(config)(3.0) == 2
    assert constraints.Constraint()(3.0) == 3


def test_errors():
    with pytest.raises(ValueError, match="Unknown constraint 'maxnorm'. Did you mean 'MaxNorm'?"):
        constraints.get("maxnorm")
    with pytest.raises(TypeError, match="3 is no constraint"):
        constraints.get(3)
