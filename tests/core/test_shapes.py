import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.core.shapes import infer, infer_shape, is_shape
from lamina.core.symbolic import KerasTensor


def test_none_stays_none():
    assert infer_shape(lambda x: x @ jnp.ones((4, 3)), (None, 4)) == (None, 3)
    assert infer_shape(lambda x: x.reshape(x.shape[0], -1), (None, 4, 5)) == (None, 20)
    assert infer_shape(lambda x: x.sum(0), (None, 4)) == (4,)
    assert infer_shape(lambda x: jnp.concatenate([x, x]), (None, 4)) == (None, 4)


def test_structures():
    shapes = infer_shape(lambda x: {"sum": x["a"] + x["b"], "a": [x["a"]]}, {"a": (None, 2), "b": (None, 2)})
    assert shapes == {"sum": (None, 2), "a": [(None, 2)]}


def test_any_batch_size_meets_a_fixed_one():
    assert infer_shape(lambda x: x[0] + x[1], [(None, 4), (3, 4)]) == (3, 4)
    assert infer_shape(lambda x: x[0] @ x[1], [(None, 4), (4, 3)]) == (None, 3)
    with pytest.raises(TypeError, match=r"\(None, 4\), \(3, 5\)"):
        infer_shape(lambda x: x[0] + x[1], [(None, 4), (3, 5)])


def test_dtypes():
    tensor = infer(lambda x: x > 0, KerasTensor((None, 2)))
    assert (tensor.shape, tensor.dtype) == ((None, 2), "bool")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(1, 6)), min_size=1, max_size=4))
def test_elementwise_functions_keep_any_shape(shape):
    assert infer_shape(jnp.tanh, tuple(shape)) == tuple(shape)


def test_messages_show_what_the_user_declared():
    def picky(x):
        raise ValueError(f"got {x.shape}")

    with pytest.raises(ValueError, match=r"got \(None, 4\)"):
        infer_shape(picky, (None, 4))


def test_what_a_shape_is():
    assert is_shape((None, 3))
    assert is_shape([2, 3])
    assert not is_shape([(None, 3), (None, 4)])
    assert not is_shape({"a": (None, 3)})
