import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.kernels import masked_softmax

TOLERANCES = {"float32": 1e-6, "bfloat16": 1e-2}


def plain(scores, visible, axes):
    scores = jnp.where(visible, scores, -1e30)
    weights = jnp.where(visible, jnp.exp(scores - jnp.max(scores, axes, keepdims=True)), 0)
    total = jnp.sum(weights, axes, keepdims=True)
    return weights / jnp.where(total == 0, 1, total)


@given(
    seed=st.integers(0, 2**16), shape=st.sampled_from([(2, 3, 5), (1, 4, 2, 3)]), share=st.sampled_from([0.0, 0.5, 1.0])
)
@pytest.mark.parametrize("dtype", TOLERANCES)
@settings(max_examples=12, deadline=None)
def test_values_and_gradients_equal_the_plain_formula(dtype, seed, shape, share):
    generator = np.random.default_rng(seed)
    axes = tuple(range(2, len(shape)))
    scores, wave = (jnp.asarray(generator.normal(size=shape) * 3, dtype) for _ in range(2))
    visible = jnp.asarray(generator.random(shape) < share)  # of a share of 0 nobody sees anything
    results = []
    for function in (masked_softmax, plain):
        value, pull = jax.vjp(lambda scores, function=function: function(scores, visible, axes), scores)
        results.append((value, pull(wave.astype(value.dtype))[0]))
    for one, other in zip(*results, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_allclose(
            np.asarray(one, np.float32), np.asarray(other, np.float32), rtol=0, atol=TOLERANCES[dtype] * 5
        )


def test_without_a_mask_all_is_visible():
    scores = jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 4)), jnp.float32)
    np.testing.assert_allclose(masked_softmax(scores, None, (2,)).sum(-1), 1, rtol=1e-6)
    everything = jnp.ones(scores.shape, bool)
    np.testing.assert_array_equal(masked_softmax(scores, None, (2,)), masked_softmax(scores, everything, (2,)))
