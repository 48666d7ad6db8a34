import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamina.kernels import layer_norm, moments, reference_kernels

quick = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
shapes_and_axes = st.integers(1, 4).flatmap(
    lambda rank: st.tuples(
        st.tuples(*[st.integers(2, 5)] * rank),
        st.sets(st.integers(0, rank - 1), min_size=1),
    )
)


@quick
@given(shapes_and_axes, st.sampled_from(["float32", "bfloat16"]), st.booleans())
def test_moments_agree_with_plain(assert_agrees, random_arrays, case, dtype, loop):
    shape, axes = case
    (x,) = random_arrays(0, shape, dtype=dtype)
    assert_agrees(lambda x: jnp.concatenate([m.ravel() for m in moments(x, axes)]), x, loop=loop)


@pytest.mark.parametrize("offset", [0.0, 3.0, 1e2, 1e4, -1e6])
def test_moments_keep_precision_beside_a_large_mean(offset):
    x = (np.random.default_rng(0).normal(size=(5000, 3)) * [1, 10, 0.5] + offset).astype("float32")
    mean, variance = moments(jnp.asarray(x), (0,))
    np.testing.assert_allclose(mean, x.mean(0, dtype=np.float64), rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(variance, x.var(0, dtype=np.float64), rtol=2e-5 if abs(offset) < 1e5 else 2e-2)


def test_gradient_beside_a_large_mean(assert_close):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(500, 3)) + 1e3, jnp.float32)
    slope = jax.grad(lambda x: jnp.sum(moments(x, (0,))[1]))(x)
    with jax.enable_x64(True):
        exact = np.asarray(x, np.float64)
        exact = 2 * (exact - exact.mean(0)) / len(exact)
    np.testing.assert_allclose(slope, exact, atol=1e-6)


def test_constant_input_has_no_variance():
    x = jnp.full((100, 2), 7.7)
    _, variance = moments(x, (0,))
    np.testing.assert_allclose(variance, 0, atol=1e-9)
    assert np.all(np.isfinite(jax.grad(lambda x: jnp.sum(moments(x, (0,))[1]))(x)))


def test_mask_leaves_positions_out():
    x = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")
    mask = np.random.default_rng(1).random((4, 5)) < 0.5
    mean, variance = moments(jnp.asarray(x), (0, 1), jnp.asarray(mask))
    np.testing.assert_allclose(mean, x[mask].mean(0), rtol=1e-5)
    np.testing.assert_allclose(variance, x[mask].var(0), rtol=1e-5)
    _, variance = moments(jnp.asarray(x), (0, 1), jnp.asarray(mask[..., None] * 0.25))
    np.testing.assert_allclose(variance, x[mask].var(0), rtol=1e-5)


def test_nothing_counts():
    mean, variance = moments(jnp.ones((4, 3)), (0,), jnp.zeros(4, bool))
    np.testing.assert_array_equal([mean, variance], np.zeros((2, 3)))


@pytest.mark.parametrize("which", ["mean", "variance"])
def test_second_derivative_of_moments(assert_close, random_arrays, which):
    (x,) = random_arrays(0, (6, 3))

    def penalty(x):
        slope = jax.grad(lambda x: jnp.sum(moments(x, (0,))[which == "variance"] ** 2))(x)
        return jnp.sum(jnp.sin(slope))

    with reference_kernels():
        expected = jax.grad(penalty)(x)
    assert_close(jax.grad(penalty)(x), expected, 1e-5)


def test_vmap_of_moments(assert_close, random_arrays):
    (x,) = random_arrays(0, (3, 6, 2))
    mean, variance = jax.vmap(lambda x: moments(x, (0,)))(x)
    assert_close((mean, variance), (x.mean(1), x.var(1)), 1e-5)


@quick
@given(shapes_and_axes, st.booleans(), st.booleans(), st.sampled_from(["float32", "bfloat16"]), st.booleans())
def test_layer_norm_agrees_with_plain(assert_agrees, random_arrays, case, scaled, shifted, dtype, loop):
    shape, axes = case
    inner = tuple(shape[axis] for axis in sorted(axes))
    x, scale, offset = random_arrays(0, shape, inner, inner, dtype=dtype)

    def function(x, scale, offset):
        return layer_norm(x, scale if scaled else None, offset if shifted else None, axes=tuple(axes))

    assert_agrees(function, x, scale, offset, loop=loop)


def test_layer_norm_beside_a_large_mean():
    x = np.random.default_rng(0).normal(size=(20, 256)).astype("float32") + np.float32(1e4)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(layer_norm(jnp.asarray(x)), exact, atol=2e-3)


def test_second_derivative_of_layer_norm(assert_close, random_arrays):
    x, scale = random_arrays(0, (3, 6), (6,))

    def penalty(x, scale):
        return jnp.sum(jax.grad(lambda x: jnp.sum(layer_norm(x, scale) ** 3))(x) ** 2)

    with reference_kernels():
        expected = jax.grad(penalty, argnums=(0, 1))(x, scale)
    assert_close(jax.grad(penalty, argnums=(0, 1))(x, scale), expected, 1e-4)


def test_bad_arguments():
    x = jnp.ones((2, 3))
    with pytest.raises(ValueError, match="axes must be"):
        moments(x, (2,))
    with pytest.raises(ValueError, match="axes must be"):
        layer_norm(x, axes=(1, -1))
    with pytest.raises(ValueError, match="mask must have"):
        moments(x, (0,), jnp.ones(3))
    with pytest.raises(ValueError, match="scale must have shape"):
        layer_norm(x, jnp.ones(2))
    with pytest.raises(ValueError, match="offset must have shape"):
        layer_norm(x, offset=jnp.ones((1, 3)))
