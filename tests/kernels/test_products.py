import jax
import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.kernels import project

SHAPES = [((5, 3), (3, 4), 1), ((2, 5, 3), (3, 4), 1), ((2, 5, 3), (3, 2, 4), 1), ((2, 1, 3, 2), (3, 2, 4), 2)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("loop", [False, True])
@given(shapes=st.sampled_from(SHAPES), bias=st.sampled_from(["none", "all", "last", "ones"]))
@settings(max_examples=8, deadline=None)
def test_project_is_the_sum_over_the_axes_that_both_have(random_arrays, assert_agrees, dtype, loop, shapes, bias):
    x, kernel, summed = shapes
    new = kernel[summed:]
    added = {"none": [], "all": [new], "last": [new[-1:]], "ones": [(*[1] * (len(new) - 1), new[-1])]}[bias]
    arrays = random_arrays(0, x, kernel, *added, dtype=dtype)
    assert_agrees(lambda x, kernel, *bias: project(x, kernel, *(bias or [None]), summed), *arrays, loop=loop)


def test_project_of_no_rows():
    assert project(jnp.ones((0, 5, 3)), jnp.ones((3, 4)), jnp.ones(4)).shape == (0, 5, 4)


def test_project_asks_for_no_transposed_copy():
    # What makes the gradient of the kernel slow: a product whose operands have their positions in several axes.
    def loss(x, kernel):
        return jnp.sum(project(x, kernel) ** 2)

    program = str(jax.make_jaxpr(jax.grad(loss, argnums=1))(jnp.ones((2, 5, 3)), jnp.ones((3, 4))))
    assert program.count("dot_general") == 2
    assert "([0, 1], [0, 1])" not in program
    assert "(([0], [0]), ([], []))" in program
