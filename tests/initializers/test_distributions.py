"""What random initializers draw: moments, support and the whole distribution (Kolmogorov-Smirnov)."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from scipy import stats

from lamina import initializers
from lamina.initializers.draws import TRUNCATED_DEVIATION

SHAPE = (500, 400)  # fan_in 500, fan_out 400
TRUNCATED = stats.truncnorm(-2, 2)


def scaled(variance):
    """The three distributions of a variance that VarianceScaling knows."""
    return {
        "uniform": stats.uniform(-np.sqrt(3 * variance), 2 * np.sqrt(3 * variance)),
        "truncated_normal": stats.truncnorm(-2, 2, scale=np.sqrt(variance) / TRUNCATED.std()),
        "untruncated_normal": stats.norm(scale=np.sqrt(variance)),
    }


CASES = {
    "RandomNormal": ({}, stats.norm(0, 0.05)),
    "RandomNormal-wide": ({"mean": 3.0, "stddev": 2.0}, stats.norm(3, 2)),
    "TruncatedNormal": ({}, stats.truncnorm(-2, 2, scale=0.05)),
    "TruncatedNormal-wide": ({"mean": 3.0, "stddev": 2.0}, stats.truncnorm(-2, 2, 3, 2)),
    "RandomUniform": ({}, stats.uniform(-0.05, 0.1)),
    "RandomUniform-wide": ({"minval": 2.0, "maxval": 7.0}, stats.uniform(2, 5)),
    "GlorotUniform": ({}, scaled(2 / 900)["uniform"]),
    "GlorotNormal": ({}, scaled(2 / 900)["truncated_normal"]),
    "HeUniform": ({}, scaled(2 / 500)["uniform"]),
    "HeNormal": ({}, scaled(2 / 500)["truncated_normal"]),
    "LecunUniform": ({}, scaled(1 / 500)["uniform"]),
    "LecunNormal": ({}, scaled(1 / 500)["truncated_normal"]),
    "VarianceScaling": ({}, scaled(1 / 500)["truncated_normal"]),
    **{
        f"VarianceScaling-{mode}-{name}": (
            {"scale": 3.0, "mode": mode, "distribution": name},
            scaled(3 / {"fan_in": 500, "fan_out": 400, "fan_avg": 450}[mode])[name],
        )
        for mode in ("fan_in", "fan_out", "fan_avg")
        for name in scaled(1)
    },
}


def make(case, library=initializers, seed=1):
    return getattr(library, case.partition("-")[0])(**CASES[case][0], seed=seed)


@pytest.mark.parametrize("case", CASES)
def test_draws_follow_the_distribution(case):
    expected = CASES[case][1]
    values = np.asarray(make(case)(SHAPE), "float64").ravel()
    low, high = expected.support()
    assert low - 1e-6 <= values.min() and values.max() <= high + 1e-6
    error = expected.std() / np.sqrt(values.size)
    assert abs(values.mean() - expected.mean()) < 4 * error
    assert values.std() == pytest.approx(expected.std(), rel=0.01)
    assert stats.kstest(values, expected.cdf).pvalue > 1e-3


@pytest.mark.parametrize("case", CASES)
def test_keras_draws_from_the_same_distribution(case):
    ours = np.asarray(make(case)((300, 200))).ravel()
    theirs = np.asarray(make(case, keras.initializers)((300, 200))).ravel()
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3


@pytest.mark.parametrize("case", ["RandomNormal", "TruncatedNormal", "RandomUniform", "GlorotUniform"])
def test_neighbours_are_independent(case):
    values = np.asarray(make(case)(SHAPE), "float64")
    for first, second in ((values[:-1], values[1:]), (values[:, :-1], values[:, 1:])):
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / np.sqrt(first.size)
    assert len(np.unique(values)) > 0.95 * values.size


def test_the_deviation_of_a_truncated_normal_distribution():
    assert pytest.approx(TRUNCATED.std(), rel=1e-12) == TRUNCATED_DEVIATION


def test_uniform_stays_below_its_upper_end():
    # With steps this coarse, rounding would reach the end.
    values = initializers.RandomUniform(2.0**24 - 4, 2.0**24, seed=1)((10_000,))
    assert values.min() >= 2.0**24 - 4 and values.max() < 2.0**24
    assert (initializers.RandomUniform(0.5, 0.5)((3,)) == 0.5).all()


@pytest.mark.parametrize("case", ["RandomNormal-wide", "TruncatedNormal", "RandomUniform", "GlorotNormal"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_single_precision_rounded(case, dtype):
    initializer = make(case)
    values = initializer((50, 20), dtype=dtype)
    assert values.dtype == dtype
    np.testing.assert_array_equal(
        np.asarray(values, "float32"), np.asarray(initializer((50, 20)).astype(dtype), "float32")
    )


@pytest.mark.parametrize("case", ["RandomNormal", "TruncatedNormal", "RandomUniform", "GlorotNormal"])
def test_double_precision_has_its_own_digits(case):
    with jax.enable_x64(True):
        values = np.asarray(make(case)(SHAPE, dtype="float64"))
    assert values.dtype == "float64"
    assert (values != values.astype("float32")).mean() > 0.99
    assert stats.kstest(values.ravel(), CASES[case][1].cdf).pvalue > 1e-3


@pytest.mark.parametrize("case", ["RandomNormal", "TruncatedNormal", "RandomUniform", "HeNormal"])
def test_any_shape(case):
    for shape in ((), (0,), (0, 4), (1,), (2, 3, 4, 5), [2, 3], 7, (np.int64(2), 3)):
        expected = tuple(np.atleast_1d(np.array(shape, "int64"))) if shape != () else ()
        values = make(case)(shape)
        assert values.shape == expected and isinstance(values, jax.Array)
        assert jnp.isfinite(values).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initializers.RandomNormal(stddev=-1.0), "RandomNormal: stddev must be at least 0, got -1.0"),
        (lambda: initializers.TruncatedNormal(stddev=-1.0), "TruncatedNormal: stddev must be at least 0, got -1.0"),
        (lambda: initializers.RandomNormal(mean="a"), "RandomNormal: mean must be a finite number, got 'a'"),
        (lambda: initializers.RandomNormal(mean=float("nan")), "RandomNormal: mean must be a finite number, got nan"),
        (lambda: initializers.RandomUniform(1.0, 0.0), "minval must not exceed maxval, got 1.0 and 0.0"),
        (lambda: initializers.RandomUniform(maxval=float("inf")), "maxval must be a finite number, got inf"),
        (lambda: initializers.RandomNormal()((2, None)), r"every size of shape must be a whole number .*\(2, None\)"),
        (lambda: initializers.RandomNormal()((2, -1)), r"every size of shape must be a whole number .*\(2, -1\)"),
        (lambda: initializers.RandomNormal()("ab"), "every size of shape must be a whole number .*'ab'"),
        (lambda: initializers.RandomNormal()((2,), dtype="int32"), "gives floats: dtype must be .* got 'int32'"),
        (lambda: initializers.RandomUniform()((2,), dtype="float33"), "'float33' is no dtype that lamina knows"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
