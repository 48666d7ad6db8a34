import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lamina import kernels
from lamina.kernels import extremes


@settings(max_examples=15, deadline=None)
@given(
    hnp.arrays("float32", st.sampled_from([(2, 3), (2, 3, 4), (1, 2, 3, 2)]), elements=st.integers(-2, 2)), st.data()
)
def test_values_and_gradients_are_those_of_jax_ties_included(x, data):
    axes = data.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1).map(lambda axes: tuple(sorted(axes))))
    ours = jax.value_and_grad(lambda x: jnp.sum(jnp.sin(extremes.largest(x, axes))))(x)
    theirs = jax.value_and_grad(lambda x: jnp.sum(jnp.sin(jnp.max(x, axes))))(x)
    for mine, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("axes", [(1,), (0, 2), (0, 1, 2)])
def test_inputs_that_were_rounded_otherwise_than_their_maximum_have_a_gradient(axes):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 4)), "float32")
    y, kept = extremes._forward(x, axes)
    (gradient,) = extremes._backward(axes, (kept[0], kept[1] * (1 + 1e-6)), jnp.ones_like(y))
    np.testing.assert_array_equal(gradient, jax.grad(lambda x: jnp.sum(jnp.max(x, axes)))(x))


def test_forward_mode_by_the_reference():
    x = jnp.asarray([[1.0, 3.0], [2.0, 0.0]])
    with kernels.reference_kernels():
        _, slope = jax.jvp(lambda x: kernels.largest(x, (1,)), (x,), (jnp.ones_like(x),))
    np.testing.assert_array_equal(slope, [1, 1])
