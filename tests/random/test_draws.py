"""Distributions by their moments; seeds."""

import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import random

SHAPE = (200, 50)
CASES = [
    (lambda seed: random.normal(SHAPE, 1.0, 2.0, seed=seed), 1.0, 2.0),
    (lambda seed: random.truncated_normal(SHAPE, 1.0, 2.0, seed=seed), 1.0, 2 * 0.8796),
    (lambda seed: random.uniform(SHAPE, -1.0, 3.0, seed=seed), 1.0, 4 / 12**0.5),
    (lambda seed: random.randint(SHAPE, 0, 4, seed=seed), 1.5, 1.25**0.5),
    (lambda seed: random.gamma(SHAPE, 4.0, seed=seed), 4.0, 2.0),
    (lambda seed: random.beta(SHAPE, 2.0, 2.0, seed=seed), 0.5, 0.05**0.5),
    (lambda seed: random.binomial(SHAPE, 10.0, 0.5, seed=seed), 5.0, 2.5**0.5),
    (lambda seed: random.categorical(jnp.log(jnp.array([[0.5, 0.5]] * 200)), 50, seed=seed), 0.5, 0.5),
    (lambda seed: random.dropout(jnp.ones(SHAPE), 0.5, seed=seed), 1.0, 1.0),
]


@pytest.mark.parametrize("draw, mean, deviation", CASES)
def test_moments_and_seeds(draw, mean, deviation):
    drawn = draw(7)
    assert drawn.shape == SHAPE
    np.testing.assert_allclose(np.mean(drawn), mean, atol=0.06 * max(1, deviation))
    np.testing.assert_allclose(np.std(drawn), deviation, rtol=0.05)
    np.testing.assert_array_equal(draw(7), drawn)
    generator = lamina.random.SeedGenerator(7)
    assert not np.array_equal(draw(generator), draw(generator))


def test_shuffle_keeps_the_rows():
    rows = random.shuffle(jnp.arange(12).reshape(6, 2), seed=1)
    assert sorted(rows[:, 0].tolist()) == [0, 2, 4, 6, 8, 10]
    assert (rows[:, 1] == rows[:, 0] + 1).all()


def test_dropout_shares_its_mask_along_axes_of_size_one():
    kept = random.dropout(jnp.ones((3, 4, 5)), 0.5, noise_shape=(None, 1, 5), seed=1)
    assert (kept == kept[:, :1]).all()


def test_types():
    assert random.normal((2,), dtype="float16", seed=1).dtype == "float16"
    assert random.uniform((2,), 0, 9, dtype="int32", seed=1).dtype == "int32"
    with pytest.raises(ValueError, match="float type"):
        random.normal((2,), dtype="int32")
