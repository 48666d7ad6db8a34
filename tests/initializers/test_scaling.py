import keras
import numpy as np
import pytest

from lamina import initializers
from lamina.initializers.scaling import fans


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((5,), (5, 5)), ((4, 6), (4, 6)), ((3, 4, 6), (12, 18)), ((3, 5, 4, 6), (60, 90)), ((0, 4), (0, 4))],
)
def test_fans(shape, expected):
    assert fans(shape) == expected


@pytest.mark.parametrize("shape", [(200,), (40, 50), (3, 3, 40, 50), (5, 20, 30)])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
def test_limits_are_those_of_keras(shape, mode):
    arguments = {"scale": 2.0, "mode": mode, "distribution": "uniform", "seed": 1}
    ours = abs(initializers.VarianceScaling(**arguments)(shape)).max()
    theirs = abs(keras.initializers.VarianceScaling(**arguments)(shape)).max()
    np.testing.assert_allclose(ours, theirs, rtol=0.05)


@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        (((0,), (1,)), (40, 50)),
        (((0, 1), (2,)), (2000, 60)),
        (((-1,), (0,)), (60, 40)),
        (([0], [1, 2]), (40, 3000)),
        (((), (1,)), (1, 50)),
    ],
)
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
def test_given_axes(axes, expected, mode):
    units = {"fan_in": expected[0], "fan_out": expected[1], "fan_avg": sum(expected) / 2}[mode]
    initializer = initializers.VarianceScaling(
        mode=mode, distribution="uniform", seed=1, input_axes=axes[0], output_axes=axes[1]
    )
    np.testing.assert_allclose(abs(initializer((40, 50, 60))).max(), np.sqrt(3 / units), rtol=1e-3)


def test_named_schemes_take_axes():
    initializer = initializers.HeUniform(seed=1, input_axes=[0, 2], output_axes=[1])
    np.testing.assert_allclose(abs(initializer((40, 50, 60))).max(), np.sqrt(6 / 2400), rtol=1e-3)
    assert initializer.get_config() == {"seed": 1, "input_axes": [0, 2], "output_axes": [1]}


def test_no_units_count_as_one():
    assert initializers.HeNormal()((0, 4)).shape == (0, 4)


def test_normal_means_truncated():
    initializer = initializers.VarianceScaling(distribution="Normal")
    assert initializer.get_config()["distribution"] == "truncated_normal"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initializers.VarianceScaling(scale=0), "VarianceScaling: scale must be positive, got 0"),
        (lambda: initializers.VarianceScaling(scale="1"), "VarianceScaling: scale must be a finite number, got '1'"),
        (lambda: initializers.VarianceScaling(mode="fanin"), "unknown mode 'fanin'. Did you mean 'fan_in'?"),
        (lambda: initializers.VarianceScaling(distribution="unifrom"), "unknown distribution 'unifrom'.*'uniform'"),
        (lambda: initializers.HeNormal(input_axes=[0]), "give both input_axes and output_axes or neither"),
        (lambda: initializers.HeNormal(None, 0, 1), "HeNormal: input_axes must be a list of whole numbers .* got 0"),
        (
            lambda: initializers.HeNormal(None, [0], [2])((3, 4)),
            r"HeNormal: axis 2 does not exist in shape \(3, 4\).*output_axes=\[2\]",
        ),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
