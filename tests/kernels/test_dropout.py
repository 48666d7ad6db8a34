"""The dropout hash against statistics: a fixed battery of p-values that threefry passes as well."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from lamina.kernels import keep_mask, random_bits, reference_kernels

COUNT = 1 << 16
CHANCE = 1e-7  # a true generator fails one of these thousands of tests once in a thousand batteries


def keys() -> list[jax.Array]:
    """Keys as layers and steps make them, and raw neighbours that only the hash keeps apart."""
    base = jax.random.key(7)
    folded = [jax.random.key_data(jax.random.fold_in(base, step)) for step in range(12)]
    layers = [jax.random.key_data(jax.random.fold_in(jax.random.fold_in(base, layer), 3)) for layer in range(8)]
    raw = [(0, n) for n in range(12)] + [(n, 0) for n in range(1, 12)] + [(1 << b, 0) for b in range(4, 32, 4)]
    return [jnp.asarray(key, jnp.uint32) for key in [*folded, *layers, *raw]]


@pytest.fixture(scope="module")
def streams() -> np.ndarray:
    return np.asarray(jax.vmap(lambda key: random_bits(key, (COUNT,)))(jnp.stack(keys())))


@pytest.fixture(scope="module")
def signs(streams) -> np.ndarray:
    """Top bit of every draw as ±1: the bit that decides a mask with probability one half."""
    return np.where(streams >> 31, 1.0, -1.0).astype(np.float32)


def assert_standard_normal(scores: np.ndarray) -> None:
    """Check that no score is too far out, and that they are spread as they should."""
    scores = np.ravel(scores)
    assert 2 * stats.norm.sf(np.abs(scores).max()) * scores.size > 1e-4
    assert stats.kstest(scores, "norm").pvalue > CHANCE


def chi_square(values: np.ndarray, bins: int) -> float:
    counts = np.bincount(values, minlength=bins)
    return stats.chisquare(counts).pvalue


def test_every_bit_is_balanced(streams):
    ones = np.stack([((streams >> bit) & 1).sum(1, dtype=np.int64) for bit in range(32)])
    assert_standard_normal((ones - COUNT / 2) / np.sqrt(COUNT / 4))


@pytest.mark.parametrize("lag", [1, 2, 3, 8, 28, 64, 100, 128, 1024, 4096])
def test_neighbours_are_uncorrelated(streams, lag):
    for bit in (0, 8, 16, 29, 30, 31):
        signs = np.where((streams >> bit) & 1, 1.0, -1.0).astype(np.float32)
        assert_standard_normal((signs[:, lag:] * signs[:, :-lag]).sum(1) / np.sqrt(COUNT - lag))


def test_keys_are_uncorrelated(signs):
    correlation = signs @ signs.T / np.sqrt(COUNT)
    assert_standard_normal(correlation[np.tril_indices(len(signs), -1)])


def test_keys_are_no_shifted_windows_of_each_other(signs):
    spectrum = np.fft.rfft(signs, axis=1)
    for first, second in zip(spectrum, spectrum[1:], strict=False):
        correlation = np.abs(np.fft.irfft(first * second.conj()) / np.sqrt(COUNT)).max()
        assert 2 * stats.norm.sf(correlation) * COUNT > 1e-5


@pytest.mark.parametrize("shift", [0, 12, 24])
def test_bytes_are_uniform(streams, shift):
    for stream in streams:
        assert chi_square((stream >> shift) & 255, 256) > CHANCE


def test_neighbouring_draws_are_jointly_uniform(streams):
    for stream in streams:
        digits = (stream >> 28).astype(np.int64)
        assert chi_square(digits[::2] * 16 + digits[1::2], 256) > CHANCE


def test_differences_between_keys_are_uniform(streams):
    for first, second in zip(streams, streams[1:], strict=False):
        assert chi_square((first ^ second) >> 24, 256) > CHANCE


def test_runs(signs):
    runs = 1 + (signs[:, 1:] != signs[:, :-1]).sum(1)
    assert_standard_normal((runs - (COUNT + 1) / 2) / np.sqrt((COUNT - 1) / 4))


def test_no_frequency_stands_out(signs):
    power = np.abs(np.fft.rfft(signs, axis=1)[:, 1:-1]) ** 2 / COUNT
    assert np.exp(-power.max()) * power.size > 1e-5


@pytest.mark.parametrize("flipped", range(0, 32, 5))
def test_one_bit_of_the_key_moves_half_of_the_bits(flipped):
    key = jnp.asarray([123456789, 987654321], jnp.uint32)
    for word in (0, 1):
        other = key.at[word].set(key[word] ^ jnp.uint32(1 << flipped))
        changed = np.bitwise_count(np.asarray(random_bits(key, (4096,)) ^ random_bits(other, (4096,))))
        assert abs(changed.mean() - 16) < 6 * np.sqrt(8 / 4096)


@pytest.mark.parametrize("probability", [0.0, 0.05, 0.5, 0.8, 0.999, 1.0])
def test_keep_mask_keeps_the_fraction(probability):
    mask = np.asarray(keep_mask(jax.random.key(1), (64, 1000), probability))
    assert mask.dtype == bool
    assert abs(mask.mean() - probability) <= 5 * np.sqrt(probability * (1 - probability) / mask.size)


def test_rows_and_columns_keep_alike():
    mask = np.asarray(keep_mask(jax.random.key(3), (400, 500), 0.7))
    for axis in (0, 1):
        count = mask.shape[axis]
        scores = (mask.mean(axis) - 0.7) / np.sqrt(0.21 / count)
        assert stats.kstest(scores, "norm").pvalue > 1e-4


def test_traced_probability_agrees():
    key = jax.random.key(2)
    traced = jax.jit(lambda p: keep_mask(key, (5000,), p))(0.3)
    assert np.mean(np.asarray(traced) == np.asarray(keep_mask(key, (5000,), 0.3))) > 0.999


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (2, 3, 4, 5)])
def test_shapes(shape):
    assert keep_mask(jax.random.key(0), shape, 0.5).shape == shape
    assert random_bits(jax.random.key(0), shape).dtype == jnp.uint32


def test_keys_of_every_make():
    typed = jax.random.key(5)
    np.testing.assert_array_equal(random_bits(typed, (9,)), random_bits(jax.random.PRNGKey(5), (9,)))
    other = random_bits(jax.random.key(5, impl="rbg"), (9,))
    assert not np.array_equal(other, random_bits(typed, (9,)))


def test_vmap_and_jit_agree_with_eager():
    many = jax.random.split(jax.random.key(0), 4)
    batched = jax.jit(jax.vmap(lambda key: random_bits(key, (3, 5))))(many)
    for key, bits in zip(many, batched, strict=True):
        np.testing.assert_array_equal(bits, random_bits(key, (3, 5)))


def test_mask_serves_bfloat16():
    x = jnp.ones((8, 8), jnp.bfloat16)
    assert jnp.where(keep_mask(jax.random.key(0), x.shape, 0.5), x, 0).dtype == jnp.bfloat16


def test_reference_is_the_generator_of_the_key():
    key = jax.random.key(4)
    with reference_kernels():
        np.testing.assert_array_equal(random_bits(key, (7,)), jax.random.bits(key, (7,), jnp.uint32))


@pytest.mark.parametrize("probability", [-0.1, 1.5, float("nan")])
def test_bad_probability(probability):
    with pytest.raises(ValueError, match="keep_probability must lie between 0 and 1"):
        keep_mask(jax.random.key(0), (3,), probability)
